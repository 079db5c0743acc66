package rules

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// genAward is a référentiel of four to six blocs with an award rule over them, and a
// requirement that documents prove.
func genAward(t *rapid.T) Spec {
	spec := Spec{Revision: mainR1}
	codes := []string{}
	for i := range rapid.IntRange(4, 6).Draw(t, "blocs") {
		code := fmt.Sprintf("B%d", i+1)
		codes = append(codes, code)
		spec.Blocs = append(spec.Blocs, Bloc{
			Code: code, Credits: new(rapid.IntRange(1, 9).Draw(t, "credits")),
			Units: []Unit{{Code: "C" + code, Criteria: []Criterion{{Code: "C" + code + ".1"}}}},
		})
	}
	rule := &AwardRule{Requirements: []Requirement{{Code: "DAYS", AtLeast: new(rapid.IntRange(1, 3).Draw(t, "days"))}}}
	choice := Choice{From: codes[:2], AtLeast: new(rapid.IntRange(1, 2).Draw(t, "of the choice"))}
	if rapid.Bool().Draw(t, "by credits") {
		choice.AtLeast, choice.AtLeastCredits = nil, new(rapid.IntRange(1, *spec.Blocs[0].Credits+*spec.Blocs[1].Credits).Draw(t, "credits needed"))
	}
	if rapid.Bool().Draw(t, "choice") {
		rule.Choose = []Choice{choice}
	}
	if rapid.Bool().Draw(t, "options") {
		rule.Options = []Option{{Code: "A", Blocs: codes[2:3]}, {Code: "B", Blocs: codes[2:4]}}
		if rapid.Bool().Draw(t, "the requirement is of an option") {
			rule.Options[1].Requirements = []string{"DAYS"}
		}
	}
	if len(codes) > 4 && rapid.Bool().Draw(t, "all") { // the first four are of the choice and the options
		rule.All = codes[len(codes)-1:]
	}
	spec.Award = rule
	return spec
}

// enough says, independently of the ledger, whether an option has all that it needs.
func enough(spec Spec, option Option, held map[string]bool, days int) bool {
	rule := spec.Award
	named := func(code string) bool {
		return slices.ContainsFunc(rule.Choose, func(c Choice) bool { return slices.Contains(c.From, code) }) ||
			slices.ContainsFunc(rule.Options, func(o Option) bool { return slices.Contains(o.Blocs, code) })
	}
	credits := make(map[string]int)
	for _, b := range spec.Blocs {
		credits[b.Code] = *b.Credits
		needed := slices.Contains(rule.All, b.Code) || len(rule.All) == 0 && !named(b.Code) || slices.Contains(option.Blocs, b.Code)
		if needed && !held[b.Code] {
			return false
		}
	}
	for _, c := range rule.Choose {
		count, sum := 0, 0
		for _, code := range c.From {
			if held[code] {
				count, sum = count+1, sum+credits[code]
			}
		}
		if c.AtLeast != nil && count < *c.AtLeast || c.AtLeastCredits != nil && sum < *c.AtLeastCredits {
			return false
		}
	}
	ofOption := slices.ContainsFunc(rule.Options, func(o Option) bool { return len(o.Requirements) > 0 })
	return ofOption && len(option.Requirements) == 0 || days >= *rule.Requirements[0].AtLeast
}

// TestPaths: an option is awarded exactly if it has all that it needs, in whatever order a
// candidate comes to it, and nothing that a candidate adds ever takes an award away.
func TestPaths(t *testing.T) {
	untilReached(t, []string{"awarded", "two awards", "nothing"}, func(t *rapid.T, reached map[string]int) {
		spec := genAward(t)
		scheme, err := NewScheme(spec)
		if err != nil {
			t.Fatal(err)
		}
		w := newWorld()
		w.schemes[mainR1] = scheme
		w.sessions["s1"] = &Session{ID: "s1", Label: "s1", Revision: mainR1, State: SessionOpen, Jury: []Member{{Subject: "ann", External: true, Chair: true}, {Subject: "bob", Chair: true}}}
		held, days := make(map[string]bool), 0
		for _, act := range rapid.Permutation(append(scheme.BlocCodes(), "DAYS", "DAYS", "DAYS")).Draw(t, "acts") {
			before := w.candidate().Ledger(mainR1, w.today)
			if act == "DAYS" {
				if _, refusals := w.prove(BlocRef{mainR1, act}, 1, "proof"); len(refusals) == 0 {
					days++
				}
			} else if _, refusals := w.prior(BlocRef{mainR1, act}, "proof"); len(refusals) == 0 {
				held[act] = true
			}
			w.award("s1", Sitting{"ann", []string{"ann", "bob"}}, mainR1)
			after, awards := w.candidate().Ledger(mainR1, w.today), 0
			for i, path := range after.Paths {
				option := Option{}
				if len(spec.Award.Options) > 0 {
					option = spec.Award.Options[i]
				}
				if want := enough(spec, option, held, days); want != (path.Award != "") || want != (len(path.Missing) == 0) {
					t.Fatalf("%s with %v and %d days: enough is %v, the ledger has %+v", option.Code, held, days, want, path)
				}
				if was := before.Paths[i].Award; was != "" && path.Award != was {
					t.Fatalf("%s took the award %s away", act, was)
				}
				if path.Award != "" {
					awards++
				}
			}
			reached[map[int]string{0: "nothing", 1: "awarded", 2: "two awards"}[awards]]++
		}
	})
}
