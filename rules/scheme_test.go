package rules

import (
	"slices"
	"strings"
	"testing"
)

func oneBloc(criteria ...Criterion) []Bloc {
	return []Bloc{{Code: "B1", Units: []Unit{{Code: "C1.1", Criteria: criteria}}}}
}

func TestNewSchemeSaysEverythingThatIsWrong(t *testing.T) {
	zero, hundredOne := 0, 101
	good := oneBloc(Criterion{Code: "C1.1.1"})
	for name, c := range map[string]struct {
		spec Spec
		want []string
	}{
		"no bloc":      {Spec{}, []string{"no bloc"}},
		"no codes":     {Spec{Blocs: []Bloc{{Units: []Unit{{Criteria: []Criterion{{}}}}}}}, []string{"a bloc has no code", "a competence has no code", "a criterion has no code"}},
		"no criterion": {Spec{Blocs: oneBloc()}, []string{`competence "C1.1" has no criterion`}},
		"no competence": {Spec{Blocs: []Bloc{{Code: "B1"}}},
			[]string{`bloc "B1" has neither a competence nor an epreuve`}},
		"criterion twice": {Spec{Blocs: oneBloc(Criterion{Code: "K"}, Criterion{Code: "K"})},
			[]string{`criterion "K" occurs twice`}},
		"bloc twice": {Spec{Blocs: append(good, oneBloc(Criterion{Code: "C1.1.2"})...)},
			[]string{`bloc "B1" occurs twice`, `competence "C1.1" occurs twice`}},
		"numbers too low": {Spec{Blocs: good, Rules: Numbers{&zero, &zero, &zero, &zero, &zero}},
			[]string{"competence threshold is 0", "bloc threshold is 0", "number of assessors is 0", "number of jury members is 0"}},
		"numbers too high": {Spec{Blocs: good, Rules: Numbers{&hundredOne, &hundredOne, nil, nil, &hundredOne}},
			[]string{"competence threshold is 101", "bloc threshold is 101", "share of external members is 101"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewScheme(c.spec)
			if err == nil {
				t.Fatal("compiled")
			}
			if got := strings.Split(err.Error(), "\n"); len(got) != len(c.want) {
				t.Errorf("%d complaints, want %d: %q", len(got), len(c.want), got)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestSchemeKnowsItsDefaults(t *testing.T) {
	seventy := 70
	s, err := NewScheme(Spec{Blocs: oneBloc(Criterion{Code: "C1.1.1", Eliminatory: true}), Rules: Numbers{CompetenceThreshold: &seventy}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ got, want Number }{
		"competence threshold": {s.CompetenceThreshold(), Number{70, false}},
		"bloc threshold":       {s.BlocThreshold(), Number{100, true}},
		"assessors":            {s.MinAssessors(), Number{1, true}},
		"members":              {s.Jury().MinMembers, Number{2, true}},
		"externals":            {s.Jury().MinExternalPercent, Number{50, true}},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
	if p, ok := s.Place("C1.1.1"); !ok || p.Bloc != "B1" || p.Unit != "C1.1" || !p.Eliminatory {
		t.Errorf("C1.1.1 found at %v", p)
	}
}

// TestSchemeNeverChanges changes the Spec and the returned slices afterwards.
func TestSchemeNeverChanges(t *testing.T) {
	blocs := oneBloc(Criterion{Code: "C1.1.1"})
	s, err := NewScheme(Spec{Blocs: blocs})
	if err != nil {
		t.Fatal(err)
	}
	blocs[0].Units[0].Criteria[0].Eliminatory = true
	blocs[0].Units[0].Code = "changed"
	blocs[0].Code = "changed"
	s.BlocCodes()[0] = "changed"
	grid := Assess(s, Candidacy{State: Enrolled, Enrolled: []string{"B1"}}, Acts{})
	k := grid.Criterion("C1.1.1")
	if !slices.Equal(s.BlocCodes(), []string{"B1"}) || grid.Unit("C1.1") == nil || k == nil || k.Eliminatory {
		t.Errorf("the scheme changed: %v", grid)
	}
}
