package rules

import (
	"fmt"
	"math/big"
	"strings"
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
func passes(g Gate, pupils []pupil) bool {
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
func genGate(children int) *rapid.Generator[Gate] {
	return rapid.Custom(func(t *rapid.T) Gate {
		var g Gate
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

// compiledGate compiles a gate above children of which the last are bonuses.
func compiledGate(t *rapid.T, g Gate, children int) *gate {
	c := &gateCompiler{scheme: new(Scheme)}
	made := c.gate("gate", &g, family{path: "children", children: children})
	if len(c.problems) > 0 {
		t.Fatal(c.problems)
	}
	return made
}

// TestGateAgainstASecondOne compares every gate with an implementation that tries all
// choices of exempted children, in rational numbers.
func TestGateAgainstASecondOne(t *testing.T) {
	untilReached(t, []string{"ACQUIRED", "NOT_ACQUIRED", "exempted", "bonus", "large"}, func(t *rapid.T, reached map[string]int) {
		n := rapid.IntRange(1, 6).Draw(t, "children")
		g := genGate(n).Draw(t, "gate")
		children, pupils := make([]child, n), make([]pupil, n)
		for i := range n {
			text := genDecimal().Draw(t, "points")
			points, _ := exact.Parse(text)
			if rapid.IntRange(0, 4).Draw(t, "large") == 0 { // a mean of means may be any fraction
				over := rapid.IntRange(1, 1<<29).Draw(t, "over")
				points = points.Times(exact.Whole(over - 1)).Over(exact.Whole(over))
				reached["large"]++
			}
			c := child{
				code: fmt.Sprint(i), points: points, judged: true, weight: rapid.IntRange(1, 1000).Draw(t, "weight"),
				acquired: rapid.Bool().Draw(t, "acquired"), exempted: rapid.IntRange(0, 2).Draw(t, "exempted") == 0,
			}
			p := pupil{points: points.Rat(), acquired: c.acquired, exempted: c.exempted, weight: int64(c.weight)}
			if i > 0 && rapid.IntRange(0, 4).Draw(t, "bonus") == 0 {
				bonus, _ := exact.Parse(genDecimal().Draw(t, "above"))
				c.bonus, p.bonus = &bonus, bonus.Rat()
				reached["bonus"]++
			} else if c.exempted {
				reached["exempted"]++
				if rapid.Bool().Draw(t, "never judged") {
					c.judged, c.points, c.acquired = false, exact.Number{}, false
					p.points, p.acquired = nil, false
				}
			}
			children[i], pupils[i] = c, p
		}
		made := compiledGate(t, g, n)
		outcome, reasons := made.conclude(Reason{Competence: "C"}, children)
		reached[string(outcome)]++
		if (outcome == Acquired) != passes(g, pupils) {
			t.Fatalf("%s: %v", outcome, reasons)
		}
		points, ok := made.points(children)
		if best := bestMean(pupils); ok != (best != nil) || ok && made.round == nil && points.Rat().Cmp(best) != 0 {
			t.Fatalf("the points are %v, and the best mean is %v", points, best)
		}
	})
}

// TestShortFormIsTheSameGate: a threshold in percent decides as the gate that it
// stands for, though its reasons count otherwise.
func TestShortFormIsTheSameGate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, percent := rapid.IntRange(1, 6).Draw(t, "children"), rapid.IntRange(1, 100).Draw(t, "percent")
		children := make([]child, n)
		for i := range children {
			verdict := genVerdict().Draw(t, "verdict")
			children[i] = child{
				points: exact.Whole(verdict.Points()), judged: true, acquired: verdict == Met,
				exempted: rapid.Bool().Draw(t, "exempted"), weight: rapid.IntRange(1, 1000).Draw(t, "weight"),
			}
		}
		mean := exact.Whole(percent)
		short := &gate{short: true, threshold: Number{Value: percent}, mean: &mean}
		got, _ := short.conclude(Reason{Competence: "C"}, children)
		long := compiledGate(t, Gate{Mean: &Mean{Threshold: fmt.Sprint(percent)}}, n)
		if want, _ := long.conclude(Reason{Competence: "C"}, children); got != want {
			t.Fatalf("%s, and as a gate %s", got, want)
		}
	})
}

// wrong are the gates of one référentiel after a change, and all that is said of them.
func TestCheckGates(t *testing.T) {
	n := func(n int) *int { return &n }
	mean := func(threshold string) *Gate { return &Gate{Mean: &Mean{Threshold: threshold}} }
	for name, c := range map[string]struct {
		change func(s *Spec, b *Bloc, k *Unit)
		want   []string
	}{
		"nothing given":      {func(s *Spec, b *Bloc, k *Unit) { b.Gate = new(Gate) }, []string{"blocs[0].gate: must have a mean, a count, a floor, an at_most or a shortfall"}},
		"no number":          {func(s *Spec, b *Bloc, k *Unit) { b.Gate = mean("") }, []string{`blocs[0].gate.mean.threshold: "" must be a number such as "10" or "12.5", with at most 4 digits before the point and 3 after it, and no needless zero`}},
		"threshold too high": {func(s *Spec, b *Bloc, k *Unit) { k.Gate = mean("100.5") }, []string{"blocs[0].competences[0].gate.mean.threshold: is 100.5; points are 0 to 100"}},
		"gate of the référentiel, said once": {func(s *Spec, b *Bloc, k *Unit) { s.CompetenceGate = mean("-1") },
			[]string{"rules.competence_gate.mean.threshold: is -1; points are 0 to 100"}},
		"step 0":       {func(s *Spec, b *Bloc, k *Unit) { k.Gate = mean("1"); k.Gate.Mean.RoundTo = "0" }, []string{"blocs[0].competences[0].gate.mean.round_to: must be above 0"}},
		"empty count":  {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &Gate{Count: &Count{}} }, []string{"blocs[0].competences[0].gate.count: must have either percent or at_least"}},
		"both counts":  {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &Gate{Count: &Count{n(1), n(1)}} }, []string{"blocs[0].competences[0].gate.count: must have either percent or at_least"}},
		"percent 0":    {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &Gate{Count: &Count{Percent: n(0)}} }, []string{"blocs[0].competences[0].gate.count.percent: is 0; must be 1 to 100"}},
		"percent 101":  {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &Gate{Count: &Count{Percent: n(101)}} }, []string{"blocs[0].competences[0].gate.count.percent: is 101; must be 1 to 100"}},
		"at least 3":   {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &Gate{Count: &Count{AtLeast: n(3)}} }, []string{"blocs[0].competences[0].gate.count.at_least: is 3, but only 2 of blocs[0].competences[0].criteria are no bonus"}},
		"at least 0":   {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &Gate{Count: &Count{AtLeast: n(0)}} }, []string{"blocs[0].competences[0].gate.count.at_least: is 0; must be 1 to 100"}},
		"floor":        {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &Gate{Floor: "101"} }, []string{"blocs[0].competences[0].gate.floor: is 101; points are 0 to 100"}},
		"at most":      {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &Gate{AtMost: &AtMost{n(-1), "101"}} }, []string{"blocs[0].competences[0].gate.at_most.below: is 101; points are 0 to 100", "blocs[0].competences[0].gate.at_most.number: is -1; must be 0 to 100"}},
		"at most what": {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &Gate{AtMost: &AtMost{nil, "10"}} }, []string{"blocs[0].competences[0].gate.at_most.number: must not be empty"}},
		"shortfall":    {func(s *Spec, b *Bloc, k *Unit) { k.Gate = &Gate{Shortfall: &Shortfall{"101", "-1"}} }, []string{"blocs[0].competences[0].gate.shortfall.below: is 101; points are 0 to 100", "blocs[0].competences[0].gate.shortfall.at_most: must not be below 0"}},
		"both forms": {func(s *Spec, b *Bloc, k *Unit) {
			s.CompetenceGate, s.BlocGate = mean("1"), mean("1")
			s.Rules.CompetenceThreshold, s.Rules.BlocThreshold = n(1), n(1)
		}, []string{"rules.competence_gate: must be left out if competence_threshold_percent is given, which is a gate in short form", "rules.bloc_gate: must be left out if bloc_threshold_percent is given, which is a gate in short form"}},
		"weight 0":    {func(s *Spec, b *Bloc, k *Unit) { k.Criteria[1].Weight = n(0) }, []string{"blocs[0].competences[0].criteria[1].weight: is 0; must be 1 to 1000"}},
		"weight 1001": {func(s *Spec, b *Bloc, k *Unit) { k.Criteria[1].Weight = n(1001) }, []string{"blocs[0].competences[0].criteria[1].weight: is 1001; must be 1 to 1000"}},
		"weight that no gate reads": {func(s *Spec, b *Bloc, k *Unit) { k.Weight = n(2) },
			[]string{"blocs[0].competences[0].weight: has no effect: the gate above it has no mean"}},
		"bonus that no gate reads": {func(s *Spec, b *Bloc, k *Unit) {
			k.Criteria[1].BonusAbove, k.Gate = "50", &Gate{Count: &Count{AtLeast: n(1)}}
		},
			[]string{"blocs[0].competences[0].criteria[1].bonus_above: has no effect: the gate above it has no mean"}},
		"all bonuses": {func(s *Spec, b *Bloc, k *Unit) { k.Criteria[0].BonusAbove, k.Criteria[1].BonusAbove = "50", "50" }, []string{"blocs[0].competences[0].criteria: are all bonuses; one at least must be none"}},
		"eliminatory bonus": {func(s *Spec, b *Bloc, k *Unit) {
			k.Criteria[1].BonusAbove, k.Criteria[1].Eliminatory = "50", true
		}, []string{"blocs[0].competences[0].criteria[1].bonus_above: a bonus is not needed, so it must not be eliminatory"}},
		"bonus with something eliminatory in it": {func(s *Spec, b *Bloc, k *Unit) {
			b.Gate, k.BonusAbove, k.Criteria[1].Eliminatory = mean("50"), "50", true
		}, []string{"blocs[0].competences[0].bonus_above: a bonus is not needed, so it must not have an eliminatory criterion"}},
		"sound": {func(s *Spec, b *Bloc, k *Unit) {
			b.Gate, k.Weight, k.Criteria[0].Weight, k.Criteria[1].BonusAbove = mean("0"), n(1000), n(1), "0"
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			spec := Spec{Blocs: []Bloc{{Code: "B1", Units: []Unit{
				{Code: "C1", Criteria: []Criterion{{Code: "C1.1"}, {Code: "C1.2"}}}, {Code: "C2", Criteria: []Criterion{{Code: "C2.1"}}},
			}}}}
			c.change(&spec, &spec.Blocs[0], &spec.Blocs[0].Units[0])
			var got []string
			for _, p := range CheckGates(spec) {
				got = append(got, p.Error())
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if _, err := NewScheme(spec); (err == nil) != (c.want == nil) || err != nil && err.Error() != strings.Join(c.want, "\n") {
				t.Errorf("compiling says %v", err)
			}
		})
	}
}

// TestCheckScales: what can be wrong with a scale, and with a gate above several.
func TestCheckScales(t *testing.T) {
	n := func(n int) *int { return &n }
	note, abc := Scale{Code: "note", Marks: &Marks{"1", "6", "0.5"}}, Scale{Code: "abc", Levels: []Level{{"A", n(100)}, {"B", n(0)}}}
	const form = ` must be a number such as "10" or "12.5", with at most 4 digits before the point and 3 after it, and no needless zero`
	for name, c := range map[string]struct {
		change func(s *Spec, k *Unit)
		want   []string
	}{
		"sound": {func(s *Spec, k *Unit) {
			s.Scale, k.Criteria[0].Scale, k.Gate = "note", "abc", &Gate{Floor: "50", InPercent: true}
		}, nil},
		"sound, in its own unit": {func(s *Spec, k *Unit) {
			s.Scale, k.Gate = "note", &Gate{Mean: &Mean{"4", "0.1"}, Shortfall: &Shortfall{"4", "2"}}
		}, nil},
		"neither":                   {func(s *Spec, k *Unit) { s.Scales[0].Marks = nil }, []string{"scales[0]: must have either levels or marks"}},
		"both":                      {func(s *Spec, k *Unit) { s.Scales[0].Levels = abc.Levels }, []string{"scales[0]: must have either levels or marks"}},
		"no marks":                  {func(s *Spec, k *Unit) { s.Scales[0].Marks.Min = "1.0" }, []string{`scales[0].marks.min: "1.0"` + form}},
		"upside down":               {func(s *Spec, k *Unit) { s.Scales[0].Marks.Max = "1" }, []string{"scales[0].marks.max: must be above min"}},
		"no step":                   {func(s *Spec, k *Unit) { s.Scales[0].Marks.Step = "0" }, []string{"scales[0].marks.step: must be above 0"}},
		"step that misses the best": {func(s *Spec, k *Unit) { s.Scales[0].Marks.Step = "0.3" }, []string{"scales[0].marks.step: must lead from min to max in whole steps"}},
		"pass beyond":               {func(s *Spec, k *Unit) { s.Scales[0].Pass = "6.5" }, []string{"scales[0].pass: is 6.5; must be points of the scale"}},
		"same code":                 {func(s *Spec, k *Unit) { s.Scales[1].Code = "note" }, []string{`scales[1].code: "note" is the code of another scale`}},
		"unknown":                   {func(s *Spec, k *Unit) { s.Scale, k.Criteria[1].Scale = "x", "y" }, []string{`rules.scale: "x" is not a scale of this référentiel`, `blocs[0].competences[0].criteria[1].scale: "y" is not a scale of this référentiel`}},
		"one level":                 {func(s *Spec, k *Unit) { s.Scales[1].Levels = s.Scales[1].Levels[:1] }, []string{"scales[1].levels: must be two at least"}},
		"level twice":               {func(s *Spec, k *Unit) { s.Scales[1].Levels[1].Code = "A" }, []string{`scales[1].levels[1].code: "A" is the code of another level`}},
		"verdict":                   {func(s *Spec, k *Unit) { s.Scales[1].Levels[1].Code = "MET" }, []string{`scales[1].levels[1].code: "MET" is a verdict`}},
		"wrong order": {func(s *Spec, k *Unit) {
			s.Scales[1].Levels[0].Points, s.Scales[1].Levels[1].Points = n(10), n(20)
		}, []string{"scales[1].levels[1].points: is more than those of the level before it; the best comes first"}},
		"too much":         {func(s *Spec, k *Unit) { s.Scales[1].Levels[0].Points = n(101) }, []string{"scales[1].levels[0].points: is 101; must be 0 to 100"}},
		"no points":        {func(s *Spec, k *Unit) { s.Scales[1].Levels[1].Points = nil }, []string{"scales[1].levels[1].points: must not be empty"}},
		"threshold beyond": {func(s *Spec, k *Unit) { s.Scale, k.Gate = "note", &Gate{Mean: &Mean{"6.5", ""}} }, []string{"blocs[0].competences[0].gate.mean.threshold: is 6.5; points are 1 to 6"}},
		"bonus beyond": {func(s *Spec, k *Unit) {
			s.Scale, k.Gate, k.Criteria[1].BonusAbove = "note", &Gate{Mean: &Mean{"4", ""}}, "0.5"
		}, []string{"blocs[0].competences[0].criteria[1].bonus_above: is 0.5; points are 1 to 6"}},
		"mixed": {func(s *Spec, k *Unit) { s.Scale, k.Criteria[0].Scale, k.Gate = "note", "abc", &Gate{Floor: "5"} },
			[]string{"blocs[0].competences[0].criteria: are not on one scale, so the gate above them must be in_percent"}},
		"mixed in a bloc": {func(s *Spec, k *Unit) {
			k.Criteria[0].Scale, k.Criteria[1].Scale, s.BlocGate = "note", "note", &Gate{Mean: &Mean{"5", ""}}
		}, []string{"blocs[0].competences: are not on one scale, so the gate above them must be in_percent"}},
	} {
		t.Run(name, func(t *testing.T) {
			marks := *note.Marks
			spec := Spec{
				Scales: []Scale{{Code: "note", Marks: &marks}, {Code: "abc", Levels: []Level{abc.Levels[0], abc.Levels[1]}}},
				Blocs: []Bloc{{Code: "B1", Units: []Unit{
					{Code: "C1", Criteria: []Criterion{{Code: "C1.1"}, {Code: "C1.2"}}}, {Code: "C2", Criteria: []Criterion{{Code: "C2.1"}}},
				}}},
			}
			c.change(&spec, &spec.Blocs[0].Units[0])
			var got []string
			for _, p := range CheckGates(spec) {
				got = append(got, p.Error())
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestPercentOfAScale: 0 % is the least mark, which need not be 0.
func TestPercentOfAScale(t *testing.T) {
	s := &scale{min: exact.Whole(1), max: exact.Whole(6)}
	for mark, want := range map[int]string{1: "0", 4: "60", 6: "100"} {
		if got := s.percent(exact.Whole(mark)).String(); got != want {
			t.Errorf("%d is %s %%, not %s", mark, got, want)
		}
	}
}
