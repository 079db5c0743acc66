package rules

import (
	"fmt"
	"slices"

	"github.com/acquis-eval/acquis/rules/words"
)

// When says in which candidacies a variant of a method replaces the normal one. All that it
// gives must hold.
type When struct {
	SingleBloc bool
	Routes     []AccessRoute // one of these
	Attempt    Attempt
}

// AccessRoute is how a candidate came to the certification; empty if it is not known.
type AccessRoute string

// Attempt says whether a candidate presents a bloc for the first time.
type Attempt string

// The attempts.
const (
	First Attempt = "FIRST"
	Resit Attempt = "RESIT"
)

// UnitMethod is the method in force of a unit that a candidacy presents.
type UnitMethod struct {
	Bloc, Unit string
	Epreuve    bool
	Method     Method
	Variant    int // which of the unit's, if Method is ByVariant
}

// Methods lists the methods in force of all units of the blocs presented at enrolment,
// which fixed them.
func (s *Scheme) Methods(candidacy Candidacy) (methods []UnitMethod) {
	for i := range s.blocs {
		b := &s.blocs[i]
		if !slices.Contains(candidacy.Enrolled, b.Code) {
			continue
		}
		for j := range b.Units {
			u := &b.Units[j]
			method, variant := candidacy.method(b.Code, u)
			methods = append(methods, UnitMethod{b.Code, u.Code, u.Epreuve, method, variant})
		}
	}
	return methods
}

// method is the assessment method in force for a unit: that of its first variant that
// applies, that for a single bloc, or the normal one. It depends on what was so at
// enrolment: if only one of several blocs is left, it is still assessed as announced.
func (c Candidacy) method(bloc string, of *Unit) (Method, int) {
	for i, v := range of.Variants {
		if c.meets(v, bloc) {
			return ByVariant, i
		}
	}
	if of.HasBlocOnlyMethod && len(c.Enrolled) == 1 {
		return BlocOnly, 0
	}
	return Normal, 0
}

func (c Candidacy) meets(w When, bloc string) bool {
	attempt := First
	if slices.Contains(c.Resits, bloc) {
		attempt = Resit
	}
	return (!w.SingleBloc || len(c.Enrolled) == 1) &&
		(len(w.Routes) == 0 || slices.Contains(w.Routes, c.Route)) &&
		(w.Attempt == "" || w.Attempt == attempt)
}

// failures counts the decisions in force against a bloc as presented, or one that counts as it: no prior one was.
func (c Candidate) failures(wanted BlocRef) (n int) {
	for _, d := range Effective(c.Decisions) {
		if d.Kind == BlocDecision && d.Outcome == NotCapitalised && c.countsAtOnce(wanted, d.ref()) {
			n++
		}
	}
	return n
}

// exhausted refuses a bloc with a unit that the candidate has attempted as often as it
// allows: the first such unit.
func (c Case) exhausted(bloc string) []words.Refusal {
	i, known := c.Scheme.blocIndex[bloc]
	if !known {
		return nil
	}
	failures := c.Candidate.failures(BlocRef{c.Session.Revision, bloc})
	for _, u := range c.Scheme.blocs[i].Units {
		if u.MaxAttempts != nil && failures >= *u.MaxAttempts {
			r := words.Refuse(words.AttemptsExhausted, "bloc", bloc)
			r.Description += fmt.Sprintf(" (attempts: %d, and %s allows %d)", failures, u.Code, *u.MaxAttempts)
			return []words.Refusal{r}
		}
	}
	return nil
}
