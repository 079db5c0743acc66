package rules

import (
	"slices"

	"github.com/acquis-eval/acquis/rules/exact"
	"github.com/acquis-eval/acquis/rules/gate"
	"github.com/acquis-eval/acquis/rules/words"
)

// Grid shows, for each presented bloc, the compétences or épreuves, the method in force and
// the status of every criterion, with the outcomes and their reasons.
type Grid struct {
	Blocs []GridBloc // then requirements
}

// GridBloc is a presented bloc, whose units are compétences or épreuves, or a presented
// requirement.
type GridBloc struct {
	Code        string
	Requirement bool // it is a requirement, of which its only unit has the code and the criteria
	Outcome     Outcome
	Reasons     []words.Reason
	Units       []GridUnit
}

// GridUnit is a compétence or an épreuve of a presented bloc.
type GridUnit struct {
	Code     string
	Epreuve  bool
	Method   Method
	Variant  int // which of the unit's, if Method is ByVariant
	Outcome  Outcome
	Reasons  []words.Reason
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
	Reason      words.Reason
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
		bloc := GridBloc{Code: b.Code, Units: make([]GridUnit, len(b.Units))}
		for i := range b.Units {
			method, variant := candidacy.method(b.Code, &b.Units[i])
			bloc.Units[i].Method, bloc.Units[i].Variant = method, variant
			bloc.Units[i].assess(scheme, &b.Units[i], criteria)
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

// assess finds the outcome of the unit, given every criterion of the référentiel.
func (c *GridUnit) assess(scheme *Scheme, of *Unit, criteria []GridCriterion) {
	c.Code, c.Epreuve = of.Code, of.Epreuve
	first := scheme.places[of.Criteria[0].Code].index // the others follow it
	c.Criteria = criteria[first : first+len(of.Criteria) : first+len(of.Criteria)]
	for i := range of.Criteria {
		c.Criteria[i].assess(&of.Criteria[i], of.minAssessors)
	}
	c.conclude(of)
}

// conclude finds the outcome of a unit: the first rule that applies, and the gate if none
// does.
func (c *GridUnit) conclude(of *Unit) {
	switch {
	case c.because(of, Pending, words.CriterionPending, (*GridCriterion).pending):
	case c.because(of, Contested, words.CriterionContested, (*GridCriterion).contested):
	case c.because(of, NotAcquired, words.EliminatoryNotMet, (*GridCriterion).eliminates):
	default:
		var room [16]gate.Child
		c.Outcome, c.Reasons = conclude(of.gate, words.Reason{Competence: c.Code}, c.children(of, of.gate.InPercent(), room[:0]))
	}
	if of.Epreuve {
		words.SpeakOfEpreuves(c.Reasons)
	}
}

// conclude asks a gate, and makes reasons of what it finds. The reason says whose gate it is.
func conclude(above *gate.Gate, of words.Reason, children []gate.Child) (Outcome, []words.Reason) {
	var room [8]gate.Finding
	acquired, findings := above.Conclude(children, room[:0])
	reasons := make([]words.Reason, len(findings))
	for i, f := range findings {
		reasons[i] = words.Reason{
			Rule: words.ReasonRule(f.Rule), Bloc: of.Bloc, Competence: of.Competence,
			Points: f.Points, Required: f.Required, Counted: f.Counted, Threshold: f.Threshold,
			FromDefault: f.FromDefault, Exemption: f.Exemption, Amount: (*words.Amount)(f.Amount),
		}
		if of.Bloc != "" {
			reasons[i].Competence = f.Child
		} else {
			reasons[i].Criterion = f.Child
		}
	}
	if acquired {
		return Acquired, reasons
	}
	return NotAcquired, reasons
}

// because gives the unit an outcome if a rule applies to any of the criteria that
// count, and tells whether one did.
func (c *GridUnit) because(of *Unit, outcome Outcome, rule words.ReasonRule, applies func(*GridCriterion) bool) bool {
	for i := range c.Criteria {
		k := &c.Criteria[i]
		if k.Status == StatusExempted || of.Criteria[i].bonus != nil && k.untouched() {
			continue
		}
		if applies(k) {
			c.Outcome = outcome
			c.Reasons = append(c.Reasons, words.Reason{Rule: rule, Competence: c.Code, Criterion: k.Code})
		}
	}
	return c.Outcome != ""
}

// children are the criteria as a gate reads them, with points of their scale or in
// percent of it.
func (c *GridUnit) children(of *Unit, percent bool, children []gate.Child) []gate.Child {
	for i := range c.Criteria {
		k, spec := &c.Criteria[i], &of.Criteria[i]
		one := gate.Child{Code: k.Code, Acquired: k.Passed, Exempted: k.Status == StatusExempted, Weight: spec.weight, Bonus: spec.bonus}
		if one.Points, one.Judged = k.points(spec.scale); percent {
			one.Points = spec.scale.percent(one.Points)
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

func (c *GridUnit) untouched() bool {
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
	case b.because(of, Pending, words.CompetencePending):
	case b.because(of, Contested, words.CompetenceContested):
	case b.eliminated():
	default:
		var room [16]gate.Child
		b.Outcome, b.Reasons = conclude(of.gate, words.Reason{Bloc: b.Code}, b.children(of, room[:0]))
	}
	if of.Units[0].Epreuve {
		words.SpeakOfEpreuves(b.Reasons)
	}
}

// because gives the bloc the outcome if any of its units has it, and tells
// whether one did.
func (b *GridBloc) because(of *Bloc, outcome Outcome, rule words.ReasonRule) bool {
	for i := range b.Units {
		c := &b.Units[i]
		if c.Outcome != outcome || of.Units[i].bonus != nil && c.untouched() {
			continue
		}
		b.Outcome = outcome
		b.Reasons = append(b.Reasons, words.Reason{Rule: rule, Bloc: b.Code, Competence: c.Code})
	}
	return b.Outcome != ""
}

// eliminated fails the bloc on any eliminatory criterion, and tells whether it
// did.
func (b *GridBloc) eliminated() bool {
	for _, c := range b.Units {
		for i := range c.Criteria {
			if k := &c.Criteria[i]; k.eliminates() {
				b.Outcome = NotAcquired
				b.Reasons = append(b.Reasons, words.Reason{Rule: words.EliminatoryNotMet, Bloc: b.Code, Competence: c.Code, Criterion: k.Code})
			}
		}
	}
	return b.Outcome != ""
}

// children are the units as a gate reads them.
func (b *GridBloc) children(of *Bloc, children []gate.Child) []gate.Child {
	for i := range b.Units {
		c, below := &b.Units[i], &of.Units[i]
		one := gate.Child{Code: c.Code, Acquired: c.Outcome == Acquired, Weight: below.weight, Bonus: below.bonus}
		if of.gate.AsksForPoints() && (one.Bonus == nil || !c.untouched()) {
			var room [16]gate.Child
			one.Points, one.Judged = below.gate.Points(c.children(below, below.percent, room[:0]))
			if of.gate.InPercent() {
				one.Points = below.unit.percent(one.Points)
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

// Unit finds a compétence or an épreuve of a presented bloc; nil if there is none.
func (g Grid) Unit(code string) *GridUnit {
	for _, b := range g.Blocs {
		for i := range b.Units {
			if b.Units[i].Code == code {
				return &b.Units[i]
			}
		}
	}
	return nil
}

// Criterion finds a criterion of a presented bloc; nil if there is none.
func (g Grid) Criterion(code string) *GridCriterion {
	for _, b := range g.Blocs {
		for _, c := range b.Units {
			for i := range c.Criteria {
				if c.Criteria[i].Code == code {
					return &c.Criteria[i]
				}
			}
		}
	}
	return nil
}
