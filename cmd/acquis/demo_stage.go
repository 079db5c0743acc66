package main

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
)

// A stage is a connection and the keys of all participants.
type stage struct {
	ctx        context.Context
	out        *printer
	conn       *grpc.ClientConn
	keys       map[string]string
	candidates acquispb.CandidateServiceClient
	sessions   acquispb.SessionServiceClient
	decisions  acquispb.CapitalisationServiceClient
}

// The participants. Each has its own key, as in production.
const (
	registrar = "registrar"
	anna      = "assessor-anna"
	paul      = "assessor-paul"
	advisor   = "disability-advisor"
	chair     = "jury-chair"
	member    = "jury-member"
	auditor   = "auditor"
)

func newStage(ctx context.Context, out *printer, address string, first authn.Secret) (*stage, error) {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	s := &stage{
		ctx: ctx, out: out, conn: conn, keys: map[string]string{"admin": first.String()},
		candidates: acquispb.NewCandidateServiceClient(conn),
		sessions:   acquispb.NewSessionServiceClient(conn),
		decisions:  acquispb.NewCapitalisationServiceClient(conn),
	}
	for subject, role := range map[string]acquispb.Role_Enum{
		registrar: acquispb.Role_REGISTRAR, anna: acquispb.Role_ASSESSOR, paul: acquispb.Role_ASSESSOR,
		advisor: acquispb.Role_DISABILITY_ADVISOR, chair: acquispb.Role_JURY, member: acquispb.Role_JURY, auditor: acquispb.Role_AUDITOR,
	} {
		answer, err := acquispb.NewAdminServiceClient(conn).CreateKey(s.as("admin"), &acquispb.CreateKeyRequest{
			Key: &acquispb.Key{Subject: subject, Roles: []acquispb.Role_Enum{role}},
		})
		if err != nil {
			return nil, err
		}
		s.keys[subject] = answer.GetSecret()
	}
	return s, s.openSession("juin-2026", "Jury de juin", 6)
}

func (s *stage) close() { _ = s.conn.Close() } // nothing is left to send

// as makes calls as that subject.
func (s *stage) as(subject string) context.Context {
	return metadata.AppendToOutgoingContext(s.ctx, "authorization", "Bearer "+s.keys[subject])
}

func (s *stage) openSession(id, name string, month int32) error {
	_, err := s.sessions.CreateSession(s.as(registrar), &acquispb.CreateSessionRequest{
		SessionId: id,
		Session: &acquispb.Session{
			DisplayName: name, Referentiel: "referentiels/marketing", StartDate: &date.Date{Year: 2026, Month: month, Day: 15},
			Jury: []*acquispb.JuryMember{
				{Subject: chair, DisplayName: "Mme Roche", External: true, Chair: true},
				{Subject: member, DisplayName: "M. Petit"},
			},
		},
	})
	return err
}

// A passage is one candidate in one session.
type passage struct {
	*stage
	person string // first name
	id     string
	name   string // of the candidacy
}

// enrol creates the candidate, and their candidacy for the blocs named, or for
// the whole certification.
func (s *stage) enrol(person, id string, blocs ...string) (*passage, error) {
	_, err := s.candidates.CreateCandidate(s.as(registrar), &acquispb.CreateCandidateRequest{
		CandidateId: id,
		Candidate: &acquispb.Candidate{
			BirthName: "Martin", GivenNames: []string{person}, Sex: acquispb.Candidate_Sex_FEMALE, BirthDate: &date.Date{Year: 1998},
		},
	})
	if err != nil {
		return nil, err
	}
	return s.present(person, id, "juin-2026", blocs...)
}

func (s *stage) present(person, id, session string, blocs ...string) (*passage, error) {
	candidacy := &acquispb.Candidacy{Candidate: "candidates/" + id, Scope: acquispb.Candidacy_Scope_WHOLE, Blocs: blocs}
	if len(blocs) > 0 {
		candidacy.Scope = acquispb.Candidacy_Scope_BLOCS
	}
	made, err := s.sessions.CreateCandidacy(s.as(registrar), &acquispb.CreateCandidacyRequest{
		Parent: "sessions/" + session, CandidacyId: id, Candidacy: candidacy,
	})
	if err != nil {
		return nil, err
	}
	s.out.line("The registrar enrols %s in session %s: presents %s.", person, session, strings.Join(made.GetPresentedBlocs(), ", "))
	return &passage{stage: s, person: person, id: id, name: made.GetName()}, nil
}

// assess records a verdict of one assessor on every criterion that the candidacy
// presents; except has those with another verdict.
func (p *passage) assess(assessor string, except map[string]acquispb.Verdict_Enum) error {
	grid, err := p.grid()
	if err != nil {
		return err
	}
	request := &acquispb.RecordAssessmentsRequest{Candidacy: p.name}
	for _, bloc := range grid.GetBlocs() {
		for _, competence := range bloc.GetCompetences() {
			for _, criterion := range competence.GetCriteria() {
				verdict, ok := except[criterion.GetCode()]
				if !ok {
					verdict = acquispb.Verdict_MET
				}
				request.Assessments = append(request.Assessments, &acquispb.Assessment{Criterion: criterion.GetCode(), Verdict: verdict})
			}
		}
	}
	_, err = p.sessions.RecordAssessments(p.as(assessor), request)
	p.out.line("%s records %d verdicts.", assessor, len(request.GetAssessments()))
	return err
}

func (p *passage) grid() (*acquispb.Grid, error) {
	return p.sessions.GetGrid(p.as(chair), &acquispb.GetGridRequest{Name: p.name + "/grid"})
}

func (p *passage) showGrid() error {
	grid, err := p.grid()
	p.out.grid(grid)
	return err
}

// deliberate lets both jury members decide the candidacy; departures are the
// blocs on which they depart from the computed outcome.
func (p *passage) deliberate(departures ...*acquispb.DeliberateRequest_BlocDecision) (*acquispb.DeliberateResponse, error) {
	grid, err := p.grid()
	if err != nil {
		return nil, err
	}
	p.out.grid(grid)
	answer, err := p.decisions.Deliberate(p.as(chair), &acquispb.DeliberateRequest{
		Candidacy: p.name, GridEtag: grid.GetEtag(), MembersPresent: []string{chair, member}, BlocDecisions: departures,
	})
	if err != nil {
		return nil, err
	}
	var decided []string
	for _, d := range answer.GetDecisions() {
		what := d.GetBloc()
		if d.GetKind() == acquispb.Decision_Kind_AWARD {
			what = "the certification"
		}
		decided = append(decided, fmt.Sprintf("%s %s", what, p.out.outcome(d.GetOutcome().String())))
	}
	p.out.line("The jury deliberates on %s: %s.", p.person, strings.Join(decided, ", "))
	p.out.ledger(answer.GetCapitalisation())
	return answer, nil
}
