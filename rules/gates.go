package rules

import (
	"fmt"
	"slices"

	"github.com/acquis-eval/acquis/rules/exact"
	"github.com/acquis-eval/acquis/rules/gate"
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
		given *gate.Given
		field string
	}{{c.spec.CompetenceGate, "rules.competence_gate"}, {c.spec.BlocGate, "rules.bloc_gate"}} {
		if d.given != nil {
			d.given.Compile(gate.Children{Number: 100, AnyPoints: true}, c.at(d.field))
		}
	}
	if c.spec.Agreement != nil {
		c.agreement("rules.agreement", c.spec.Agreement, c.scheme.minAssessors)
	}
	if c.spec.CompetenceGate != nil && c.spec.Rules.CompetenceThreshold != nil {
		c.report("rules.competence_gate", "must be left out if competence_threshold_percent is given, which is a gate in short form")
	}
	if c.spec.BlocGate != nil && c.spec.Rules.BlocThreshold != nil {
		c.report("rules.bloc_gate", "must be left out if bloc_threshold_percent is given, which is a gate in short form")
	}
}

func (c *gateCompiler) bloc(field string, b *Bloc) {
	f := family{path: field + ".competences", units: true}
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
	b.gate = gate.ShareOf(gate.Threshold(c.scheme.blocThreshold), f.ofGate())
	if given, at := own(b.Gate, field, c.spec.BlocGate, "rules.bloc_gate"); given != nil {
		b.gate = given.Compile(f.ofGate(), c.at(at))
	}
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
		k.Criteria[i].agreement = c.agreementOf(field, k, k.Criteria[i].scale)
		f.averaged = f.averaged || k.Criteria[i].agreement.Averages()
		c.share(&f, item, &k.Criteria[i].Share)
		f.join(k.Criteria[i].scale)
		if k.Criteria[i].bonus != nil && k.Criteria[i].Eliminatory {
			c.report(item+".bonus_above", "a bonus is not needed, so it must not be eliminatory")
		}
	}
	short := f.bonuses == 0 && f.unit == nil && !f.mixed && !f.averaged
	k.gate = gate.MeanOf(gate.Threshold(c.scheme.competenceThreshold), short, f.ofGate())
	k.percent = f.mixed
	given, at := own(k.Gate, field, c.spec.CompetenceGate, "rules.competence_gate")
	switch {
	case k.AsWhole && k.Gate == nil:
		pass, byDefault := k.Criteria[0].scale.passes()
		k.gate = gate.From(pass, byDefault, f.ofGate())
	case given != nil:
		k.gate = given.Compile(f.ofGate(), c.at(at))
		k.percent = f.mixed || given.InPercent
	}
	if !k.percent {
		k.unit = f.unit
	}
	c.read(f, k.gate)
}

// own is the gate that holds, and where it stands: a parent's own, otherwise the
// référentiel's.
func own(given *gate.Given, field string, otherwise *gate.Given, otherwiseField string) (*gate.Given, string) {
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
	units             bool   // they are units of a bloc
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
		s.bonus = gate.Number(s.BonusAbove, c.at(field+".bonus_above"))
	}
}

// maxWeight bounds a weight.
const maxWeight = 1000

// read reports what is said of children and read by no gate: somebody meant it.
func (c *gateCompiler) read(f family, g *gate.Gate) {
	if f.bonuses > 0 && f.bonuses == f.children {
		c.report(f.path, "are all bonuses; one at least must be none")
	}
	if !g.InPercent() && f.mixed && g.AsksForPoints() {
		c.report(f.path, "are not on one scale, so the gate above them must be in_percent")
		return
	}
	for _, b := range f.bonusesAbove {
		if _, ok := exact.Parse(b.text); ok {
			f.ofGate().Points(b.text, g.InPercent(), c.at(b.field))
		}
	}
	if g.Averages() || g.Weighs() && f.bonuses == 0 {
		return
	}
	for _, field := range f.unread {
		c.report(field, "has no effect: the gate above it has no mean")
	}
}

// ofGate is what the family is to its gate, as far as it is known.
func (f *family) ofGate() gate.Children {
	of := gate.Children{
		Path: f.path, Number: f.children, Bonuses: f.bonuses,
		High: exact.Whole(100), Marks: f.unit != nil || f.mixed, Units: f.units,
	}
	if f.unit != nil {
		of.Low, of.High = f.unit.min, f.unit.max
	}
	return of
}

// at reports of a field and of those below it.
func (c *gateCompiler) at(field string) gate.Report {
	return func(of, format string, args ...any) { c.report(field+of, format, args...) }
}
