package services

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestRectification: a jury replaces a decision with a motive. Both stay
// readable, the ledger follows the new one, and an award ends with the bloc that
// it depends on.
func TestRectification(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	s.session("appel")
	decided := s.decided("juin", "camille", met).GetDecisions()
	old, award := decided[1], decided[4] // of B2
	answer := ask(s.chair, s.RectifyDecision, rectification(old.GetName(), "appel", notCapitalised))
	if lines := ruled(answer.GetDecisions()...); !slices.Equal(lines, []string{"BLOC B2 NOT_CAPITALISED", "AWARD NOT_AWARDED"}) {
		t.Errorf("the act decides %v", lines)
	}
	if got := held(answer.GetCapitalisation()); got != "B1 CAPITALISED, B2 NOT_CAPITALISED, B3 CAPITALISED, B4 CAPITALISED; IN_PROGRESS" {
		t.Errorf("the ledger is %s", got)
	}
	made, lost := answer.GetDecisions()[0], answer.GetDecisions()[1]
	if made.GetSupersedes() != old.GetName() || made.GetMotive() != "recours admis" || made.GetSession() != "sessions/appel" ||
		made.GetCandidacy() != old.GetCandidacy() || made.GetComputedOutcome() != acquispb.Outcome_ACQUIRED ||
		lost.GetSupersedes() != award.GetName() || lost.GetMotive() != "" {
		t.Errorf("the decisions are %v and %v", made, lost)
	}
	old.Effective, old.SupersededBy = false, made.GetName()
	read := ask(s.chair, s.GetDecision, &acquispb.GetDecisionRequest{Name: old.GetName()})
	if diff := cmp.Diff(old, read, protocmp.Transform()); diff != "" {
		t.Errorf("the earlier decision:\n%s", diff)
	}
	given := ask(s.chair, s.RectifyDecision, rectification(made.GetName(), "juin", capitalised))
	if lines := ruled(given.GetDecisions()...); !slices.Equal(lines, []string{"BLOC B2 CAPITALISED", "AWARD AWARDED"}) {
		t.Errorf("given back, it decides %v", lines)
	}
	s.candidate("sacha")
	named := func(decision string) *acquispb.RectifyDecisionRequest {
		return rectification(decision, "appel", notCapitalised)
	}
	bySacha := "candidates/sacha/decisions/" + segment(old.GetName(), 3)
	alone := named(decided[0].GetName())
	alone.MembersPresent = []string{"chair"}
	s.refuses(s.written(),
		refusal{"what is superseded", try(s.chair, s.RectifyDecision, named(old.GetName())), "DECISION_SUPERSEDED of decision " + segment(old.GetName(), 3)},
		refusal{"an award", try(s.chair, s.RectifyDecision, named(given.GetDecisions()[1].GetName())), "AWARD_NOT_RECTIFIABLE of decision " + segment(given.GetDecisions()[1].GetName(), 3)},
		refusal{"an outcome that blocs do not have", try(s.chair, s.RectifyDecision, rectification(decided[0].GetName(), "appel", acquispb.Decision_Outcome_AWARDED)), "INVALID_FIELD at outcome"},
		refusal{"a decision about another", try(s.chair, s.RectifyDecision, named(bySacha)), "NOT_FOUND " + bySacha},
		refusal{"a decision that does not exist", try(s.chair, s.RectifyDecision, named("candidates/camille/decisions/1")), "NOT_FOUND candidates/camille/decisions/1"},
		refusal{"a name that is not a number", try(s.chair, s.RectifyDecision, named("candidates/camille/decisions/first")), "INVALID_FIELD at name"},
		refusal{"by a juror alone", try(s.chair, s.RectifyDecision, alone), "JURY_TOO_SMALL of jury of session appel"},
		refusal{"by a jury that does not exist", try(s.chair, s.RectifyDecision, rectification(decided[0].GetName(), "mai", notCapitalised)), "NOT_FOUND sessions/mai"},
		refusal{"reading one that does not exist", try(s.reader, s.GetDecision, &acquispb.GetDecisionRequest{Name: bySacha}), "NOT_FOUND " + bySacha},
		refusal{"a list of an unknown candidate", try(s.reader, s.ListDecisions, &acquispb.ListDecisionsRequest{Parent: "candidates/nobody"}), "NOT_FOUND candidates/nobody"},
	)
	ask(s.registrar, s.CloseSession, &acquispb.CloseSessionRequest{Name: "sessions/juin"})
	ask(s.registrar, s.ForgetCandidate, &acquispb.ForgetCandidateRequest{Name: "candidates/camille", Ground: acquispb.ForgetGround_OBJECTION})
	if got := try(s.chair, s.RectifyDecision, named(decided[0].GetName())); got != "CANDIDATE_FORGOTTEN of candidates/camille" {
		t.Errorf("about a forgotten candidate: %q", got)
	}
	if got := ask(s.chair, s.GetDecision, &acquispb.GetDecisionRequest{Name: made.GetName()}); got.GetMotive() != "" || got.GetOutcome() != notCapitalised {
		t.Errorf("what was decided about them stands, and its motive is erased: %v", got)
	}
}

// TestDecisionsAreListed: by candidate, over all candidates, by filter.
func TestDecisionsAreListed(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	s.session("appel")
	s.decided("juin", "camille", met, "B2", "B3")
	s.clock.advance(48 * time.Hour)
	jo := s.decided("appel", "jo", notMet, "B3").GetDecisions()[0]
	ask(s.chair, s.RectifyDecision, rectification(jo.GetName(), "juin", capitalised))
	ask(s.registrar, s.RecordPriorBloc, prior("jo", "B4"))
	list := func(parent, filter string) (lines []string) {
		request := &acquispb.ListDecisionsRequest{Parent: parent, Filter: filter, PageSize: 2}
		for {
			page := ask(s.reader, s.ListDecisions, request)
			for _, d := range page.GetDecisions() {
				lines = append(lines, segment(d.GetName(), 1)+" "+ruled(d)[0])
			}
			if request.PageToken = onwards(page.GetNextPageToken()); request.GetPageToken() == "" {
				return lines
			}
		}
	}
	b2, b3 := "camille BLOC B2 CAPITALISED", "camille BLOC B3 CAPITALISED"
	first, second, old := "jo BLOC B3 NOT_CAPITALISED superseded", "jo BLOC B3 CAPITALISED", "jo PRIOR_BLOC B4 CAPITALISED"
	revision := s.marketing().GetRevision()
	for _, c := range []struct {
		parent, filter string
		want           []string
	}{
		{"candidates/camille", "", []string{b2, b3}},
		{"candidates/jo", "", []string{first, second, old}},
		{"candidates/-", "", []string{b2, b3, first, second, old}},
		{"candidates/-", `session = "sessions/juin"`, []string{b2, b3, second}},
		{"candidates/jo", `session = "sessions/juin"`, []string{second}},
		{"candidates/-", `session = "sessions/juin" AND effective = true AND outcome = CAPITALISED`, []string{b2, b3, second}},
		{"candidates/-", `session = "sessions/mai"`, nil},
		{"candidates/-", `kind = PRIOR_BLOC`, []string{old}},
		{"candidates/-", `kind != BLOC`, []string{old}},
		{"candidates/-", `outcome = NOT_CAPITALISED`, []string{first}},
		{"candidates/-", `NOT effective`, []string{first}},
		{"candidates/jo", `effective = true`, []string{second, old}},
		{"candidates/-", `referentiel = "sales"`, nil},
		{"candidates/camille", `referentiel = "marketing"`, []string{b2, b3}},
		{"candidates/camille", `referentiel = "` + revision + `"`, []string{b2, b3}},
		{"candidates/-", `decide_time < timestamp("2026-06-16T00:00:00Z")`, []string{b2, b3}},
		{"candidates/-", `decide_time >= "2026-06-16T00:00:00Z"`, []string{first, second, old}},
		{"candidates/-", `decide_time = timestamp("` + jo.GetDecideTime().AsTime().Format(time.RFC3339Nano) + `")`, []string{first}},
	} {
		if got := list(c.parent, c.filter); !slices.Equal(got, c.want) {
			t.Errorf("%s with %q lists %v, not %v", c.parent, c.filter, got, c.want)
		}
	}
	for _, bad := range []string{`motive = "x"`, `kind = GIFT`, `effective = 1`} {
		if got := try(s.reader, s.ListDecisions, &acquispb.ListDecisionsRequest{Parent: "candidates/-", Filter: bad}); got != "FILTER_INVALID at filter" {
			t.Errorf("%q gets %q", bad, got)
		}
	}
}

// TestMinutes: the minutes of a session have each candidacy with its decisions,
// and other decisions of its jury under their candidates.
func TestMinutes(t *testing.T) {
	s := newStage(t)
	session := s.session("juin")
	s.session("mars")
	earlier := s.decided("mars", "jo", notMet, "B3").GetDecisions()[0]
	camille := s.decided("juin", "camille", met, "B2", "B3").GetDecisions()
	k := s.enrolled("juin", "sacha", "B1")
	ask(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: k})
	rectified := ask(s.chair, s.RectifyDecision, rectification(earlier.GetName(), "juin", capitalised)).GetDecisions()
	again := ask(s.chair, s.RectifyDecision, rectification(rectified[0].GetName(), "juin", notCapitalised)).GetDecisions()
	got := ask(s.chair, s.GetDeliberationRecord, &acquispb.GetDeliberationRecordRequest{Name: "sessions/juin/deliberationRecord"})
	rectified[0].Effective, rectified[0].SupersededBy = false, again[0].GetName()
	want := &acquispb.DeliberationRecord{
		Name: "sessions/juin/deliberationRecord", Session: session,
		Entries: []*acquispb.DeliberationRecord_Entry{
			{
				Candidate: "candidates/camille", Candidacy: "sessions/juin/candidacies/camille", State: acquispb.Candidacy_State_DECIDED,
				PresentedBlocs: []string{"B2", "B3"}, Decisions: camille,
			},
			{
				Candidate: "candidates/sacha", Candidacy: k, State: acquispb.Candidacy_State_WITHDRAWN,
				DepartedBlocs: []*acquispb.Candidacy_DepartedBloc{{Bloc: "B1", Cause: acquispb.Candidacy_DepartedBloc_Cause_WITHDRAWN}},
			},
			{Candidate: "candidates/jo", Decisions: append(rectified, again...)},
		},
	}
	// TestVariants has the methods.
	if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(new(acquispb.DeliberationRecord_Entry), "methods")); diff != "" {
		t.Errorf("the minutes:\n%s", diff)
	}
	if got := try(s.chair, s.GetDeliberationRecord, &acquispb.GetDeliberationRecordRequest{Name: "sessions/mai/deliberationRecord"}); got != "NOT_FOUND sessions/mai" {
		t.Errorf("minutes of what does not exist: %q", got)
	}
}
