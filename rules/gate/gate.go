// Package gate is how children make their parent's outcome.
//
// A gate stands above children: the criteria of a compétence, the compétences of a
// bloc. Each child brings points, a weight, and whether it is acquired. This file is all
// the arithmetic there is; given.go reads what a référentiel gives. It is exact.Number,
// and knows no child that is pending or contested: the rules ask no gate before the last
// word is spoken on each.
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
//
// A gate says what it found as findings, each a rule, the child that it is about, and
// numbers. It knows no codes of parents and no sentences: the rules make reasons of them.
package gate

import (
	"slices"

	"github.com/acquis-eval/acquis/rules/exact"
)

// Gate is a compiled one. What it does not ask for is nil or 0.
type Gate struct {
	// A threshold in percent is a gate in short form: for the criteria of a compétence
	// their mean, for the compétences of a bloc their count. Its reasons count points
	// as whole numbers.
	short       bool
	percent     bool // children's points are made percent of their scales
	marks       bool // some of them are marks, so that findings say what is percent
	units       bool // children are units of a bloc, and those that a count lacks are named
	threshold   Threshold
	mean, round *exact.Number
	share       int // percent of the children
	atLeast     int
	floor       *exact.Number
	atMost      *limit
	shortfall   *limit
}

// limit allows so much, a number of children or of missing points, below so many points.
type limit struct{ below, most exact.Number }

// Threshold is one in percent, and whether the référentiel set it.
type Threshold struct {
	Value   int
	Default bool
}

// InPercent tells whether children's points are to be made percent of their scales.
func (g *Gate) InPercent() bool { return g.percent }

// Weighs tells whether the gate reads weights.
func (g *Gate) Weighs() bool { return g.mean != nil || g.shortfall != nil }

// Averages tells whether the gate has a mean, which bonuses can raise.
func (g *Gate) Averages() bool { return g.mean != nil }

// AsksForPoints tells whether the gate reads the points of its children.
func (g *Gate) AsksForPoints() bool {
	return g.mean != nil || g.floor != nil || g.atMost != nil || g.shortfall != nil
}

// Child is what a gate reads of one.
type Child struct {
	Code     string
	Points   exact.Number
	Judged   bool // there are points
	Acquired bool
	Exempted bool
	Weight   int
	Bonus    *exact.Number // only what lies above it counts
	weighed  bool          // it is in the mean
	counted  bool          // it is in the count
}

// Finding is something that a gate found of its children, or of one.
type Finding struct {
	Rule             Rule
	Child            string // code; empty: of all of them
	Points, Required int
	Counted          int
	Threshold        int  // percent
	FromDefault      bool // the référentiel gave no number
	Exemption        bool // it reveals an exemption
	Amount           *Amount
}

// Amount is what a finding says of points that need not be whole. Texts are decimals,
// cut after two places.
type Amount struct {
	Reached string // what there is
	Exact   string // the same as a fraction, if Reached is cut
	Limit   string // what it is compared with
	Weights int    // of all that is in a mean
	Percent bool   // both are percent of scales of marks
}

// Rule is the stable name of what was found. The rules have a reason of the same name.
type Rule string

// What is found.
const (
	PointsReached      Rule = "POINTS_REACHED"
	PointsMissed       Rule = "POINTS_MISSED"
	CompetencesReached Rule = "COMPETENCES_REACHED"
	CompetencesMissed  Rule = "COMPETENCES_MISSED"
	NotAcquired        Rule = "COMPETENCE_NOT_ACQUIRED"
	MeanReached        Rule = "MEAN_REACHED"
	MeanMissed         Rule = "MEAN_MISSED"
	MeanRounded        Rule = "MEAN_ROUNDED"
	EnoughAcquired     Rule = "ENOUGH_ACQUIRED"
	TooFewAcquired     Rule = "TOO_FEW_ACQUIRED"
	FloorKept          Rule = "FLOOR_KEPT"
	FloorMissed        Rule = "FLOOR_MISSED"
	FewBelow           Rule = "FEW_BELOW"
	TooManyBelow       Rule = "TOO_MANY_BELOW"
	ShortfallKept      Rule = "SHORTFALL_KEPT"
	ShortfallTooLarge  Rule = "SHORTFALL_TOO_LARGE"
	BonusCounted       Rule = "BONUS_COUNTED"
	BonusNotTaken      Rule = "BONUS_NOT_TAKEN"
	ExemptedCounts     Rule = "EXEMPTED_COUNTS"
	ExemptedHelps      Rule = "EXEMPTED_HELPS"
	ExemptedLeftOut    Rule = "EXEMPTED_LEFT_OUT"
)

// ordinary tells whether floors and limits ask for the child.
func (c *Child) ordinary() bool { return c.Judged && !c.Exempted && c.Bonus == nil }

// above is what a bonus adds.
func (c *Child) above() exact.Number {
	if !c.Judged || c.Points.Less(*c.Bonus) {
		return exact.Number{}
	}
	return c.Points.Minus(*c.Bonus).Times(exact.Whole(c.Weight))
}

// tally is what the children come to.
type tally struct {
	weighed, weights  int          // how many are in the mean, and their weights
	sum               exact.Number // of weight × points, and what bonuses add
	counted, acquired int
}

func (t *tally) mean() exact.Number { return t.sum.Over(exact.Whole(t.weights)) }

func (t *tally) weigh(c *Child) {
	c.weighed = true
	t.weighed, t.weights = t.weighed+1, t.weights+c.Weight
	t.sum = t.sum.Plus(c.Points.Times(exact.Whole(c.Weight)))
}

func (t *tally) count(c *Child) {
	c.counted = true
	t.counted++
	if c.Acquired {
		t.acquired++
	}
}

// tallyOf adds up children; joins says which exempted ones join the mean.
func tallyOf(children []Child, joins func(t tally, points exact.Number) bool) tally {
	var t tally
	var exempted []int
	for i := range children {
		switch c := &children[i]; {
		case c.Bonus != nil:
			t.sum = t.sum.Plus(c.above())
		case !c.Exempted:
			t.weigh(c)
			t.count(c)
		case c.Judged:
			exempted = append(exempted, i)
		}
	}
	// By points, the highest first, with the share of the bonuses if the mean begins there.
	worth := func(c Child) exact.Number {
		if t.weights > 0 {
			return c.Points
		}
		return c.Points.Plus(t.sum.Over(exact.Whole(c.Weight)))
	}
	slices.SortStableFunc(exempted, func(a, b int) int { return worth(children[b]).Cmp(worth(children[a])) })
	for _, i := range exempted {
		c := &children[i]
		if joins(t, c.Points) {
			t.weigh(c)
		}
		if c.Acquired {
			t.count(c)
		}
	}
	return t
}

// raises tells whether points raise the mean, or are the first in it.
func raises(t tally, points exact.Number) bool { return t.weights == 0 || t.mean().Less(points) }

// Points are what the parent brings to the gate above it; false if there is nothing to
// make them of.
func (g *Gate) Points(children []Child) (exact.Number, bool) {
	t := tallyOf(children, raises)
	if t.weighed == 0 {
		return exact.Number{}, false
	}
	return g.rounded(t.mean()), true
}

func (g *Gate) rounded(mean exact.Number) exact.Number {
	if g.round == nil {
		return mean
	}
	return mean.RoundTo(*g.round)
}

// Conclude tells whether the parent is acquired, and adds to findings why.
func (g *Gate) Conclude(children []Child, findings []Finding) (bool, []Finding) {
	switch {
	case g.short && g.mean != nil:
		return g.shortMean(children, findings)
	case g.short:
		return g.shortCount(children, findings)
	}
	j := judgement{tally: tallyOf(children, raises), holds: true, percent: g.percent && g.marks}
	j.explain(children)
	switch {
	case j.tally.weighed == 0: // every child is left out, which no grant allows: nothing was shown
		j.say(false, "", MeanMissed, Finding{Amount: &Amount{Reached: "0", Limit: "0"}})
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
	return j.holds, append(findings, j.findings...)
}

func (g *Gate) count() bool { return g.share > 0 || g.atLeast > 0 }

// needed is how many children must be acquired. Those that are left out are not asked
// for; one at least is.
func (g *Gate) needed(counted int) int {
	if g.share > 0 {
		return max(1, (g.share*counted+99)/100)
	}
	return max(1, min(g.atLeast, counted))
}

// judgement gathers what a gate says.
type judgement struct {
	tally     tally
	holds     bool
	percent   bool // amounts are in percent
	exemption bool // some child is exempted
	findings  []Finding
}

// say adds that something holds, or does not.
func (j *judgement) say(holds bool, kept, missed Rule, f Finding) {
	f.Rule = kept
	if !holds {
		f.Rule, j.holds = missed, false
	}
	f.Exemption = j.exemption
	if f.Amount != nil {
		f.Amount.Percent = j.percent
	}
	j.findings = append(j.findings, f)
}

// about is a finding about a child.
func about(c *Child, amount Amount) Finding { return Finding{Child: c.Code, Amount: &amount} }

// explain says what became of children that count in another way.
func (j *judgement) explain(children []Child) {
	j.exemption = slices.ContainsFunc(children, func(c Child) bool { return c.Exempted })
	for i := range children {
		switch c := &children[i]; {
		case c.Bonus != nil && !c.Judged:
			j.say(true, BonusNotTaken, "", about(c, Amount{}))
		case c.Bonus != nil:
			j.say(true, BonusCounted, "", about(c, Amount{Reached: c.above().String(), Limit: c.Bonus.Decimal()}))
		case c.Exempted && (c.weighed || c.counted):
			j.say(true, ExemptedHelps, "", about(c, Amount{Reached: c.Points.String()}))
		case c.Exempted:
			j.say(true, ExemptedLeftOut, "", about(c, Amount{}))
		}
	}
}

func (j *judgement) mean(g *Gate) {
	mean := j.tally.mean()
	rounded := g.rounded(mean)
	if rounded.Cmp(mean) != 0 {
		j.say(true, MeanRounded, "", Finding{Amount: &Amount{Reached: mean.String(), Exact: mean.InFull(), Limit: rounded.Decimal()}})
	}
	j.say(!rounded.Less(*g.mean), MeanReached, MeanMissed, Finding{
		Counted: j.tally.weighed, FromDefault: g.threshold.Default,
		Amount: &Amount{Reached: rounded.String(), Exact: rounded.InFull(), Limit: g.mean.Decimal(), Weights: j.tally.weights},
	})
}

func (j *judgement) count(g *Gate, children []Child) {
	needed := g.needed(j.tally.counted)
	if j.tally.acquired < needed && g.units {
		j.findings = notAcquired(children, j.findings)
	}
	j.say(j.tally.acquired >= needed, EnoughAcquired, TooFewAcquired,
		Finding{Points: j.tally.acquired, Required: needed, Counted: j.tally.counted})
}

func (j *judgement) floor(g *Gate, children []Child) {
	kept := true
	for i := range children {
		if c := &children[i]; c.ordinary() && c.Points.Less(*g.floor) {
			kept = false
			j.say(false, "", FloorMissed, about(c, Amount{Reached: c.Points.String(), Exact: c.Points.InFull(), Limit: g.floor.Decimal()}))
		}
	}
	if kept {
		j.say(true, FloorKept, "", Finding{Amount: &Amount{Limit: g.floor.Decimal()}})
	}
}

func (j *judgement) atMost(g *Gate, children []Child) {
	below := 0
	for i := range children {
		if c := &children[i]; c.ordinary() && c.Points.Less(g.atMost.below) {
			below++
		}
	}
	j.say(!g.atMost.most.Less(exact.Whole(below)), FewBelow, TooManyBelow,
		Finding{Points: below, Required: g.atMost.most.Int(), Amount: &Amount{Limit: g.atMost.below.Decimal()}})
}

func (j *judgement) shortfall(g *Gate, children []Child) {
	var missing exact.Number
	for i := range children {
		if c := &children[i]; c.ordinary() && c.Points.Less(g.shortfall.below) {
			missing = missing.Plus(g.shortfall.below.Minus(c.Points).Times(exact.Whole(c.Weight)))
		}
	}
	j.say(!g.shortfall.most.Less(missing), ShortfallKept, ShortfallTooLarge,
		Finding{Amount: &Amount{Reached: missing.String(), Exact: missing.InFull(), Limit: g.shortfall.most.Decimal()}})
}

// shortMean is a threshold over criteria. An exempted one joins if its points reach the
// threshold, which decides the same as if it joined where it raises the mean.
func (g *Gate) shortMean(children []Child, findings []Finding) (bool, []Finding) {
	t := tallyOf(children, func(_ tally, points exact.Number) bool { return !points.Less(*g.mean) })
	all := g.shortFinding(PointsMissed)
	for i := range children {
		if c := &children[i]; c.Exempted {
			all.Exemption = true
			findings = append(findings, g.shortExempted(c))
		}
	}
	all.Points, all.Required, all.Counted = t.sum.Int(), g.threshold.Value*t.weights, t.weighed
	// If every criterion is left out, which no grant allows, nothing was shown.
	reached := t.weighed > 0 && all.Points >= all.Required
	if reached {
		all.Rule = PointsReached
	}
	return reached, append(findings, all)
}

func (g *Gate) shortFinding(rule Rule) Finding {
	return Finding{Rule: rule, Threshold: g.threshold.Value, FromDefault: g.threshold.Default}
}

// shortExempted says what became of an exempted criterion in the sum.
func (g *Gate) shortExempted(c *Child) Finding {
	f := Finding{Rule: ExemptedLeftOut}
	if c.weighed {
		f = g.shortFinding(ExemptedCounts)
		f.Points = c.Points.Int()
	}
	f.Child, f.Exemption = c.Code, true
	return f
}

// shortCount is a threshold over compétences. Its points are 100 for each that is
// acquired.
func (g *Gate) shortCount(children []Child, findings []Finding) (bool, []Finding) {
	t := tallyOf(children, raises)
	all := g.shortFinding(CompetencesReached)
	all.Points, all.Required, all.Counted = 100*t.acquired, g.threshold.Value*t.counted, t.counted
	if all.Points >= all.Required {
		return true, append(findings, all)
	}
	all.Rule = CompetencesMissed
	return false, append(notAcquired(children, findings), all)
}

// notAcquired names the units that a bloc lacks.
func notAcquired(children []Child, findings []Finding) []Finding {
	for i := range children {
		if c := &children[i]; !c.Acquired && c.Bonus == nil {
			findings = append(findings, Finding{Rule: NotAcquired, Child: c.Code})
		}
	}
	return findings
}
