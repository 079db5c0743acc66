package rules

import (
	"strconv"
	"testing"

	"github.com/acquis-eval/acquis/rules/words"
)

// tangled has référentiels 0, 1, 2 … of two blocs, each of which needs both blocs of the
// référentiel before it.
type tangled struct{}

func numbered(n int) Revision { return Revision{Referentiel: strconv.Itoa(n), ID: "r"} }

func (tangled) Scheme(r Revision) *Scheme {
	unit := func(code string) []Unit { return []Unit{{Code: "C" + code, Criteria: []Criterion{{Code: "K" + code}}}} }
	s, err := NewScheme(Spec{Revision: r, Blocs: []Bloc{{Code: "A", Units: unit("A")}, {Code: "B", Units: unit("B")}}})
	if err != nil {
		panic(err)
	}
	return s
}

func (tangled) Counts(BlocRef, BlocRef) bool { return false }

func (tangled) Equivalences(wanted BlocRef) [][]Needed {
	n, err := strconv.Atoi(wanted.Revision.Referentiel)
	if err != nil || n == 0 {
		return nil
	}
	before := numbered(n - 1)
	var line []Needed
	for _, code := range []string{"A", "B"} {
		line = append(line, Needed{Referentiel: before.Referentiel, Bloc: code, Through: []BlocRef{{before, code}}})
	}
	return [][]Needed{line}
}

// TestLongChainsAreCut: each step of a tangled chain names what is before it twice. A reason
// names the beginning only.
func TestLongChainsAreCut(t *testing.T) {
	c := Candidate{Catalogue: tangled{}}
	for _, code := range []string{"A", "B"} {
		c.Decisions = append(c.Decisions, Decision{ID: code, Kind: PriorBlocDecision, Revision: numbered(0), Bloc: code, Outcome: Capitalised})
	}
	bloc := c.Ledger(numbered(20), "2026-01-01").Bloc("A")
	if bloc.Status != LedgerCapitalised {
		t.Fatalf("is %s", bloc.Status)
	}
	if n := len(bloc.Reasons[0].Chain); n > words.LongestChain+len("…") {
		t.Errorf("the chain has %d bytes", n)
	}
}
