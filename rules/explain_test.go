package rules

import (
	"slices"
	"testing"

	"github.com/acquis-eval/acquis/rules/words"
)

// TestReasonsThatTellOfAnExemption: exactly the reasons that reveal an exemption
// are marked, so that a reader's view can leave them out.
func TestReasonsThatTellOfAnExemption(t *testing.T) {
	scheme, err := NewScheme(Spec{Blocs: []Bloc{{Code: "B1", Units: []Unit{
		{Code: "C1.1", Criteria: []Criterion{{Code: "C1.1.1"}, {Code: "C1.1.2"}}},
		{Code: "C1.2", Criteria: []Criterion{{Code: "C1.2.1"}}},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	acts := Acts{Exemptions: []Exemption{{Criterion: "C1.1.1", Granted: true}}}
	for _, code := range scheme.Criteria() {
		acts.Assessments = append(acts.Assessments, Assessment{Criterion: code, Assessor: "eve", Verdict: Met})
	}
	bloc := Assess(scheme, Candidacy{Enrolled: []string{"B1"}}, acts).Blocs[0]
	check := func(what string, reasons []words.Reason, want bool) {
		if len(reasons) == 0 || slices.ContainsFunc(reasons, func(r words.Reason) bool { return r.Exemption != want }) {
			t.Errorf("%s: %+v, want all marked %t", what, reasons, want)
		}
	}
	check("exempted criterion", []words.Reason{bloc.Units[0].Criteria[0].Reason}, true)
	check("its competence", bloc.Units[0].Reasons, true)
	check("its neighbour", []words.Reason{bloc.Units[0].Criteria[1].Reason}, false)
	check("another competence", bloc.Units[1].Reasons, false)
	check("the bloc", bloc.Reasons, false)
}
