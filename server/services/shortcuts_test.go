package services

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// The beginnings of most stories, in one line each. By default, candidates are
// named after their id, sessions are of the marketing référentiel and of Lyon,
// and their jury is the chair, who is external, and a member.

const (
	met          = acquispb.Verdict_MET
	partiallyMet = acquispb.Verdict_PARTIALLY_MET
	notMet       = acquispb.Verdict_NOT_MET
)

// candidate makes a candidate.
func (s *stage) candidate(id string) *acquispb.Candidate {
	s.Helper()
	return ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: id, Candidate: someone(id)})
}

// someone is a candidate as a registrar enters it.
func someone(name string) *acquispb.Candidate {
	return &acquispb.Candidate{
		BirthName: "Martin", GivenNames: []string{strings.ToUpper(name[:1]) + name[1:]},
		Sex: acquispb.Candidate_Sex_FEMALE, BirthDate: day(1998, 4, 12),
	}
}

// session opens a session, with changes to the default one.
func (s *stage) session(id string, changes ...func(*acquispb.Session)) *acquispb.Session {
	s.Helper()
	given := aSession()
	for _, change := range changes {
		change(given)
	}
	return ask(s.registrar, s.CreateSession, &acquispb.CreateSessionRequest{SessionId: id, Session: given})
}

func aSession() *acquispb.Session {
	return &acquispb.Session{
		DisplayName: "Jury de juin", Referentiel: "referentiels/marketing",
		StartDate: day(2026, 6, 15), EndDate: day(2026, 6, 16),
		Centre: &acquispb.Session_Centre{Code: "LYON", DisplayName: "Lyon"},
		Jury: []*acquispb.JuryMember{
			{Subject: "chair", DisplayName: "Une présidente", External: true, Chair: true},
			{Subject: "member", DisplayName: "Un membre"},
		},
	}
}

// enrolled makes a candidate, and enrols them in an existing session: for those
// blocs, or for the whole certification. It returns the name of the candidacy.
func (s *stage) enrolled(session, candidate string, blocs ...string) string {
	s.Helper()
	s.candidate(candidate)
	return s.enrol(session, candidate, blocs...)
}

func (s *stage) enrol(session, candidate string, blocs ...string) string {
	s.Helper()
	return ask(s.registrar, s.CreateCandidacy, enrolment(session, candidate, blocs...)).GetName()
}

func enrolment(session, candidate string, blocs ...string) *acquispb.CreateCandidacyRequest {
	given := &acquispb.Candidacy{
		Candidate: candidateName(candidate), Scope: acquispb.Candidacy_Scope_WHOLE,
		AccessRoute: acquispb.Candidacy_AccessRoute_CONTINUING_TRAINING,
	}
	if len(blocs) > 0 {
		given.Scope, given.Blocs = acquispb.Candidacy_Scope_BLOCS, blocs
	}
	return &acquispb.CreateCandidacyRequest{Parent: sessionName(session), CandidacyId: candidate, Candidacy: given}
}

// criteria are those of blocs of the marketing référentiel; of all blocs, if none
// is named.
func (s *stage) criteria(blocs ...string) (codes []string) {
	s.Helper()
	for _, bloc := range s.marketing().GetBlocs() {
		if len(blocs) > 0 && !slices.Contains(blocs, bloc.GetCode()) {
			continue
		}
		for _, competence := range bloc.GetCompetences() {
			for _, criterion := range competence.GetCriteria() {
				codes = append(codes, criterion.GetCode())
			}
		}
	}
	return codes
}

// verdicts is the request that gives one verdict on some criteria.
func verdicts(candidacy string, verdict acquispb.Verdict_Enum, criteria ...string) *acquispb.RecordAssessmentsRequest {
	request := &acquispb.RecordAssessmentsRequest{Candidacy: candidacy}
	for _, criterion := range criteria {
		request.Assessments = append(request.Assessments, &acquispb.Assessment{Criterion: criterion, Verdict: verdict})
	}
	return request
}

// judged gives one verdict on all criteria of some blocs.
func (s *stage) judged(who person, candidacy string, verdict acquispb.Verdict_Enum, blocs ...string) {
	s.Helper()
	ask(who, s.RecordAssessments, verdicts(candidacy, verdict, s.criteria(blocs...)...))
}

// grid is what a person sees of a candidacy's grid.
func (s *stage) grid(who person, candidacy string) *acquispb.Grid {
	s.Helper()
	return ask(who, s.GetGrid, &acquispb.GetGridRequest{Name: candidacy + "/grid"})
}

// deliberation is the request by which the chair decides with the member, after
// seeing the current grid.
func (s *stage) deliberation(candidacy string, lines ...*acquispb.DeliberateRequest_BlocDecision) *acquispb.DeliberateRequest {
	s.Helper()
	return &acquispb.DeliberateRequest{
		Candidacy: candidacy, GridEtag: s.grid(s.chair, candidacy).GetEtag(),
		MembersPresent: []string{"chair", "member"}, BlocDecisions: lines,
	}
}

func (s *stage) deliberated(candidacy string, lines ...*acquispb.DeliberateRequest_BlocDecision) *acquispb.DeliberateResponse {
	s.Helper()
	return ask(s.chair, s.Deliberate, s.deliberation(candidacy, lines...))
}

// decided tells a whole story: a candidate presents blocs in a session, Léa gives one
// verdict on everything, and the jury follows.
func (s *stage) decided(session, candidate string, verdict acquispb.Verdict_Enum, blocs ...string) *acquispb.DeliberateResponse {
	s.Helper()
	k := s.enrolled(session, candidate, blocs...)
	s.judged(s.lea, k, verdict, blocs...)
	return s.deliberated(k)
}

// rectification is the request by which the jury of a session replaces a decision.
func rectification(decision, session string, outcome acquispb.Decision_Outcome_Enum) *acquispb.RectifyDecisionRequest {
	return &acquispb.RectifyDecisionRequest{
		Name: decision, Session: sessionName(session), MembersPresent: []string{"chair", "member"}, Outcome: outcome, Motive: "recours admis",
	}
}

// prior is the request that recognises a bloc which was acquired before.
func prior(candidate, bloc string) *acquispb.RecordPriorBlocRequest {
	return &acquispb.RecordPriorBlocRequest{Name: capitalisationName(candidate, "marketing"), Bloc: bloc, Proof: "PV 2024-3"}
}

// again is the same request with the id that identifies it when it is repeated.
func again[Q proto.Message](request Q, id string) Q {
	same, _ := identified(request, id).(Q)
	return same
}

// identified is a request with that id, if it is one that writes.
func identified(request proto.Message, id string) proto.Message {
	same := proto.Clone(request)
	m := same.ProtoReflect()
	if field := m.Descriptor().Fields().ByName("request_id"); field != nil {
		m.Set(field, protoreflect.ValueOfString(id))
	}
	return same
}

// export is the first page of what is stored about a candidate.
func (s *stage) export(who person, candidate string) *acquispb.ExportCandidateResponse {
	s.Helper()
	return ask(who, s.ExportCandidate, &acquispb.ExportCandidateRequest{Name: candidateName(candidate)})
}

// petit is a référentiel of one bloc, one compétence and two criteria.
func petit(changes ...func(*acquispb.Referentiel)) *acquispb.Referentiel {
	given := &acquispb.Referentiel{
		DisplayName: "Petit", Register: &acquispb.Register{Kind: acquispb.Register_Kind_RNCP, Number: "RNCP1"},
		Blocs: []*acquispb.Bloc{{
			Code: "B1", Title: "Bloc", Activities: []*acquispb.Activity{{Code: "A1", Title: "Activité"}},
			Competences: []*acquispb.Competence{{
				Code: "C1.1", Statement: "Savoir faire",
				Method:   &acquispb.AssessmentMethod{Kind: acquispb.AssessmentMethod_Kind_SITUATIONAL_EXERCISE, Title: "Mise en situation"},
				Criteria: []*acquispb.Criterion{{Code: "C1.1.1", Statement: "Un"}, {Code: "C1.1.2", Statement: "Deux"}},
			}},
		}},
	}
	for _, change := range changes {
		change(given)
	}
	return given
}

func (s *stage) publish(id string, content *acquispb.Referentiel) *acquispb.Referentiel {
	s.Helper()
	return ask(s.admin, s.PublishReferentiel, &acquispb.PublishReferentielRequest{ReferentielId: id, Referentiel: content})
}

func (s *stage) marketing() *acquispb.Referentiel {
	s.Helper()
	return ask(s.reader, s.GetReferentiel, &acquispb.GetReferentielRequest{Name: "referentiels/marketing"})
}
