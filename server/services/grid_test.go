package services

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/type/date"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/transport"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// BenchmarkGetGrid reads and encodes the grid of a candidacy that was assessed in
// 15 calls with 58 verdicts, every third call with a comment.
func BenchmarkGetGrid(b *testing.B) {
	s := assessedService(b)
	ctx, codec := as(b.Context(), "chair", acquispb.Role_JURY), transport.NewCodec()
	for b.Loop() {
		info := &call.Info{Caller: call.CallerOf(ctx)}
		answer, err := s.GetGrid(call.With(ctx, info), &acquispb.GetGridRequest{Name: "sessions/s/candidacies/k/grid"})
		if err != nil {
			b.Fatal(err)
		}
		data, err := codec.Marshal(info.Hand(answer))
		if err != nil {
			b.Fatal(err)
		}
		data.Free()
	}
}

func as(ctx context.Context, subject string, roles ...acquispb.Role_Enum) context.Context {
	return call.With(ctx, &call.Info{Caller: &call.Caller{Subject: subject, Roles: roles}})
}

// assessedService has a candidacy of the marketing référentiel, s/k, with one
// verdict on every criterion.
func assessedService(b testing.TB) *sessionService {
	b.Helper()
	return assessedOn(b, memstore.New())
}

func assessedOn(b testing.TB, st store.Store) *sessionService {
	b.Helper()
	b.Cleanup(func() { must(b, st.Close()) })
	embedded, err := referentiel.Embedded()
	must(b, err)
	_, err = Bootstrap(b.Context(), st, embedded, authn.NewSecret(), time.Now())
	must(b, err)
	c := serve(b, st, Options{})
	s, candidates := &sessionService{core: c}, &candidateService{core: c}
	registrar := as(b.Context(), "registrar", acquispb.Role_REGISTRAR)
	_, err = candidates.CreateCandidate(registrar, &acquispb.CreateCandidateRequest{CandidateId: "c", Candidate: &acquispb.Candidate{
		BirthName: "Martin", GivenNames: []string{"Camille"}, Sex: acquispb.Candidate_Sex_FEMALE, BirthDate: &date.Date{Year: 1998},
	}})
	must(b, err)
	_, err = s.CreateSession(registrar, &acquispb.CreateSessionRequest{SessionId: "s", Session: &acquispb.Session{
		DisplayName: "Session", Referentiel: "referentiels/marketing", StartDate: &date.Date{Year: 2026, Month: 6, Day: 1},
		Jury: []*acquispb.JuryMember{{Subject: "chair", Chair: true}, {Subject: "member", External: true}},
	}})
	must(b, err)
	_, err = s.CreateCandidacy(registrar, &acquispb.CreateCandidacyRequest{Parent: "sessions/s", CandidacyId: "k", Candidacy: &acquispb.Candidacy{
		Candidate: "candidates/c", Scope: acquispb.Candidacy_Scope_WHOLE,
	}})
	must(b, err)
	current, err := (&referentielService{core: c}).GetReferentiel(registrar, &acquispb.GetReferentielRequest{Name: "referentiels/marketing"})
	must(b, err)
	for _, bloc := range current.GetBlocs() {
		for i, competence := range bloc.GetCompetences() {
			record := &acquispb.RecordAssessmentsRequest{Candidacy: "sessions/s/candidacies/k"}
			for j, criterion := range competence.GetCriteria() {
				line := &acquispb.Assessment{Criterion: criterion.GetCode(), Verdict: acquispb.Verdict_MET}
				if j == 0 && i%3 == 0 {
					line.Comment = fmt.Sprintf("Le candidat justifie son choix en %s et cite ses sources.", criterion.GetCode())
				}
				record.Assessments = append(record.Assessments, line)
			}
			_, err = s.RecordAssessments(as(b.Context(), "assessor", acquispb.Role_ASSESSOR), record)
			must(b, err)
		}
	}
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
