package rules

import (
	"fmt"
	"slices"

	"github.com/acquis-eval/acquis/rules/exact"
)

// A GateProblem is something wrong with a gate, or with how something takes part in
// one. Its field is named as référentiels name it: blocs[0].gate.mean.threshold.
type GateProblem struct{ Field, Message string }

func (p GateProblem) Error() string { return p.Field + ": " + p.Message }

// CheckGates reports everything that is wrong with the gates of a référentiel.
func CheckGates(spec Spec) []GateProblem {
	s := &Scheme{}
	s.setNumbers(spec.Rules)
	for _, b := range spec.Blocs {
		b.Units = slices.Clone(b.Units)
		for i := range b.Units {
			b.Units[i].Criteria = slices.Clone(b.Units[i].Criteria)
		}
		s.blocs = append(s.blocs, b)
	}
	s.blocIndex, s.places = make(map[string]int), make(map[string]Place)
	s.setRequirements(spec.Award, make(map[string]bool))
	return s.setGates(spec)
}

// setGates compiles the gates of the scheme's blocs, which are its own copies.
func (s *Scheme) setGates(spec Spec) []GateProblem {
	c := &gateCompiler{spec: spec, scheme: s}
	c.setScales()
	c.setJury()
	c.defaults()
	for i := range s.blocs {
		c.bloc(fmt.Sprintf("blocs[%d]", i), &s.blocs[i])
	}
	c.award()
	return c.problems
}

// gateCompiler compiles gates, and collects what is wrong with them.
type gateCompiler struct {
	spec     Spec
	scheme   *Scheme
	scales   map[string]*scale
	problems []GateProblem
}

func (c *gateCompiler) report(field, format string, args ...any) {
	p := GateProblem{field, fmt.Sprintf(format, args...)}
	if !slices.Contains(c.problems, p) { // a gate of the référentiel stands above many
		c.problems = append(c.problems, p)
	}
}

// defaults checks the gates of the référentiel, even if each parent has its own, and that
// no level has both a gate and a threshold.
func (c *gateCompiler) defaults() {
	for _, d := range []struct {
		given *Gate
		field string
	}{{c.spec.CompetenceGate, "rules.competence_gate"}, {c.spec.BlocGate, "rules.bloc_gate"}} {
		if d.given != nil {
			c.gate(d.field, d.given, family{children: 100, anyPoints: true})
		}
	}
	if c.spec.Agreement != nil {
		c.agreement("rules.agreement", c.spec.Agreement)
	}
	if c.spec.CompetenceGate != nil && c.spec.Rules.CompetenceThreshold != nil {
		c.report("rules.competence_gate", "must be left out if competence_threshold_percent is given, which is a gate in short form")
	}
	if c.spec.BlocGate != nil && c.spec.Rules.BlocThreshold != nil {
		c.report("rules.bloc_gate", "must be left out if bloc_threshold_percent is given, which is a gate in short form")
	}
}

func (c *gateCompiler) bloc(field string, b *Bloc) {
	f := family{path: field + ".competences"}
	if len(b.Units) > 0 && b.Units[0].Epreuve {
		f.path = field + ".epreuves"
	}
	for i := range b.Units {
		k := &b.Units[i]
		item := fmt.Sprintf("%s[%d]", f.path, i)
		c.unit(item, k)
		c.share(&f, item, &k.Share)
		f.join(k.unit)
		if k.bonus != nil && slices.ContainsFunc(k.Criteria, func(k Criterion) bool { return k.Eliminatory }) {
			c.report(item+".bonus_above", "a bonus is not needed, so it must not have an eliminatory criterion")
		}
	}
	threshold := c.scheme.blocThreshold
	b.gate = &gate{short: true, threshold: threshold, share: threshold.Value}
	if given, at := own(b.Gate, field, c.spec.BlocGate, "rules.bloc_gate"); given != nil {
		b.gate = c.gate(at, given, f)
	}
	b.gate.marks = f.unit != nil || f.mixed
	c.read(f, b.gate)
}

func (c *gateCompiler) unit(field string, k *Unit) {
	f := family{path: field + ".criteria"}
	for i := range k.Criteria {
		item := fmt.Sprintf("%s[%d]", f.path, i)
		if k.AsWhole {
			item = field
		}
		k.Criteria[i].scale = c.scaleOf(item, &k.Criteria[i])
		k.Criteria[i].agreement = c.agreementOf(field, k.Agreement, k.Criteria[i].scale)
		f.averaged = f.averaged || k.Criteria[i].agreement.Averages()
		c.share(&f, item, &k.Criteria[i].Share)
		f.join(k.Criteria[i].scale)
		if k.Criteria[i].bonus != nil && k.Criteria[i].Eliminatory {
			c.report(item+".bonus_above", "a bonus is not needed, so it must not be eliminatory")
		}
	}
	threshold := c.scheme.competenceThreshold
	mean := exact.Whole(threshold.Value)
	k.gate = &gate{short: f.bonuses == 0 && f.unit == nil && !f.mixed && !f.averaged, threshold: threshold, mean: &mean, percent: true}
	k.percent = f.mixed
	given, at := own(k.Gate, field, c.spec.CompetenceGate, "rules.competence_gate")
	switch {
	case k.AsWhole && k.Gate == nil:
		k.gate = k.Criteria[0].scale.gate()
	case given != nil:
		k.gate = c.gate(at, given, f)
		k.percent = f.mixed || given.InPercent
	}
	if k.gate.marks = f.unit != nil || f.mixed; !k.percent {
		k.unit = f.unit
	}
	c.read(f, k.gate)
}

// own is the gate that holds, and where it stands: a parent's own, otherwise the
// référentiel's.
func own(given *Gate, field string, otherwise *Gate, otherwiseField string) (*Gate, string) {
	if given != nil {
		return given, field + ".gate"
	}
	return otherwise, otherwiseField
}

// family is what a gate must know of the children below it.
type family struct {
	path              string
	children, bonuses int
	joined            bool
	unread            []string // fields that only a gate with a mean or a shortfall reads
	bonusesAbove      []bonusAbove
	unit              *scale // of marks: what all their points are in; nil means percent
	mixed             bool   // they have several
	averaged          bool   // points may be a mean of several assessors, so not whole
	anyPoints         bool   // nothing is known of their points
}

// bonusAbove are points that a field gives, which are checked once the unit is known.
type bonusAbove struct{ field, text string }

// join adds the scale of a child.
func (f *family) join(s *scale) {
	if s.kind() != ByMark {
		s = nil // points are percent
	}
	if f.joined && f.unit != s {
		f.mixed = true
	}
	f.unit, f.joined = s, true
}

func (c *gateCompiler) share(f *family, field string, s *Share) {
	f.children++
	s.weight = 1
	if s.Weight != nil {
		s.weight = *s.Weight
		f.unread = append(f.unread, field+".weight")
		if s.weight < 1 || s.weight > maxWeight {
			c.report(field+".weight", "is %d; must be 1 to %d", s.weight, maxWeight)
		}
	}
	if s.BonusAbove != "" {
		f.bonuses++
		f.unread = append(f.unread, field+".bonus_above")
		f.bonusesAbove = append(f.bonusesAbove, bonusAbove{field + ".bonus_above", s.BonusAbove})
		s.bonus = c.amount(field+".bonus_above", s.BonusAbove)
	}
}

// maxWeight bounds a weight.
const maxWeight = 1000

// read reports what is said of children and read by no gate: somebody meant it.
func (c *gateCompiler) read(f family, g *gate) {
	if f.bonuses > 0 && f.bonuses == f.children {
		c.report(f.path, "are all bonuses; one at least must be none")
	}
	if !g.percent && f.mixed && g.asksForPoints() {
		c.report(f.path, "are not on one scale, so the gate above them must be in_percent")
		return
	}
	for _, b := range f.bonusesAbove {
		if _, ok := exact.Parse(b.text); ok {
			c.points(b.field, b.text, f, g.percent)
		}
	}
	if g.mean != nil || g.shortfall != nil && f.bonuses == 0 {
		return
	}
	for _, field := range f.unread {
		c.report(field, "has no effect: the gate above it has no mean")
	}
}

// gate compiles a gate above some children.
func (c *gateCompiler) gate(field string, given *Gate, f family) *gate {
	g := &gate{percent: given.InPercent}
	if given.Mean == nil && given.Count == nil && given.Floor == "" && given.AtMost == nil && given.Shortfall == nil {
		c.report(field, "must have a mean, a count, a floor, an at_most or a shortfall")
	}
	if m := given.Mean; m != nil {
		g.mean = c.points(field+".mean.threshold", m.Threshold, f, g.percent)
		if m.RoundTo != "" {
			g.round = c.amount(field+".mean.round_to", m.RoundTo)
			if g.round != nil && g.round.Cmp(exact.Number{}) <= 0 {
				c.report(field+".mean.round_to", "must be above 0")
			}
		}
	}
	if given.Count != nil {
		c.count(field+".count", *given.Count, g, f)
	}
	if given.Floor != "" {
		g.floor = c.points(field+".floor", given.Floor, f, g.percent)
	}
	if a := given.AtMost; a != nil {
		g.atMost = new(limit)
		g.atMost.below = orZero(c.points(field+".at_most.below", a.Below, f, g.percent))
		if a.Number == nil {
			c.report(field+".at_most.number", "must not be empty")
		}
		g.atMost.most = exact.Whole(c.between(field+".at_most.number", a.Number, 0))
	}
	if s := given.Shortfall; s != nil {
		g.shortfall = new(limit)
		g.shortfall.below = orZero(c.points(field+".shortfall.below", s.Below, f, g.percent))
		g.shortfall.most = orZero(c.amount(field+".shortfall.at_most", s.AtMost))
		if g.shortfall.most.Less(exact.Number{}) {
			c.report(field+".shortfall.at_most", "must not be below 0")
		}
	}
	return g
}

func (c *gateCompiler) count(field string, given Count, g *gate, f family) {
	if (given.Percent == nil) == (given.AtLeast == nil) {
		c.report(field, "must have either percent or at_least")
	}
	g.share = c.between(field+".percent", given.Percent, 1)
	g.atLeast = c.between(field+".at_least", given.AtLeast, 1)
	if others := f.children - f.bonuses; g.atLeast > others {
		c.report(field+".at_least", "is %d, but only %d of %s are no bonus", g.atLeast, others, f.path)
	}
}

// between reads a whole number up to 100; 0 if there is none.
func (c *gateCompiler) between(field string, given *int, low int) int {
	if given == nil {
		return 0
	}
	if *given < low || *given > 100 {
		c.report(field, "is %d; must be %d to 100", *given, low)
	}
	return *given
}

// amount reads a number; nil if it is none.
func (c *gateCompiler) amount(field, text string) *exact.Number {
	x, ok := exact.Parse(text)
	if !ok {
		c.report(field, `%q must be a number such as "10" or "12.5", with at most 4 digits before the point and 3 after it, and no needless zero`, text)
		return nil
	}
	return &x
}

// points reads a number of points, which a child must be able to have.
func (c *gateCompiler) points(field, text string, f family, percent bool) *exact.Number {
	x := c.amount(field, text)
	low, high := exact.Number{}, exact.Whole(100)
	if f.unit != nil && !percent {
		low, high = f.unit.min, f.unit.max
	}
	if x != nil && !f.anyPoints && (x.Less(low) || high.Less(*x)) {
		c.report(field, "is %s; points are %s to %s", text, low.Decimal(), high.Decimal())
	}
	return x
}

func orZero(x *exact.Number) exact.Number {
	if x == nil {
		return exact.Number{}
	}
	return *x
}
