package rules

import (
	"cmp"
	"slices"

	"github.com/acquis-eval/acquis/rules/exact"
)

// # How children make their parent's outcome
//
// A gate stands above children: the criteria of a compétence, the compétences of a
// bloc. Each child brings points, a weight, and whether it is acquired. This file is
// all the arithmetic there is. It is exact.Number, and knows no child that is pending or
// contested: the grid asks no gate before the last word is spoken on each (grid.go).
//
// Everything that a gate gives must hold:
//
//	mean       Σ weight × points / Σ weight, perhaps rounded, reaches the threshold
//	count      enough of the children are acquired: a share of them, or so many
//	floor      no child has fewer points
//	at most    not too many children have fewer points than so many
//	shortfall  Σ weight × what is missing to so many points is not too much
//
// A bonus is a child of which only what lies above a number of points joins the sum,
// with its weight; the divisor stays as it is, and nothing else counts it.
//
// An exemption never lowers an outcome. An exempted child is left out, floors and
// limits do not ask for it, and yet it joins the mean if that raises it, and the count
// if it is acquired. So whatever a parent reaches with a child, it reaches with the
// child exempted; and its own points are never fewer, which the gate above may ask for.

// A Gate is one that a référentiel gives. Numbers that are texts are decimals.
type Gate struct {
	Mean      *Mean
	Count     *Count
	Floor     string
	AtMost    *AtMost
	Shortfall *Shortfall
	InPercent bool // its numbers are percent of each child's scale, not points of it
}

// Mean asks for a mean of so many points. RoundTo is the step to which it is rounded
// first, halves up; empty: it is not.
type Mean struct{ Threshold, RoundTo string }

// Count asks for acquired children: one of the two is given.
type Count struct{ Percent, AtLeast *int }

// AtMost allows a number of children below so many points.
type AtMost struct {
	Number *int
	Below  string
}

// Shortfall allows that so many points in all are missing to so many each.
type Shortfall struct{ Below, AtMost string }

// gate is a compiled one. What it does not ask for is nil or 0.
type gate struct {
	// A threshold in percent is a gate in short form: for the criteria of a compétence
	// their mean, for the compétences of a bloc their count. Its reasons count points
	// as whole numbers.
	short       bool
	percent     bool // children's points are made percent of their scales
	marks       bool // some of them are marks, so that reasons say what is percent
	threshold   Number
	mean, round *exact.Number
	share       int // percent of the children
	atLeast     int
	floor       *exact.Number
	atMost      *limit
	shortfall   *limit
}

// limit allows so much, a number of children or of missing points, below so many points.
type limit struct{ below, most exact.Number }

// asksForPoints tells whether the gate reads the points of its children.
func (g *gate) asksForPoints() bool {
	return g.mean != nil || g.floor != nil || g.atMost != nil || g.shortfall != nil
}

// child is what a gate reads of one.
type child struct {
	code     string
	points   exact.Number
	judged   bool // there are points
	acquired bool
	exempted bool
	weight   int
	bonus    *exact.Number // only what lies above it counts
	weighed  bool          // it is in the mean
	counted  bool          // it is in the count
}

// ordinary tells whether floors and limits ask for the child.
func (c *child) ordinary() bool { return c.judged && !c.exempted && c.bonus == nil }

// above is what a bonus adds.
func (c *child) above() exact.Number {
	if !c.judged || c.points.Less(*c.bonus) {
		return exact.Number{}
	}
	return c.points.Minus(*c.bonus).Times(exact.Whole(c.weight))
}

// tally is what the children come to.
type tally struct {
	weighed, weights  int          // how many are in the mean, and their weights
	sum               exact.Number // of weight × points, and what bonuses add
	counted, acquired int
}

func (t *tally) mean() exact.Number { return t.sum.Over(exact.Whole(t.weights)) }

func (t *tally) weigh(c *child) {
	c.weighed = true
	t.weighed, t.weights = t.weighed+1, t.weights+c.weight
	t.sum = t.sum.Plus(c.points.Times(exact.Whole(c.weight)))
}

func (t *tally) count(c *child) {
	c.counted = true
	t.counted++
	if c.acquired {
		t.acquired++
	}
}

// tallyOf adds up children; joins says which exempted ones join the mean.
func tallyOf(children []child, joins func(t tally, points exact.Number) bool) tally {
	var t tally
	var exempted []int
	for i := range children {
		switch c := &children[i]; {
		case c.bonus != nil:
			t.sum = t.sum.Plus(c.above())
		case !c.exempted:
			t.weigh(c)
			t.count(c)
		case c.judged:
			exempted = append(exempted, i)
		}
	}
	// By points, the highest first, with the share of the bonuses if the mean begins there.
	worth := func(c child) exact.Number {
		if t.weights > 0 {
			return c.points
		}
		return c.points.Plus(t.sum.Over(exact.Whole(c.weight)))
	}
	slices.SortStableFunc(exempted, func(a, b int) int { return worth(children[b]).Cmp(worth(children[a])) })
	for _, i := range exempted {
		c := &children[i]
		if joins(t, c.points) {
			t.weigh(c)
		}
		if c.acquired {
			t.count(c)
		}
	}
	return t
}

// raises tells whether points raise the mean, or are the first in it.
func raises(t tally, points exact.Number) bool { return t.weights == 0 || t.mean().Less(points) }

// points are what the parent brings to the gate above it; false if there is nothing to
// make them of.
func (g *gate) points(children []child) (exact.Number, bool) {
	t := tallyOf(children, raises)
	if t.weighed == 0 {
		return exact.Number{}, false
	}
	return g.rounded(t.mean()), true
}

func (g *gate) rounded(mean exact.Number) exact.Number {
	if g.round == nil {
		return mean
	}
	return mean.RoundTo(*g.round)
}

// conclude finds the outcome of a parent, of which the reason names the code.
func (g *gate) conclude(of Reason, children []child) (Outcome, []Reason) {
	switch {
	case g.short && g.mean != nil:
		return g.shortMean(of, children)
	case g.short:
		return g.shortCount(of, children)
	}
	j := judgement{of: of, tally: tallyOf(children, raises), holds: true, percent: g.percent && g.marks}
	j.explain(children)
	switch {
	case j.tally.weighed == 0: // every child is left out, which no grant allows: nothing was shown
		j.say(false, "", MeanMissed, Reason{Amount: &Amount{Reached: "0", Limit: "0"}})
	case g.mean != nil:
		j.mean(g)
	}
	if g.count() {
		j.count(g, children)
	}
	if g.floor != nil {
		j.floor(g, children)
	}
	if g.atMost != nil {
		j.atMost(g, children)
	}
	if g.shortfall != nil {
		j.shortfall(g, children)
	}
	if !j.holds {
		return NotAcquired, j.reasons
	}
	return Acquired, j.reasons
}

func (g *gate) count() bool { return g.share > 0 || g.atLeast > 0 }

// needed is how many children must be acquired. Those that are left out are not asked
// for; one at least is.
func (g *gate) needed(counted int) int {
	if g.share > 0 {
		return max(1, (g.share*counted+99)/100)
	}
	return max(1, min(g.atLeast, counted))
}

// judgement gathers what a gate says.
type judgement struct {
	of      Reason
	tally   tally
	holds   bool
	percent bool // amounts are in percent
	reasons []Reason
}

// say adds that something holds, or does not.
func (j *judgement) say(holds bool, kept, missed ReasonRule, r Reason) {
	r.Rule = kept
	if !holds {
		r.Rule, j.holds = missed, false
	}
	r.Bloc, r.Exemption = j.of.Bloc, j.of.Exemption
	r.Competence = cmp.Or(r.Competence, j.of.Competence)
	if r.Amount != nil {
		r.Amount.Percent = j.percent
	}
	j.reasons = append(j.reasons, r)
}

// about is a reason about a child.
func (j *judgement) about(c *child, amount Amount) Reason {
	if j.of.Bloc != "" {
		return Reason{Competence: c.code, Amount: &amount}
	}
	return Reason{Criterion: c.code, Amount: &amount}
}

// explain says what became of children that count in another way.
func (j *judgement) explain(children []child) {
	j.of.Exemption = slices.ContainsFunc(children, func(c child) bool { return c.exempted })
	for i := range children {
		switch c := &children[i]; {
		case c.bonus != nil && !c.judged:
			j.say(true, BonusNotTaken, "", j.about(c, Amount{}))
		case c.bonus != nil:
			j.say(true, BonusCounted, "", j.about(c, Amount{Reached: c.above().String(), Limit: c.bonus.Decimal()}))
		case c.exempted && (c.weighed || c.counted):
			j.say(true, ExemptedHelps, "", j.about(c, Amount{Reached: c.points.String()}))
		case c.exempted:
			j.say(true, ExemptedLeftOut, "", j.about(c, Amount{}))
		}
	}
}

func (j *judgement) mean(g *gate) {
	mean := j.tally.mean()
	rounded := g.rounded(mean)
	if rounded.Cmp(mean) != 0 {
		j.say(true, MeanRounded, "", Reason{Amount: &Amount{Reached: mean.String(), Exact: mean.InFull(), Limit: rounded.Decimal()}})
	}
	j.say(!rounded.Less(*g.mean), MeanReached, MeanMissed, Reason{
		Counted: j.tally.weighed, FromDefault: g.threshold.Default,
		Amount: &Amount{Reached: rounded.String(), Exact: rounded.InFull(), Limit: g.mean.Decimal(), Weights: j.tally.weights},
	})
}

func (j *judgement) count(g *gate, children []child) {
	needed := g.needed(j.tally.counted)
	if j.tally.acquired < needed && j.of.Bloc != "" {
		j.reasons = append(j.reasons, notAcquired(j.of.Bloc, children)...)
	}
	j.say(j.tally.acquired >= needed, EnoughAcquired, TooFewAcquired,
		Reason{Points: j.tally.acquired, Required: needed, Counted: j.tally.counted})
}

func (j *judgement) floor(g *gate, children []child) {
	kept := true
	for i := range children {
		if c := &children[i]; c.ordinary() && c.points.Less(*g.floor) {
			kept = false
			j.say(false, "", FloorMissed, j.about(c, Amount{Reached: c.points.String(), Exact: c.points.InFull(), Limit: g.floor.Decimal()}))
		}
	}
	if kept {
		j.say(true, FloorKept, "", Reason{Amount: &Amount{Limit: g.floor.Decimal()}})
	}
}

func (j *judgement) atMost(g *gate, children []child) {
	below := 0
	for i := range children {
		if c := &children[i]; c.ordinary() && c.points.Less(g.atMost.below) {
			below++
		}
	}
	j.say(!g.atMost.most.Less(exact.Whole(below)), FewBelow, TooManyBelow,
		Reason{Points: below, Required: g.atMost.most.Int(), Amount: &Amount{Limit: g.atMost.below.Decimal()}})
}

func (j *judgement) shortfall(g *gate, children []child) {
	var missing exact.Number
	for i := range children {
		if c := &children[i]; c.ordinary() && c.points.Less(g.shortfall.below) {
			missing = missing.Plus(g.shortfall.below.Minus(c.points).Times(exact.Whole(c.weight)))
		}
	}
	j.say(!g.shortfall.most.Less(missing), ShortfallKept, ShortfallTooLarge,
		Reason{Amount: &Amount{Reached: missing.String(), Exact: missing.InFull(), Limit: g.shortfall.most.Decimal()}})
}

// shortMean is a threshold over criteria. An exempted one joins if its points reach the
// threshold, which decides the same as if it joined where it raises the mean.
func (g *gate) shortMean(of Reason, children []child) (Outcome, []Reason) {
	var reasons []Reason
	t := tallyOf(children, func(_ tally, points exact.Number) bool { return !points.Less(*g.mean) })
	for i := range children {
		if c := &children[i]; c.exempted {
			of.Exemption = true
			reasons = append(reasons, g.shortExempted(of, c))
		}
	}
	of.Points, of.Required, of.Counted = t.sum.Int(), g.threshold.Value*t.weights, t.weighed
	of.Threshold, of.FromDefault = g.threshold.Value, g.threshold.Default
	outcome := NotAcquired
	of.Rule = PointsMissed
	// If every criterion is left out, which no grant allows, nothing was shown.
	if t.weighed > 0 && of.Points >= of.Required {
		outcome, of.Rule = Acquired, PointsReached
	}
	return outcome, append(reasons, of)
}

// shortExempted says what became of an exempted criterion in the sum.
func (g *gate) shortExempted(of Reason, c *child) Reason {
	r := Reason{Rule: ExemptedLeftOut, Competence: of.Competence, Criterion: c.code, Exemption: true}
	if c.weighed {
		r.Rule = ExemptedCounts
		r.Points, r.Threshold, r.FromDefault = c.points.Int(), g.threshold.Value, g.threshold.Default
	}
	return r
}

// shortCount is a threshold over compétences. Its points are 100 for each that is
// acquired.
func (g *gate) shortCount(of Reason, children []child) (Outcome, []Reason) {
	t := tallyOf(children, raises)
	of.Points, of.Required, of.Counted = 100*t.acquired, g.threshold.Value*t.counted, t.counted
	of.Threshold, of.FromDefault = g.threshold.Value, g.threshold.Default
	of.Rule = CompetencesReached
	if of.Points >= of.Required {
		return Acquired, []Reason{of}
	}
	of.Rule = CompetencesMissed
	return NotAcquired, append(notAcquired(of.Bloc, children), of)
}

// notAcquired names the compétences that a bloc lacks.
func notAcquired(bloc string, children []child) (reasons []Reason) {
	for i := range children {
		if c := &children[i]; !c.acquired && c.bonus == nil {
			reasons = append(reasons, Reason{Rule: CompetenceNotAcquired, Bloc: bloc, Competence: c.code})
		}
	}
	return reasons
}
