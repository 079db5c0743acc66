package words

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
		r := Refuse(rule, "bloc", "B1")
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
	stale, rule, input := Refuse(GridStale, "candidacy", "k1"), Refuse(BlocPending, "bloc", "B1"), Refuse(BlocUnknown, "bloc", "B9")
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
