// Package agreement finds what the findings of several assessors on one criterion come to,
// as a référentiel says. The order in which they were given does not matter: everything here
// is sums, and the highest and the lowest of them.
//
// It knows no jury. If findings differ, the rules ask first whether the jury settled them.
package agreement

import "github.com/acquis-eval/acquis/rules/exact"

// Kind says how findings make one.
type Kind string

// The kinds of agreement.
const (
	Unanimous Kind = "UNANIMOUS" // all find the same, otherwise it is contested
	Mean      Kind = "MEAN"      // the mean; too far apart, it is contested or waits for a third reading
	Weighted  Kind = "WEIGHTED"  // the mean of each quality, by its weight; each is needed
	Joint     Kind = "JOINT"     // as UNANIMOUS, but assessors see what the others found
)

// Agreement is one that Given.Compile made.
type Agreement struct {
	Kind    Kind
	Gap     *exact.Number // how far apart findings may be; nil: any distance
	third   string
	weights []weight
}

type weight struct {
	quality string
	percent int
}

// Averages tells whether it can make points that no assessor gave.
func (a *Agreement) Averages() bool { return a.Kind == Mean || a.Kind == Weighted }

// Qualities are those in which one must assess; none if anybody may.
func (a *Agreement) Qualities() (codes []string) {
	for _, w := range a.weights {
		codes = append(codes, w.quality)
	}
	return codes
}

// Finding is what somebody found, who assesses in a quality or in none.
type Finding struct {
	Quality string
	Said    string
	Points  exact.Number
}

// State says whether there is a finding.
type State int

// The states.
const (
	Found State = iota
	Pending
	Contested
)

// Result is what findings come to.
type Result struct {
	State             State
	Said              string        // if all said the same, or else
	Points            *exact.Number // what they come to
	Rule              string        // the name of the rules' reason
	Counted, Required int           // assessors, or qualities
	Amount, Limit     *exact.Number // that the reason names
}

// Of finds what findings come to, of so many regular assessors at least.
func (a *Agreement) Of(findings []Finding, atLeast int) Result {
	regular, third := findings, []Finding(nil)
	if a.third != "" {
		regular, third = apart(findings, a.third)
	}
	switch {
	case len(regular) < atLeast || len(regular) == 0:
		return Result{State: Pending, Rule: "TOO_FEW_ASSESSORS", Counted: len(regular), Required: atLeast}
	case a.Kind == Weighted:
		return a.weigh(regular)
	case same(regular):
		return agreed("ASSESSORS_AGREE", regular)
	case a.Kind == Joint || a.Kind == Unanimous:
		return Result{State: Contested, Rule: "ASSESSORS_DISAGREE", Counted: len(regular)}
	}
	return a.mean(regular, third)
}

// apart parts findings into those of a quality and the others.
func apart(findings []Finding, quality string) (others, theirs []Finding) {
	for _, f := range findings {
		if f.Quality == quality {
			theirs = append(theirs, f)
		} else {
			others = append(others, f)
		}
	}
	return others, theirs
}

func same(findings []Finding) bool {
	for _, f := range findings {
		if f.Said != findings[0].Said {
			return false
		}
	}
	return true
}

func agreed(rule string, findings []Finding) Result {
	return Result{Said: findings[0].Said, Rule: rule, Counted: len(findings)}
}

// mean is that of findings which are near enough, or what is found by a third reading.
func (a *Agreement) mean(regular, third []Finding) Result {
	if a.Gap == nil {
		return averaged("MEAN_OF_ASSESSORS", regular, nil)
	}
	gap := distance(regular)
	if !a.Gap.Less(gap) {
		return averaged("MEAN_WITHIN_GAP", regular, a.Gap)
	}
	far := Result{State: Contested, Rule: "ASSESSORS_TOO_FAR_APART", Counted: len(regular), Amount: &gap, Limit: a.Gap}
	switch {
	case a.third == "":
		return far
	case len(third) == 0:
		far.State, far.Rule = Pending, "THIRD_READING_NEEDED"
		return far
	case a.Gap.Less(distance(third)):
		return Result{State: Contested, Rule: "ASSESSORS_DISAGREE", Counted: len(third)}
	}
	read := averaged("THIRD_READING", third, a.Gap)
	if same(third) {
		read.Said, read.Points = third[0].Said, nil
	}
	return read
}

func averaged(rule string, findings []Finding, gap *exact.Number) Result {
	mean := meanOf(findings)
	return Result{Points: &mean, Rule: rule, Counted: len(findings), Amount: &mean, Limit: gap}
}

// weigh adds up the means of the qualities by their weights. Who has none of them does not
// count; the rules let no such finding in.
func (a *Agreement) weigh(findings []Finding) Result {
	var sum exact.Number
	heard := 0
	for _, w := range a.weights {
		if _, theirs := apart(findings, w.quality); len(theirs) > 0 {
			heard++
			sum = sum.Plus(meanOf(theirs).Times(exact.Whole(w.percent)))
		}
	}
	switch {
	case heard < len(a.weights):
		return Result{State: Pending, Rule: "QUALITY_MISSING", Counted: heard, Required: len(a.weights)}
	case same(findings):
		return agreed("ASSESSORS_AGREE", findings)
	}
	points := sum.Over(exact.Whole(100))
	return Result{Points: &points, Rule: "WEIGHTED_ASSESSORS", Counted: len(findings), Amount: &points}
}

func meanOf(findings []Finding) exact.Number {
	var sum exact.Number
	for _, f := range findings {
		sum = sum.Plus(f.Points)
	}
	return sum.Over(exact.Whole(len(findings)))
}

// distance is how far the highest and the lowest finding are apart.
func distance(findings []Finding) exact.Number {
	low, high := findings[0].Points, findings[0].Points
	for _, f := range findings[1:] {
		if f.Points.Less(low) {
			low = f.Points
		}
		if high.Less(f.Points) {
			high = f.Points
		}
	}
	return high.Minus(low)
}
