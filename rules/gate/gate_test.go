package gate

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/acquis-eval/acquis/rules/exact"
	"pgregory.net/rapid"
)

// pupil is a child as the second implementation of gates knows it.
type pupil struct {
	points             *big.Rat // nil: there are none
	acquired, exempted bool
	weight             int64
	bonus              *big.Rat
}

func (p pupil) ordinary() bool { return p.points != nil && !p.exempted && p.bonus == nil }

// bestMean is the highest of all means that any choice of exempted pupils gives; nil if
// there is none.
func bestMean(pupils []pupil) *big.Rat {
	sum, weights := new(big.Rat), new(big.Rat)
	var free []pupil
	for _, p := range pupils {
		switch {
		case p.bonus != nil:
			if p.points != nil && p.points.Cmp(p.bonus) > 0 {
				above := new(big.Rat).Sub(p.points, p.bonus)
				sum.Add(sum, above.Mul(above, big.NewRat(p.weight, 1)))
			}
		case p.exempted && p.points != nil:
			free = append(free, p)
		case !p.exempted:
			sum.Add(sum, new(big.Rat).Mul(p.points, big.NewRat(p.weight, 1)))
			weights.Add(weights, big.NewRat(p.weight, 1))
		}
	}
	var best *big.Rat
	for choice := range 1 << len(free) {
		s, w := new(big.Rat).Set(sum), new(big.Rat).Set(weights)
		for i, p := range free {
			if choice>>i&1 == 1 {
				s.Add(s, new(big.Rat).Mul(p.points, big.NewRat(p.weight, 1)))
				w.Add(w, big.NewRat(p.weight, 1))
			}
		}
		if w.Sign() > 0 {
			if mean := s.Quo(s, w); best == nil || mean.Cmp(best) > 0 {
				best = mean
			}
		}
	}
	return best
}

// halvesUp rounds to a multiple of a step.
func halvesUp(x, step *big.Rat) *big.Rat {
	twice := new(big.Rat).Quo(x, step)
	twice.Mul(twice, big.NewRat(2, 1)).Add(twice, big.NewRat(1, 1))
	n := new(big.Int).Div(twice.Num(), new(big.Int).Mul(twice.Denom(), big.NewInt(2)))
	return new(big.Rat).Mul(new(big.Rat).SetInt(n), step)
}

// passes says whether a gate acquires, written from its description alone.
func passes(g Given, pupils []pupil) bool {
	rat := func(text string) *big.Rat { r, _ := new(big.Rat).SetString(text); return r }
	mean := bestMean(pupils)
	if mean == nil {
		return false
	}
	if g.Mean != nil {
		if g.Mean.RoundTo != "" {
			mean = halvesUp(mean, rat(g.Mean.RoundTo))
		}
		if mean.Cmp(rat(g.Mean.Threshold)) < 0 {
			return false
		}
	}
	counted, acquired, below := 0, 0, 0
	missing := new(big.Rat)
	for _, p := range pupils {
		if p.bonus != nil {
			continue
		}
		if p.acquired {
			acquired++
		}
		if p.acquired || !p.exempted {
			counted++
		}
		if !p.ordinary() {
			continue
		}
		if g.Floor != "" && p.points.Cmp(rat(g.Floor)) < 0 {
			return false
		}
		if g.AtMost != nil && p.points.Cmp(rat(g.AtMost.Below)) < 0 {
			below++
		}
		if g.Shortfall != nil && p.points.Cmp(rat(g.Shortfall.Below)) < 0 {
			short := new(big.Rat).Sub(rat(g.Shortfall.Below), p.points)
			missing.Add(missing, short.Mul(short, big.NewRat(p.weight, 1)))
		}
	}
	switch {
	case g.AtMost != nil && below > *g.AtMost.Number:
		return false
	case g.Shortfall != nil && missing.Cmp(rat(g.Shortfall.AtMost)) > 0:
		return false
	case g.Count == nil:
		return true
	case g.Count.Percent != nil:
		return acquired > 0 && acquired*100 >= *g.Count.Percent*counted
	}
	return acquired > 0 && acquired >= min(*g.Count.AtLeast, counted)
}

// genDecimal is a number of points between 0 and 100.
func genDecimal() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"0", "50", "100", "66.667", "75", "33.333"}),
		rapid.Custom(func(t *rapid.T) string {
			n := exact.Whole(rapid.IntRange(0, 100_000).Draw(t, "thousandths"))
			return n.Over(exact.Whole(1000)).Decimal()
		}),
	)
}

// genGate is a gate above so many children.
func genGate(children int) *rapid.Generator[Given] {
	return rapid.Custom(func(t *rapid.T) Given {
		var g Given
		given := rapid.IntRange(1, 31).Draw(t, "conditions")
		if given&1 != 0 {
			g.Mean = &Mean{Threshold: genDecimal().Draw(t, "threshold"), RoundTo: rapid.SampledFrom([]string{"", "", "0.5", "0.1", "7"}).Draw(t, "step")}
		}
		if given&2 != 0 {
			percent, atLeast := rapid.IntRange(1, 100).Draw(t, "percent"), rapid.IntRange(1, children).Draw(t, "at least")
			g.Count = &Count{Percent: &percent}
			if rapid.Bool().Draw(t, "number") {
				g.Count = &Count{AtLeast: &atLeast}
			}
		}
		if given&4 != 0 {
			g.Floor = genDecimal().Draw(t, "floor")
		}
		if given&8 != 0 {
			number := rapid.IntRange(0, children).Draw(t, "number")
			g.AtMost = &AtMost{Number: &number, Below: genDecimal().Draw(t, "below")}
		}
		if given&16 != 0 {
			g.Shortfall = &Shortfall{Below: genDecimal().Draw(t, "below"), AtMost: genDecimal().Draw(t, "missing")}
		}
		return g
	})
}

// compiledGate compiles a gate above children.
func compiledGate(t *rapid.T, g Given, children int) *Gate {
	of := Children{Path: "children", Number: children, High: exact.Whole(100)}
	return g.Compile(of, func(field, format string, args ...any) { t.Fatalf(field+": "+format, args...) })
}

// TestGateAgainstASecondOne compares every gate with an implementation that tries all
// choices of exempted children, in rational numbers.
func TestGateAgainstASecondOne(t *testing.T) {
	reached := make(map[string]int)
	property := func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "children")
		g := genGate(n).Draw(t, "gate")
		children, pupils := make([]Child, n), make([]pupil, n)
		for i := range n {
			text := genDecimal().Draw(t, "points")
			points, _ := exact.Parse(text)
			if rapid.IntRange(0, 4).Draw(t, "large") == 0 { // a mean of means may be any fraction
				over := rapid.IntRange(1, 1<<29).Draw(t, "over")
				points = points.Times(exact.Whole(over - 1)).Over(exact.Whole(over))
				reached["large"]++
			}
			c := Child{
				Code: fmt.Sprint(i), Points: points, Judged: true, Weight: rapid.IntRange(1, 1000).Draw(t, "weight"),
				Acquired: rapid.Bool().Draw(t, "acquired"), Exempted: rapid.IntRange(0, 2).Draw(t, "exempted") == 0,
			}
			p := pupil{points: points.Rat(), acquired: c.Acquired, exempted: c.Exempted, weight: int64(c.Weight)}
			if i > 0 && rapid.IntRange(0, 4).Draw(t, "bonus") == 0 {
				bonus, _ := exact.Parse(genDecimal().Draw(t, "above"))
				c.Bonus, p.bonus = &bonus, bonus.Rat()
				reached["bonus"]++
			} else if c.Exempted {
				reached["exempted"]++
				if rapid.Bool().Draw(t, "never judged") {
					c.Judged, c.Points, c.Acquired = false, exact.Number{}, false
					p.points, p.acquired = nil, false
				}
			}
			children[i], pupils[i] = c, p
		}
		made := compiledGate(t, g, n)
		acquired, findings := made.Conclude(children, nil)
		reached[fmt.Sprint("acquired: ", acquired)]++
		if acquired != passes(g, pupils) {
			t.Fatalf("acquired: %t, by %v", acquired, findings)
		}
		points, ok := made.Points(children)
		if best := bestMean(pupils); ok != (best != nil) || ok && made.round == nil && points.Rat().Cmp(best) != 0 {
			t.Fatalf("the points are %v, and the best mean is %v", points, best)
		}
	}
	for round := 0; len(reached) < 5 && !t.Failed(); round++ { // -short makes each round small
		if round == 1000 {
			t.Fatalf("only reached: %v", reached)
		}
		rapid.Check(t, property)
	}
}

// TestShortFormIsTheSameGate: a threshold in percent decides as the gate that it
// stands for, though its reasons count otherwise.
func TestShortFormIsTheSameGate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, percent := rapid.IntRange(1, 6).Draw(t, "children"), rapid.IntRange(1, 100).Draw(t, "percent")
		children := make([]Child, n)
		for i := range children {
			points := rapid.SampledFrom([]int{0, 50, 100}).Draw(t, "points")
			children[i] = Child{
				Points: exact.Whole(points), Judged: true, Acquired: points == 100,
				Exempted: rapid.Bool().Draw(t, "exempted"), Weight: rapid.IntRange(1, 1000).Draw(t, "weight"),
			}
		}
		got, _ := MeanOf(Threshold{Value: percent}, true, Children{}).Conclude(children, nil)
		long := compiledGate(t, Given{Mean: &Mean{Threshold: fmt.Sprint(percent)}}, n)
		if want, _ := long.Conclude(children, nil); got != want {
			t.Fatalf("%t, and as a gate %t", got, want)
		}
	})
}
