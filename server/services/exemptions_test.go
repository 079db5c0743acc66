package services

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestAuthorsOfAnExemption: an exemption shows the latest advice and the latest
// decision, with all who decided so, in that order.
func TestAuthorsOfAnExemption(t *testing.T) {
	s := assessedService(t)
	advisor := as(t.Context(), "advisor", acquispb.Role_DISABILITY_ADVISOR)
	advise := func(favourable bool, why string) {
		_, err := s.AdviseExemption(advisor, &acquispb.AdviseExemptionRequest{
			Candidacy: "sessions/s/candidacies/k", Criterion: "C1.1.1", Favourable: favourable, ReasonedAdvice: why,
		})
		must(t, err)
	}
	grant := func(ctx context.Context, why string) *acquispb.Exemption {
		holds := &acquispb.Condition{Holds: true, Reason: why}
		made, err := s.DecideExemption(ctx, &acquispb.DecideExemptionRequest{
			Candidacy: "sessions/s/candidacies/k", Criterion: "C1.1.1", Granted: true, CapacityPreserved: holds, NotApplicableInPractice: holds,
		})
		must(t, err)
		return made
	}
	member, chair := as(t.Context(), "member", acquispb.Role_JURY), as(t.Context(), "chair", acquispb.Role_JURY)
	advise(false, "first")
	advise(true, "second")
	grant(member, "member's")
	grant(chair, "chair's")
	made := grant(member, "member's again")
	listed, err := s.ListExemptions(advisor, &acquispb.ListExemptionsRequest{Parent: "sessions/s/candidacies/k"})
	must(t, err)
	for what, shown := range map[string]*acquispb.Exemption{"the answer": made, "the list": listed.GetExemptions()[0]} {
		if diff := cmp.Diff([]string{"member", "chair"}, shown.GetDecision().GetAuthors()); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
		if !shown.GetAdvice().GetFavourable() || shown.GetAdvice().GetReasonedAdvice() != "second" {
			t.Errorf("%s shows the advice %v", what, shown.GetAdvice())
		}
		if why := shown.GetDecision().GetCapacityPreserved().GetReason(); why != "member's again" {
			t.Errorf("%s shows the decision of %s", what, why)
		}
	}
}
