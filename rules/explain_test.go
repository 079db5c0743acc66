package rules

import (
	"slices"
	"strings"
	"testing"
)

// Every name is spelt as the API spells names and occurs once in its table, and
// every sentence is complete.
func TestTablesAreSound(t *testing.T) {
	var names []string
	for _, rule := range ReasonRules() {
		names = append(names, string(rule))
		sentence := Reason{Rule: rule, Bloc: "B1", Competence: "C1.1", Criterion: "C1.1.1"}.String()
		if sentence == string(rule) || strings.ContainsAny(sentence, "{}") {
			t.Errorf("%s says %q", rule, sentence)
		}
	}
	for _, rule := range RefusalRules() {
		names = append(names, string(rule))
		r := refuse(rule, "bloc", "B1")
		if r.Kind == "" || r.Subject != "bloc B1" || !strings.HasPrefix(r.Description, "bloc B1 ") {
			t.Errorf("%s is %+v", rule, r)
		}
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
			t.Errorf("%s occurs twice or is misspelt", name)
		}
	}
}

func TestKindOf(t *testing.T) {
	stale, rule, input := refuse(GridStale, "candidacy", "k1"), refuse(BlocPending, "bloc", "B1"), refuse(BlocUnknown, "bloc", "B9")
	for _, c := range []struct {
		refusals []Refusal
		want     Kind
	}{
		{nil, ""},
		{[]Refusal{rule}, FailedPrecondition},
		{[]Refusal{rule, stale}, Aborted},
		{[]Refusal{rule, stale, input}, InvalidArgument},
	} {
		if got := KindOf(c.refusals); got != c.want {
			t.Errorf("KindOf(%v) is %q, want %q", c.refusals, got, c.want)
		}
	}
}

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
	check := func(what string, reasons []Reason, want bool) {
		if len(reasons) == 0 || slices.ContainsFunc(reasons, func(r Reason) bool { return r.Exemption != want }) {
			t.Errorf("%s: %+v, want all marked %t", what, reasons, want)
		}
	}
	check("exempted criterion", []Reason{bloc.Units[0].Criteria[0].Reason}, true)
	check("its competence", bloc.Units[0].Reasons, true)
	check("its neighbour", []Reason{bloc.Units[0].Criteria[1].Reason}, false)
	check("another competence", bloc.Units[1].Reasons, false)
	check("the bloc", bloc.Reasons, false)
}
