package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/acquis-eval/acquis/rules/exact"
	"github.com/acquis-eval/acquis/rules/gate"
)

// A Scale is on what criteria are assessed: by levels or by marks. The scale that every
// référentiel has, and that needs no name, is that of the three verdicts.
type Scale struct {
	Code   string
	Levels []Level // the best one first
	Marks  *Marks
	Pass   string // the points from which an assessment is acquired; empty: all that there are
}

// Level is one of a scale, worth 0 to 100 points.
type Level struct {
	Code   string
	Points *int
}

// Marks are all multiples of a step from a least to a greatest one.
type Marks struct{ Min, Max, Step string }

// FindingKind tells how something is assessed.
type FindingKind string

// The kinds of findings. Several is what a caller says who gives more than one.
const (
	ByVerdict FindingKind = "verdict"
	ByLevel   FindingKind = "level"
	ByMark    FindingKind = "mark"
	Several   FindingKind = "several"
)

// scale is a compiled one; nil is that of the verdicts.
type scale struct {
	levels           []Level // or
	min, max, step   exact.Number
	pass             exact.Number
	defaultPass      bool // the référentiel does not give it
	minText, maxText string
	stepText         string
}

// kind tells how criteria of the scale are assessed.
func (s *scale) kind() FindingKind {
	switch {
	case s == nil:
		return ByVerdict
	case s.levels != nil:
		return ByLevel
	}
	return ByMark
}

// points are those of a verdict, a level or a mark; false if the scale has none such.
func (s *scale) points(v Verdict) (exact.Number, bool) {
	switch s.kind() {
	case ByVerdict:
		return exact.Whole(v.Points()), v.valid()
	case ByLevel:
		i := slices.IndexFunc(s.levels, func(l Level) bool { return l.Code == string(v) })
		if i < 0 {
			return exact.Number{}, false
		}
		return exact.Whole(*s.levels[i].Points), true
	}
	mark, ok := exact.Parse(string(v))
	return mark, ok && !mark.Less(s.min) && !s.max.Less(mark) && mark.Minus(s.min).IsMultipleOf(s.step)
}

// passes says from which points an épreuve on the scale is acquired if it is assessed as a
// whole and has no gate, and whether that is a default.
func (s *scale) passes() (exact.Number, bool) { return s.passing(), s == nil || s.defaultPass }

// passing are the points from which an assessment is acquired.
func (s *scale) passing() exact.Number {
	if s == nil {
		return exact.Whole(Met.Points())
	}
	return s.pass
}

// percent makes points of the scale a share of it.
func (s *scale) percent(points exact.Number) exact.Number {
	if s.kind() != ByMark {
		return points // they are
	}
	return points.Minus(s.min).Times(exact.Whole(100)).Over(s.max.Minus(s.min))
}

// allowed says what an assessor may give.
func (s *scale) allowed() string {
	switch s.kind() {
	case ByVerdict:
		return "a verdict: MET, PARTIALLY_MET or NOT_MET"
	case ByLevel:
		codes := make([]string, len(s.levels))
		for i, l := range s.levels {
			codes[i] = l.Code
		}
		return "a level: " + strings.Join(codes, ", ")
	}
	return fmt.Sprintf("a mark from %s to %s, in steps of %s", s.minText, s.maxText, s.stepText)
}

// setScales compiles the scales of a référentiel, by their codes.
func (c *gateCompiler) setScales() {
	c.scales = make(map[string]*scale)
	for i, given := range c.spec.Scales {
		field := fmt.Sprintf("scales[%d]", i)
		made := &scale{defaultPass: given.Pass == ""}
		if (given.Levels == nil) == (given.Marks == nil) {
			c.report(field, "must have either levels or marks")
		}
		if given.Levels != nil {
			c.levels(field+".levels", given.Levels, made)
		}
		if given.Marks != nil {
			c.marks(field+".marks", *given.Marks, made)
		}
		if given.Pass != "" {
			made.pass = gate.OrZero(gate.Number(given.Pass, c.at(field+".pass")))
			if made.pass.Less(made.min) || made.max.Less(made.pass) {
				c.report(field+".pass", "is %s; must be points of the scale", given.Pass)
			}
		}
		if c.scales[given.Code] != nil {
			c.report(field+".code", "%q is the code of another scale", given.Code)
		}
		c.scales[given.Code] = made
	}
	if c.spec.Scale != "" && c.scales[c.spec.Scale] == nil {
		c.report("rules.scale", "%q is not a scale of this référentiel", c.spec.Scale)
	}
}

func (c *gateCompiler) marks(field string, given Marks, made *scale) {
	made.min, made.max = gate.OrZero(gate.Number(given.Min, c.at(field+".min"))), gate.OrZero(gate.Number(given.Max, c.at(field+".max")))
	made.step, made.pass = gate.OrZero(gate.Number(given.Step, c.at(field+".step"))), made.max
	made.minText, made.maxText, made.stepText = given.Min, given.Max, given.Step
	switch {
	case !made.min.Less(made.max):
		c.report(field+".max", "must be above min")
		made.max = made.min.Plus(exact.Whole(1))
	case made.step.Cmp(exact.Number{}) <= 0:
		c.report(field+".step", "must be above 0")
		made.step = exact.Whole(1)
	case !made.max.Minus(made.min).IsMultipleOf(made.step):
		c.report(field+".step", "must lead from min to max in whole steps")
	}
}

func (c *gateCompiler) levels(field string, given []Level, made *scale) {
	made.levels = make([]Level, 0, len(given))
	made.max = exact.Whole(100)
	if len(given) == 1 {
		c.report(field, "must be two at least")
	}
	for i, l := range given {
		item := fmt.Sprintf("%s[%d]", field, i)
		if l.Points == nil {
			c.report(item+".points", "must not be empty")
			l.Points = new(int)
		}
		if *l.Points < 0 || *l.Points > 100 {
			c.report(item+".points", "is %d; must be 0 to 100", *l.Points)
		}
		if i > 0 && *l.Points > *made.levels[i-1].Points {
			c.report(item+".points", "is more than those of the level before it; the best comes first")
		}
		if Verdict(l.Code).valid() {
			c.report(item+".code", "%q is a verdict", l.Code)
		}
		if slices.ContainsFunc(made.levels, func(before Level) bool { return before.Code == l.Code }) {
			c.report(item+".code", "%q is the code of another level", l.Code)
		}
		made.levels = append(made.levels, l)
	}
	if len(made.levels) > 0 {
		made.pass = exact.Whole(*made.levels[0].Points)
	}
}

// scaleOf finds the scale of a criterion: its own, the référentiel's, that of verdicts.
func (c *gateCompiler) scaleOf(field string, k *Criterion) *scale {
	if k.Scale != "" && c.scales[k.Scale] == nil {
		c.report(field+".scale", "%q is not a scale of this référentiel", k.Scale)
	}
	if k.Scale != "" {
		return c.scales[k.Scale]
	}
	return c.scales[c.spec.Scale]
}
