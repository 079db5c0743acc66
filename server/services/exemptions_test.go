package services

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestAuthorsOfAnExemption: an exemption shows the latest advice and the latest
// decision, with everyone who decided the same, in order.
func TestAuthorsOfAnExemption(t *testing.T) {
	s := assessedService(t)
	advisor := as(t.Context(), "advisor", acquispb.Role_DISABILITY_ADVISOR)
	advise := func(favourable bool, why string) {
		_, err := s.AdviseExemption(advisor, &acquispb.AdviseExemptionRequest{
			Candidacy: "sessions/s/candidacies/k", Criterion: "C1.1.1", Favourable: &favourable, ReasonedAdvice: why,
		})
		must(t, err)
	}
	grant := func(ctx context.Context, why string) *acquispb.Exemption {
		holds := &acquispb.Condition{Holds: new(true), Reason: why}
		made, err := s.DecideExemption(ctx, &acquispb.DecideExemptionRequest{
			Candidacy: "sessions/s/candidacies/k", Criterion: "C1.1.1", Granted: new(true), CapacityPreserved: holds, NotApplicableInPractice: holds,
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

func advise(candidacy, criterion string, favourable bool) *acquispb.AdviseExemptionRequest {
	return &acquispb.AdviseExemptionRequest{Candidacy: candidacy, Criterion: criterion, Favourable: &favourable, ReasonedAdvice: "un avis"}
}

// exempt grants an exemption: both conditions hold, each with its reason.
func exempt(candidacy, criterion string) *acquispb.DecideExemptionRequest {
	return &acquispb.DecideExemptionRequest{
		Candidacy: candidacy, Criterion: criterion, Granted: new(true),
		CapacityPreserved:       &acquispb.Condition{Holds: new(true), Reason: "capacité intacte"},
		NotApplicableInPractice: &acquispb.Condition{Holds: new(true), Reason: "jamais en pratique"},
	}
}

// TestExemption: the advisor advises, the jury decides; an exempted criterion is
// not counted.
func TestExemption(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	s.judged(s.lea, k, met, "B3")
	ask(s.lea, s.RecordAssessments, verdicts(k, notMet, "C3.1.2"))
	advised := ask(s.advisor, s.AdviseExemption, advise(k, "C3.1.2", true))
	want := &acquispb.Exemption{Name: k + "/exemptions/C3.1.2", Criterion: "C3.1.2", Advice: &acquispb.ExemptionAdvice{
		Favourable: true, ReasonedAdvice: "un avis", Advisor: "advisor", AdviseTime: advised.GetAdvice().GetAdviseTime(),
	}}
	if diff := cmp.Diff(want, advised, protocmp.Transform()); diff != "" || advised.GetAdvice().GetAdviseTime() == nil {
		t.Errorf("what was advised:\n%s", diff)
	}
	before := s.grid(s.chair, k)
	decided := ask(s.chair, s.DecideExemption, exempt(k, "C3.1.2"))
	want.Decision = &acquispb.ExemptionDecision{
		Granted: true, CapacityPreserved: &acquispb.Condition{Holds: new(true), Reason: "capacité intacte"},
		NotApplicableInPractice: &acquispb.Condition{Holds: new(true), Reason: "jamais en pratique"},
		Authors:                 []string{"chair"}, DecideTime: decided.GetDecision().GetDecideTime(),
	}
	if diff := cmp.Diff(want, decided, protocmp.Transform()); diff != "" || decided.GetDecision().GetDecideTime() == nil {
		t.Errorf("what was decided:\n%s", diff)
	}
	after := s.grid(s.chair, k)
	if before.GetEtag() == after.GetEtag() || criterion(t, after, "C3.1.2").GetStatus() != acquispb.CriterionStatus_EXEMPTED ||
		before.GetBlocs()[0].GetOutcome() != acquispb.Outcome_NOT_ACQUIRED || after.GetBlocs()[0].GetOutcome() != acquispb.Outcome_ACQUIRED {
		t.Errorf("before: %v, after: %v", before.GetBlocs()[0].GetOutcome(), after.GetBlocs()[0].GetOutcome())
	}
	refused := ask(s.member, s.DecideExemption, &acquispb.DecideExemptionRequest{Candidacy: k, Criterion: "C3.1.1", Granted: new(false), Reason: "rien ne le justifie"})
	if d := refused.GetDecision(); d.GetGranted() || d.GetReason() != "rien ne le justifie" || d.GetCapacityPreserved() != nil || refused.GetAdvice() != nil {
		t.Errorf("what was refused: %v", refused)
	}
	ask(s.advisor, s.AdviseExemption, advise(k, "C3.3.1", false))
	var listed []string
	request := &acquispb.ListExemptionsRequest{Parent: k, PageSize: 2}
	for page := 0; page == 0 || request.GetPageToken() != ""; page++ {
		answer := ask(s.advisor, s.ListExemptions, request)
		for _, e := range answer.GetExemptions() {
			listed = append(listed, e.GetCriterion())
		}
		request.PageToken = onwards(answer.GetNextPageToken())
	}
	if want := []string{"C3.1.1", "C3.1.2", "C3.3.1"}; !slices.Equal(listed, want) {
		t.Errorf("the list has %v, not %v", listed, want)
	}
	if got := s.deliberated(k).GetDecisions()[0]; got.GetOutcome() != acquispb.Decision_Outcome_CAPITALISED {
		t.Errorf("what the jury decides then: %v", got)
	}
}

// TestExemptionIsRefused: without any one of the conditions the exemption is
// refused.
func TestExemptionIsRefused(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	for code, favourable := range map[string]bool{"C3.1.1": true, "C3.1.2": false, "C3.2.1": true, "C3.2.2": true} {
		ask(s.advisor, s.AdviseExemption, advise(k, code, favourable))
	}
	ask(s.chair, s.DecideExemption, exempt(k, "C3.2.1"))
	without := func(change func(*acquispb.DecideExemptionRequest)) *acquispb.DecideExemptionRequest {
		request := exempt(k, "C3.1.1")
		change(request)
		return request
	}
	decide := func(request *acquispb.DecideExemptionRequest) string { return try(s.chair, s.DecideExemption, request) }
	s.refuses(s.written(),
		refusal{"without advice", decide(exempt(k, "C3.3.1")), "ADVICE_MISSING of criterion C3.3.1"},
		refusal{"against the advice", decide(exempt(k, "C3.1.2")), "ADVICE_UNFAVOURABLE of criterion C3.1.2"},
		refusal{"the last criterion", decide(exempt(k, "C3.2.2")), "LAST_CRITERION of criterion C3.2.2"},
		refusal{"a capacity in question", decide(without(func(r *acquispb.DecideExemptionRequest) { r.CapacityPreserved.Holds = new(false) })), "CAPACITY_IN_QUESTION of criterion C3.1.1"},
		refusal{"what applies in practice", decide(without(func(r *acquispb.DecideExemptionRequest) { r.NotApplicableInPractice.Holds = new(false) })), "APPLIES_IN_PRACTICE of criterion C3.1.1"},
		refusal{"a condition without a reason", decide(without(func(r *acquispb.DecideExemptionRequest) { r.CapacityPreserved.Reason = "" })), "STATEMENT_UNREASONED of criterion C3.1.1"},
		refusal{"a refusal without a reason", decide(&acquispb.DecideExemptionRequest{Candidacy: k, Criterion: "C3.1.1", Granted: new(false)}), "REASON_MISSING at reason"},
		refusal{"a criterion that does not exist", decide(exempt(k, "C9.9.9")), "CRITERION_UNKNOWN at criterion"},
		refusal{"advice on a bloc that is not presented", try(s.advisor, s.AdviseExemption, advise(k, "C1.1.1", true)), "CRITERION_NOT_PRESENTED at criterion"},
		refusal{"advice in the file of nobody", try(s.advisor, s.AdviseExemption, advise("sessions/juin/candidacies/nobody", "C3.1.1", true)), "NOT_FOUND sessions/juin/candidacies/nobody"},
		refusal{"a decision in the file of nobody", decide(exempt("sessions/juin/candidacies/nobody", "C3.1.1")), "NOT_FOUND sessions/juin/candidacies/nobody"},
		refusal{"a list in the file of nobody", try(s.advisor, s.ListExemptions, &acquispb.ListExemptionsRequest{Parent: "sessions/juin/candidacies/nobody"}), "NOT_FOUND sessions/juin/candidacies/nobody"},
	)
}
