package services

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

const theCandidacy = "sessions/s/candidacies/k"

func record(t testing.TB, s *sessionService, ctx context.Context, criterion string, verdict acquispb.Verdict_Enum) {
	t.Helper()
	_, err := s.RecordAssessments(ctx, &acquispb.RecordAssessmentsRequest{
		Candidacy: theCandidacy, Assessments: []*acquispb.Assessment{{Criterion: criterion, Verdict: verdict}},
	})
	must(t, err)
}

// TestAnAssessorJudgesAlone: an assessor gets the same answer and etag after any
// acts of others in a file; everybody else sees the change.
func TestAnAssessorJudgesAlone(t *testing.T) {
	s := assessedService(t)
	paul, chair := as(t.Context(), "paul", acquispb.Role_ASSESSOR), as(t.Context(), "chair", acquispb.Role_JURY)
	advisor := as(t.Context(), "advisor", acquispb.Role_DISABILITY_ADVISOR)
	grid := func(ctx context.Context) *acquispb.Grid {
		shown, err := s.GetGrid(ctx, &acquispb.GetGridRequest{Name: theCandidacy + "/grid"})
		must(t, err)
		return shown
	}
	if grid(as(t.Context(), "assessor", acquispb.Role_ASSESSOR)).GetEtag() == grid(chair).GetEtag() {
		t.Error("an assessor's etag is that of the jury, who see more, as long as nobody else spoke")
	}
	record(t, s, paul, "C1.1.1", acquispb.Verdict_NOT_MET)
	holds := &acquispb.Condition{Holds: new(true), Reason: "r"}
	for what, act := range map[string]func(){
		"another's verdict": func() {
			record(t, s, as(t.Context(), "eve", acquispb.Role_ASSESSOR), "C1.1.2", acquispb.Verdict_NOT_MET)
		},
		"a juror's verdict":    func() { record(t, s, chair, "C1.1.1", acquispb.Verdict_PARTIALLY_MET) },
		"another's retraction": func() { retract(t, s, as(t.Context(), "assessor", acquispb.Role_ASSESSOR), "C1.2.1") },
		"a settlement": func() {
			_, err := s.SettleCriteria(chair, &acquispb.SettleCriteriaRequest{Candidacy: theCandidacy, Settlements: []*acquispb.Settlement{
				{Criterion: "C1.1.1", Verdict: acquispb.Verdict_MET, Motive: "m"},
			}})
			must(t, err)
		},
		"an advice and an exemption": func() {
			_, err := s.AdviseExemption(advisor, &acquispb.AdviseExemptionRequest{Candidacy: theCandidacy, Criterion: "C2.1.1", Favourable: new(true), ReasonedAdvice: "a"})
			must(t, err)
			_, err = s.DecideExemption(chair, &acquispb.DecideExemptionRequest{
				Candidacy: theCandidacy, Criterion: "C2.1.1", Granted: new(true), CapacityPreserved: holds, NotApplicableInPractice: holds,
			})
			must(t, err)
		},
	} {
		alone, jury := grid(paul), grid(chair)
		act()
		if diff := cmp.Diff(alone, grid(paul), protocmp.Transform()); diff != "" {
			t.Errorf("paul notices %s: %s", what, diff)
		}
		if now := grid(chair); now.GetEtag() == jury.GetEtag() || proto.Equal(now, jury) {
			t.Errorf("the jury does not notice %s", what)
		}
	}
	before := grid(paul)
	record(t, s, paul, "C1.1.1", acquispb.Verdict_NOT_MET) // the same verdict again is also an act
	if grid(paul).GetEtag() == before.GetEtag() {
		t.Error("paul's own verdict does not change his etag")
	}
	whole := grid(chair).GetEtag()
	for who, ctx := range map[string]context.Context{"registrar": as(t.Context(), "r", acquispb.Role_REGISTRAR), "advisor": advisor} {
		if grid(ctx).GetEtag() != whole {
			t.Errorf("the %s has another etag than the jury", who)
		}
	}
	nobody := as(t.Context(), "zoe", acquispb.Role_ASSESSOR)
	if etag := grid(nobody).GetEtag(); etag == whole || etag == grid(paul).GetEtag() {
		t.Error("an assessor who said nothing has another's etag")
	}
}

func retract(t testing.TB, s *sessionService, ctx context.Context, criterion string) {
	t.Helper()
	_, err := s.RetractAssessments(ctx, &acquispb.RetractAssessmentsRequest{Candidacy: theCandidacy, Criteria: []string{criterion}})
	must(t, err)
}
