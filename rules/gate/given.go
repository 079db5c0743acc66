package gate

import "github.com/acquis-eval/acquis/rules/exact"

// Given is a gate as a référentiel gives it. Numbers that are texts are decimals, and
// fields are named as référentiels name them.
type Given struct {
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

// Children is what a référentiel says of the children below a gate, before anybody is
// assessed.
type Children struct {
	Path            string // the field that lists them
	Number, Bonuses int
	Low, High       exact.Number // of their points, if those are not made percent
	AnyPoints       bool         // nothing is known of their points
	Marks           bool         // some are assessed by marks
	Units           bool         // they are units of a bloc
}

// A Report takes what is wrong with a field of what is read.
type Report func(field, format string, args ...any)

// under reports of a field below one.
func (r Report) under(field string) Report {
	return func(of, format string, args ...any) { r(field+of, format, args...) }
}

// MeanOf is the gate that stands for a threshold in percent of points. In short form its
// findings count points as whole numbers.
func MeanOf(threshold Threshold, short bool, of Children) *Gate {
	mean := exact.Whole(threshold.Value)
	return &Gate{short: short, threshold: threshold, mean: &mean, percent: true, marks: of.Marks, units: of.Units}
}

// ShareOf is the gate that stands for a threshold in percent of acquired children.
func ShareOf(threshold Threshold, of Children) *Gate {
	return &Gate{short: true, threshold: threshold, share: threshold.Value, marks: of.Marks, units: of.Units}
}

// From is the gate of which the mean must reach so many points, in the unit of the children.
func From(points exact.Number, byDefault bool, of Children) *Gate {
	return &Gate{mean: &points, threshold: Threshold{Default: byDefault}, marks: of.Marks, units: of.Units}
}

// Compile compiles a gate above some children, and reports everything that is wrong with
// it.
func (given *Given) Compile(of Children, report Report) *Gate {
	g := &Gate{percent: given.InPercent, marks: of.Marks, units: of.Units}
	if given.Mean == nil && given.Count == nil && given.Floor == "" && given.AtMost == nil && given.Shortfall == nil {
		report("", "must have a mean, a count, a floor, an at_most or a shortfall")
	}
	if m := given.Mean; m != nil {
		g.mean = of.Points(m.Threshold, g.percent, report.under(".mean.threshold"))
		if m.RoundTo != "" {
			g.round = Number(m.RoundTo, report.under(".mean.round_to"))
			if g.round != nil && g.round.Cmp(exact.Number{}) <= 0 {
				report(".mean.round_to", "must be above 0")
			}
		}
	}
	if given.Count != nil {
		given.Count.compile(g, of, report.under(".count"))
	}
	if given.Floor != "" {
		g.floor = of.Points(given.Floor, g.percent, report.under(".floor"))
	}
	if a := given.AtMost; a != nil {
		g.atMost = new(limit)
		g.atMost.below = OrZero(of.Points(a.Below, g.percent, report.under(".at_most.below")))
		if a.Number == nil {
			report(".at_most.number", "must not be empty")
		}
		g.atMost.most = exact.Whole(between(a.Number, 0, report.under(".at_most.number")))
	}
	if s := given.Shortfall; s != nil {
		g.shortfall = new(limit)
		g.shortfall.below = OrZero(of.Points(s.Below, g.percent, report.under(".shortfall.below")))
		g.shortfall.most = OrZero(Number(s.AtMost, report.under(".shortfall.at_most")))
		if g.shortfall.most.Less(exact.Number{}) {
			report(".shortfall.at_most", "must not be below 0")
		}
	}
	return g
}

func (given *Count) compile(g *Gate, of Children, report Report) {
	if (given.Percent == nil) == (given.AtLeast == nil) {
		report("", "must have either percent or at_least")
	}
	g.share = between(given.Percent, 1, report.under(".percent"))
	g.atLeast = between(given.AtLeast, 1, report.under(".at_least"))
	if others := of.Number - of.Bonuses; g.atLeast > others {
		report(".at_least", "is %d, but only %d of %s are no bonus", g.atLeast, others, of.Path)
	}
}

// between reads a whole number up to 100; 0 if there is none.
func between(given *int, low int, report Report) int {
	if given == nil {
		return 0
	}
	if *given < low || *given > 100 {
		report("", "is %d; must be %d to 100", *given, low)
	}
	return *given
}

// Number reads a number; nil if it is none.
func Number(text string, report Report) *exact.Number {
	x, ok := exact.Parse(text)
	if !ok {
		report("", `%q must be a number such as "10" or "12.5", with at most 4 digits before the point and 3 after it, and no needless zero`, text)
		return nil
	}
	return &x
}

// Points reads a number of points, which a child must be able to have.
func (of Children) Points(text string, percent bool, report Report) *exact.Number {
	x := Number(text, report)
	low, high := of.Low, of.High
	if percent {
		low, high = exact.Number{}, exact.Whole(100)
	}
	if x != nil && !of.AnyPoints && (x.Less(low) || high.Less(*x)) {
		report("", "is %s; points are %s to %s", text, low.Decimal(), high.Decimal())
	}
	return x
}

// OrZero is a number that was read, or zero.
func OrZero(x *exact.Number) exact.Number {
	if x == nil {
		return exact.Number{}
	}
	return *x
}
