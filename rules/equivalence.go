package rules

import (
	"slices"

	"github.com/acquis-eval/acquis/rules/words"
)

// Needed is a bloc that an equivalence asks for.
type Needed struct {
	Referentiel string
	Revision    string // its id; empty: any
	Bloc        string
	// The blocs that it means of revisions published before the one that asks: who holds
	// what one of these declares as its equivalent holds it too.
	Through []BlocRef
}

// is tells whether a bloc is the one that is needed.
func (n Needed) is(ref BlocRef) bool {
	return n.Referentiel == ref.Revision.Referentiel && n.Bloc == ref.Bloc && (n.Revision == "" || n.Revision == ref.Revision.ID)
}

// holding is how a bloc is held.
type holding struct {
	by   Decision // of all that are needed, the one that ends first
	rule words.ReasonRule
	path string // if others are needed together, or count through others
}

// longer is the holding that lasts longer, the first if both do.
func longer(first, second *holding) *holding {
	if first == nil || second != nil && second.by.outlasts(first.by) {
		return second
	}
	return first
}

// holder finds how a candidate holds blocs by some decisions, each of which capitalises.
type holder struct {
	Candidate
	given    []Decision
	declared map[BlocRef]*holding
}

func (c Candidate) holder(given []Decision) holder {
	capitalises := func(d Decision) bool { return d.Kind != AwardDecision && d.Outcome == Capitalised }
	return holder{c, slices.DeleteFunc(slices.Clone(given), func(d Decision) bool { return !capitalises(d) }), make(map[BlocRef]*holding)}
}

// of finds how a bloc is held; nil if it is not.
func (h holder) of(wanted BlocRef) *holding {
	var best *holding
	for _, d := range h.given {
		switch ref := d.ref(); {
		case ref == wanted:
			best = longer(best, &holding{by: d, rule: words.HeldByDecision})
		case h.Catalogue.Counts(wanted, ref):
			best = longer(best, &holding{by: d, rule: words.HeldByEquivalence})
		}
	}
	return longer(best, h.byDeclaration(wanted))
}

// byDeclaration finds how a bloc is held by what its revision declares as its equivalent.
// It ends, since each step leads to a revision published before.
func (h holder) byDeclaration(wanted BlocRef) *holding {
	found, known := h.declared[wanted]
	if known {
		return found
	}
	for _, line := range h.Catalogue.Equivalences(wanted) {
		found = longer(found, h.together(line))
	}
	h.declared[wanted] = found
	return found
}

// together finds how all blocs that an equivalence needs are held.
func (h holder) together(line []Needed) *holding {
	var all holding
	paths := make([]string, len(line))
	for i, needed := range line {
		one := h.needed(needed)
		if one == nil {
			return nil
		}
		if i == 0 || all.by.outlasts(one.by) {
			all.by = one.by
		}
		paths[i] = one.path
	}
	all.rule, all.path = words.HeldByChain, words.Together(paths)
	return &all
}

// needed finds how a bloc that an equivalence needs is held: itself, or by what counts as
// it in turn.
func (h holder) needed(n Needed) *holding {
	var best *holding
	for _, d := range h.given {
		if ref := d.ref(); n.is(ref) {
			best = longer(best, &holding{by: d, path: ref.String()})
		}
	}
	for _, through := range n.Through {
		if by := h.byDeclaration(through); by != nil {
			best = longer(best, &holding{by: by.by, path: by.path + ", as " + through.String()})
		}
	}
	return best
}

func (d Decision) ref() BlocRef { return BlocRef{d.Revision, d.Bloc} }

// String names a bloc for people: they know référentiels by their ids.
func (r BlocRef) String() string { return r.Revision.Referentiel + "/" + r.Bloc }

// countsAtOnce tells whether what was decided on one bloc was decided on the wanted one: it
// is the same, identical, or replaced by it alone. What leads through other référentiels or
// is needed together says nothing if it was decided against.
func (c Candidate) countsAtOnce(wanted, decided BlocRef) bool {
	return wanted == decided || c.Catalogue.Counts(wanted, decided)
}

// counts tells whether holding one bloc, and no other, counts as holding the wanted one.
func (c Candidate) counts(wanted, held BlocRef) bool {
	alone := Decision{Kind: BlocDecision, Revision: held.Revision, Bloc: held.Bloc, Outcome: Capitalised}
	return c.holder([]Decision{alone}).of(wanted) != nil
}
