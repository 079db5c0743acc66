package rules

import (
	"slices"

	"github.com/acquis-eval/acquis/rules/words"
)

// Candidacy is one candidate in one session.
type Candidacy struct {
	ID       string
	Label    string // the name that callers use, and that refusals show
	Session  string
	Revision Revision // the one its session pins
	State    CandidacyState
	Enrolled []string // the blocs fixed at enrolment; they fix the methods too
	Resits   []string // those of them that a jury had decided against before
	Route    AccessRoute
	Left     []Departed

	Requirements []string // those fixed at enrolment
}

// Departed is a bloc, or a requirement, that left its candidacy.
type Departed struct {
	Bloc string
	As   CandidacyState // Withdrawn or Absent
}

// Presented lists the blocs, then the requirements, that did not leave.
func (c Candidacy) Presented() []string {
	return slices.DeleteFunc(slices.Concat(c.Enrolled, c.Requirements), c.hasLeft)
}

func (c Candidacy) hasLeft(bloc string) bool {
	return slices.ContainsFunc(c.Left, func(d Departed) bool { return d.Bloc == bloc })
}

// Enrolment says what a candidacy asks to present.
type Enrolment struct {
	Scope  Scope
	Blocs  []string // with NamedBlocs only
	Option string   // with Whole only: code of the option, if the award has options
	Chosen []string // with Whole only: blocs besides those that are needed in any case
	Route  AccessRoute
}

// Enrol opens a candidacy in the case's session. The candidacy returned has no ID
// and no label yet.
func (c Case) Enrol(e Enrolment) (Candidacy, []words.Refusal) {
	refusals := append(c.Session.open(), c.onePlace("")...)
	blocs, refused := c.asked(e)
	refusals = append(refusals, refused...)
	refusals = append(refusals, c.presentable(blocs, "")...)
	if len(refusals) > 0 {
		return Candidacy{}, refusals
	}
	isRequirement := func(code string) bool { return c.Scheme.requirement(code) != nil }
	enrolled := c.Scheme.inOrder(slices.DeleteFunc(slices.Clone(blocs), isRequirement))
	return Candidacy{
		Session:  c.Session.ID,
		Revision: c.Session.Revision,
		State:    Enrolled,
		Enrolled: enrolled,
		Resits:   c.resits(enrolled),
		Route:    e.Route,

		Requirements: slices.DeleteFunc(slices.Clone(blocs), func(code string) bool { return !isRequirement(code) }),
	}, nil
}

// resits are the blocs that the candidate presents again.
func (c Case) resits(blocs []string) []string {
	return slices.DeleteFunc(slices.Clone(blocs), func(bloc string) bool {
		return c.Candidate.failures(BlocRef{c.Session.Revision, bloc}) == 0
	})
}

// asked lists the blocs that an enrolment asks to present.
func (c Case) asked(e Enrolment) ([]string, []words.Refusal) {
	switch {
	case e.Scope == Whole && len(e.Blocs) > 0:
		return nil, []words.Refusal{words.Refuse(words.BlocsNamedWithWhole, "candidacy", "")}
	case e.Scope == Whole:
		return c.notCapitalised(e)
	case e.Scope != NamedBlocs:
		return nil, []words.Refusal{words.Refuse(words.ScopeUnknown, "candidacy", "")}
	case e.Option != "" || len(e.Chosen) > 0:
		return nil, []words.Refusal{words.Refuse(words.PathNamedWithBlocs, "candidacy", "")}
	case len(e.Blocs) == 0:
		return nil, []words.Refusal{words.Refuse(words.NoBlocNamed, "candidacy", "")}
	}
	for _, code := range e.Blocs {
		if c.Scheme.requirement(code) != nil {
			return nil, []words.Refusal{words.Refuse(words.RequirementIsNoBloc, "requirement", code)}
		}
	}
	return e.Blocs, nil
}

// notCapitalised lists what a candidacy for the whole presents.
func (c Case) notCapitalised(e Enrolment) ([]string, []words.Refusal) {
	wanted, refusals := c.wanted(e)
	if len(refusals) > 0 {
		return nil, refusals
	}
	ledger := c.Candidate.Ledger(c.Session.Revision, c.Day)
	left := slices.DeleteFunc(wanted, ledger.holds)
	if len(left) == 0 {
		return nil, []words.Refusal{words.Refuse(words.NothingToPresent, "candidacy", "")}
	}
	return left, nil
}

// onePlace refuses a second live candidacy in the session, other than the one
// with that id.
func (c Case) onePlace(besides string) []words.Refusal {
	for _, other := range c.Candidate.Candidacies {
		if other.Session == c.Session.ID && other.State.live() && other.ID != besides {
			return []words.Refusal{words.Refuse(words.AlreadyInSession, "session", c.Session.Label)}
		}
	}
	return nil
}

// presentable checks blocs that a candidacy, the one with that id, would present.
func (c Case) presentable(blocs []string, candidacy string) []words.Refusal {
	refusals := c.known(blocs)
	ledger := c.Candidate.Ledger(c.Session.Revision, c.Day)
	for i, bloc := range blocs {
		if slices.Contains(blocs[:i], bloc) {
			continue // reported once
		}
		switch {
		case ledger.Capitalised(bloc):
			refusals = append(refusals, words.Refuse(words.BlocCapitalised, "bloc", bloc))
		case ledger.holds(bloc):
			refusals = append(refusals, words.Refuse(words.RequirementIsFulfilled, "requirement", bloc))
		}
		if c.Candidate.presentsElsewhere(BlocRef{c.Session.Revision, bloc}, candidacy) {
			refusals = append(refusals, words.Refuse(words.BlocElsewhere, c.Scheme.noun(bloc), bloc))
		}
		refusals = append(refusals, c.exhausted(bloc)...)
	}
	return refusals
}

// known refuses blocs that the référentiel does not have, or that are named twice.
func (c Case) known(blocs []string) []words.Refusal {
	var refusals []words.Refusal
	for i, bloc := range blocs {
		switch {
		case slices.Contains(blocs[:i], bloc):
			refusals = append(refusals, words.Refuse(words.BlocRepeated, c.Scheme.noun(bloc), bloc))
		case !c.Scheme.has(bloc):
			refusals = append(refusals, words.Refuse(words.BlocUnknown, "bloc", bloc))
		}
	}
	return refusals
}

// presentsElsewhere tells whether an undecided candidacy, other than the one with
// that id, presents the bloc, a bloc that counts as it, or a bloc that it counts
// as.
func (c Candidate) presentsElsewhere(bloc BlocRef, besides string) bool {
	for _, other := range c.Candidacies {
		if other.State != Enrolled || other.ID == besides {
			continue
		}
		for _, code := range other.Presented() {
			ref := BlocRef{other.Revision, code}
			if c.counts(bloc, ref) || c.counts(ref, bloc) {
				return true
			}
		}
	}
	return false
}

// Leave takes blocs, or all if none are named, out of the candidacy, as Withdrawn
// or Absent. When the last bloc leaves, the candidacy takes that state.
func (c Case) Leave(as CandidacyState, blocs []string) (Candidacy, []words.Refusal) {
	refusals := append(c.Undecided(), c.known(blocs)...)
	presented := c.Candidacy.Presented()
	for _, bloc := range blocs {
		if c.Scheme.has(bloc) && !slices.Contains(presented, bloc) {
			refusals = append(refusals, words.Refuse(words.BlocNotPresented, c.Scheme.noun(bloc), bloc))
		}
	}
	if len(refusals) > 0 {
		return c.Candidacy, refusals
	}
	if len(blocs) == 0 {
		blocs = presented
	}
	after := c.Candidacy
	after.Left = slices.Clone(after.Left)
	for _, bloc := range blocs {
		after.Left = append(after.Left, Departed{Bloc: bloc, As: as})
	}
	if len(after.Presented()) == 0 {
		after.State = as
	}
	return after, nil
}

// Reinstate brings blocs back, or all that left if none are named. It makes every
// check of an enrolment, because later acts of the candidate may forbid it.
func (c Case) Reinstate(blocs []string) (Candidacy, []words.Refusal) {
	refusals := c.Session.open()
	switch c.Candidacy.State {
	case Enrolled, Withdrawn, Absent:
	default:
		refusals = append(refusals, words.Refuse(words.CandidacyFinal, "candidacy", c.Candidacy.Label))
	}
	refusals = append(refusals, c.onePlace(c.Candidacy.ID)...)
	blocs, refused := c.comingBack(blocs)
	refusals = append(refusals, refused...)
	refusals = append(refusals, c.presentable(blocs, c.Candidacy.ID)...)
	if len(refusals) > 0 {
		return c.Candidacy, refusals
	}
	after := c.Candidacy
	after.State = Enrolled
	after.Left = slices.DeleteFunc(slices.Clone(after.Left), func(d Departed) bool { return slices.Contains(blocs, d.Bloc) })
	return after, nil
}

// comingBack lists the blocs to reinstate.
func (c Case) comingBack(named []string) ([]string, []words.Refusal) {
	if len(named) > 0 {
		var refusals []words.Refusal
		for _, bloc := range named {
			if c.Scheme.has(bloc) && !c.Candidacy.hasLeft(bloc) {
				refusals = append(refusals, words.Refuse(words.BlocDidNotLeave, c.Scheme.noun(bloc), bloc))
			}
		}
		return named, refusals
	}
	var all []string
	for _, d := range c.Candidacy.Left {
		all = append(all, d.Bloc)
	}
	if len(all) == 0 {
		return nil, []words.Refusal{words.Refuse(words.NothingToReinstate, "candidacy", c.Candidacy.Label)}
	}
	return all, nil
}

// Undecided refuses if the candidacy takes no more acts.
func (c Case) Undecided() []words.Refusal {
	refusals := c.Session.open()
	if c.Candidacy.State != Enrolled {
		refusals = append(refusals, words.Refuse(words.CandidacyNotEnrolled, "candidacy", c.Candidacy.Label))
	}
	return refusals
}
