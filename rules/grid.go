package rules

import (
	"slices"

	"github.com/acquis-eval/acquis/rules/exact"
)

// Grid shows, for each presented bloc, the compétences, the method in force and
// the status of every criterion, with the outcomes and their reasons.
type Grid struct {
	Blocs []GridBloc // then requirements
}

// GridBloc is a presented bloc, or a presented requirement.
type GridBloc struct {
	Code        string
	Requirement bool // it is a requirement, of which its only compétence has the code and the criteria
	Outcome     Outcome
	Reasons     []Reason
	Competences []GridCompetence
}

// GridCompetence is a compétence of a presented bloc.
type GridCompetence struct {
	Code     string
	Method   Method
	Outcome  Outcome
	Reasons  []Reason
	Criteria []GridCriterion
}

// GridCriterion is a criterion of a presented bloc.
type GridCriterion struct {
	Code        string
	Eliminatory bool
	Passed      bool // it is settled, and acquired
	Status      CriterionStatus
	Settled     CriterionStatus // the status as it would be without an exemption
	Found       Verdict         // the level or the mark, if Settled is ASSESSED
	Points      *exact.Number   // instead, if different opinions make points: what they come to
	Joint       bool            // assessors assess together, and see what the others found
	Reason      Reason
	Opinions    []Opinion   // the verdicts that count, by assessor
	Settlement  *Settlement // the one in force, with all its authors; nil if there is none
	Advice      *Advice     // the latest; nil if there is none
	Exemption   *Exemption  // the latest decision, with all its authors; nil if there is none
	Open        bool        // assessors found different things, which the jury may settle
}

// Assess computes the grid of a candidacy. It shows only presented blocs, in the
// référentiel's order. Acts on other criteria are kept but ignored: they count
// again if their bloc is reinstated.
func Assess(scheme *Scheme, candidacy Candidacy, acts Acts) Grid {
	criteria := gather(scheme, acts)
	presented := candidacy.Presented()
	var grid Grid
	units := len(scheme.blocs)
	for i := range units + len(scheme.requirements) {
		b := scheme.unit(i)
		if !slices.Contains(presented, b.Code) {
			continue
		}
		bloc := GridBloc{Code: b.Code, Competences: make([]GridCompetence, len(b.Competences))}
		for i := range b.Competences {
			bloc.Competences[i].assess(scheme, &b.Competences[i], candidacy.method(), criteria)
		}
		if i < units {
			bloc.conclude(b)
		} else {
			bloc.concludeRequirement()
		}
		grid.Blocs = append(grid.Blocs, bloc)
	}
	return grid
}

// unit is a bloc, or a requirement after them.
func (s *Scheme) unit(i int) *Bloc {
	if i < len(s.blocs) {
		return &s.blocs[i]
	}
	return &s.requirements[i-len(s.blocs)]
}

// assess finds the outcome of the compétence, given every criterion of the
// référentiel.
func (c *GridCompetence) assess(scheme *Scheme, of *Competence, method Method, criteria []GridCriterion) {
	c.Code, c.Method = of.Code, Normal
	if of.HasBlocOnlyMethod {
		c.Method = method
	}
	first := scheme.places[of.Criteria[0].Code].index // the others follow it
	c.Criteria = criteria[first : first+len(of.Criteria) : first+len(of.Criteria)]
	for i := range of.Criteria {
		c.Criteria[i].assess(&of.Criteria[i], scheme.minAssessors)
	}
	c.conclude(of)
}

// conclude finds the outcome of a compétence: the first rule that applies, and the gate
// if none does.
func (c *GridCompetence) conclude(of *Competence) {
	switch {
	case c.because(of, Pending, CriterionPending, (*GridCriterion).pending):
	case c.because(of, Contested, CriterionContested, (*GridCriterion).contested):
	case c.because(of, NotAcquired, EliminatoryNotMet, (*GridCriterion).eliminates):
	default:
		var room [16]child
		c.Outcome, c.Reasons = of.gate.conclude(Reason{Competence: c.Code}, c.children(of, of.gate.percent, room[:0]))
	}
}

// because gives the compétence an outcome if a rule applies to any of the criteria that
// count, and tells whether one did.
func (c *GridCompetence) because(of *Competence, outcome Outcome, rule ReasonRule, applies func(*GridCriterion) bool) bool {
	for i := range c.Criteria {
		k := &c.Criteria[i]
		if k.Status == StatusExempted || of.Criteria[i].bonus != nil && k.untouched() {
			continue
		}
		if applies(k) {
			c.Outcome = outcome
			c.Reasons = append(c.Reasons, Reason{Rule: rule, Competence: c.Code, Criterion: k.Code})
		}
	}
	return c.Outcome != ""
}

// children are the criteria as a gate reads them, with points of their scale or in
// percent of it.
func (c *GridCompetence) children(of *Competence, percent bool, children []child) []child {
	for i := range c.Criteria {
		k, spec := &c.Criteria[i], &of.Criteria[i]
		one := child{code: k.Code, acquired: k.Passed, exempted: k.Status == StatusExempted, weight: spec.weight, bonus: spec.bonus}
		if one.points, one.judged = k.points(spec.scale); percent {
			one.points = spec.scale.percent(one.points)
		}
		children = append(children, one)
	}
	return children
}

// finding is the verdict, the level or the mark that is settled.
func (g *GridCriterion) finding() Verdict {
	if g.Settled == StatusAssessed {
		return g.Found
	}
	return Verdict(g.Settled)
}

func (g *GridCriterion) pending() bool   { return g.Settled == StatusPending }
func (g *GridCriterion) contested() bool { return g.Settled == StatusContested }

// untouched tells whether nobody has assessed the criterion. A bonus then was not taken,
// which nobody waits for.
func (g *GridCriterion) untouched() bool { return len(g.Opinions) == 0 }

func (c *GridCompetence) untouched() bool {
	return !slices.ContainsFunc(c.Criteria, func(k GridCriterion) bool { return !k.untouched() })
}

// eliminates tells whether the criterion alone fails its compétence and its bloc.
func (g *GridCriterion) eliminates() bool {
	return g.Eliminatory && !g.Passed && g.Status != StatusExempted
}

// conclude finds the outcome of a bloc: the first rule that applies, and the gate if
// none does. It reads no other bloc, so blocs cannot compensate each other.
func (b *GridBloc) conclude(of *Bloc) {
	switch {
	case b.because(of, Pending, CompetencePending):
	case b.because(of, Contested, CompetenceContested):
	case b.eliminated():
	default:
		var room [16]child
		b.Outcome, b.Reasons = of.gate.conclude(Reason{Bloc: b.Code}, b.children(of, room[:0]))
	}
}

// because gives the bloc the outcome if any of its compétences has it, and tells
// whether one did.
func (b *GridBloc) because(of *Bloc, outcome Outcome, rule ReasonRule) bool {
	for i := range b.Competences {
		c := &b.Competences[i]
		if c.Outcome != outcome || of.Competences[i].bonus != nil && c.untouched() {
			continue
		}
		b.Outcome = outcome
		b.Reasons = append(b.Reasons, Reason{Rule: rule, Bloc: b.Code, Competence: c.Code})
	}
	return b.Outcome != ""
}

// eliminated fails the bloc on any eliminatory criterion, and tells whether it
// did.
func (b *GridBloc) eliminated() bool {
	for _, c := range b.Competences {
		for i := range c.Criteria {
			if k := &c.Criteria[i]; k.eliminates() {
				b.Outcome = NotAcquired
				b.Reasons = append(b.Reasons, Reason{Rule: EliminatoryNotMet, Bloc: b.Code, Competence: c.Code, Criterion: k.Code})
			}
		}
	}
	return b.Outcome != ""
}

// children are the compétences as a gate reads them.
func (b *GridBloc) children(of *Bloc, children []child) []child {
	for i := range b.Competences {
		c, below := &b.Competences[i], &of.Competences[i]
		one := child{code: c.Code, acquired: c.Outcome == Acquired, weight: below.weight, bonus: below.bonus}
		if of.gate.asksForPoints() && (one.bonus == nil || !c.untouched()) {
			var room [16]child
			one.points, one.judged = below.gate.points(c.children(below, below.percent, room[:0]))
			if of.gate.percent {
				one.points = below.unit.percent(one.points)
			}
		}
		children = append(children, one)
	}
	return children
}

// Bloc finds a presented bloc; nil if it is not presented.
func (g Grid) Bloc(code string) *GridBloc {
	i := slices.IndexFunc(g.Blocs, func(b GridBloc) bool { return b.Code == code })
	if i < 0 {
		return nil
	}
	return &g.Blocs[i]
}

// Competence finds a compétence of a presented bloc; nil if there is none.
func (g Grid) Competence(code string) *GridCompetence {
	for _, b := range g.Blocs {
		for i := range b.Competences {
			if b.Competences[i].Code == code {
				return &b.Competences[i]
			}
		}
	}
	return nil
}

// Criterion finds a criterion of a presented bloc; nil if there is none.
func (g Grid) Criterion(code string) *GridCriterion {
	for _, b := range g.Blocs {
		for _, c := range b.Competences {
			for i := range c.Criteria {
				if c.Criteria[i].Code == code {
					return &c.Criteria[i]
				}
			}
		}
	}
	return nil
}
