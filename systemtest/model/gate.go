package model

import (
	"math/big"
	"strconv"
)

// A Gate has the form of the API's: each condition that is given must hold.
type Gate struct {
	Mean      *Mean      `json:"mean,omitempty"`
	Count     *Count     `json:"count,omitempty"`
	Floor     string     `json:"floor,omitempty"`
	AtMost    *AtMost    `json:"atMost,omitempty"`
	Shortfall *Shortfall `json:"shortfall,omitempty"`
	InPercent bool       `json:"inPercent,omitempty"`
}

// A Mean must reach a threshold, perhaps rounded first.
type Mean struct {
	Threshold string `json:"threshold"`
	RoundTo   string `json:"roundTo,omitempty"`
}

// A Count of acquired children must reach one of the two.
type Count struct {
	Percent int `json:"percent,omitempty"`
	AtLeast int `json:"atLeast,omitempty"`
}

// AtMost so many may be below.
type AtMost struct {
	Number int    `json:"number"`
	Below  string `json:"below"`
}

// A Shortfall is what may be missing in all.
type Shortfall struct {
	Below  string `json:"below"`
	AtMost string `json:"atMost"`
}

// gateOf is the gate of a compétence: its own, the référentiel's, or its threshold. An
// épreuve as a whole passes or not, if it has none of its own.
func (r *Revision) gateOf(c Competence) Gate {
	switch {
	case c.Gate != nil:
		return *c.Gate
	case c.AsWhole:
		return Gate{Mean: &Mean{Threshold: r.On(c.Criteria[0]).least()}}
	case r.CompetenceGate != nil:
		return *r.CompetenceGate
	}
	return Gate{Mean: &Mean{Threshold: big.NewInt(int64(r.Number(CompetenceThreshold))).String()}, InPercent: true}
}

// gateOver is the gate of a bloc.
func (r *Revision) gateOver(b Bloc) Gate {
	switch {
	case b.Gate != nil:
		return *b.Gate
	case r.BlocGate != nil:
		return *r.BlocGate
	}
	return Gate{Count: &Count{Percent: r.Number(BlocThreshold)}}
}

// A member is a child of a gate.
type member struct {
	points             *big.Rat // nil: it was not judged
	acquired, exempted bool
	weight, bonus      *big.Rat // bonus: nil for none
}

func newMember(weight int, bonusAbove string) member {
	m := member{weight: big.NewRat(int64(max(weight, 1)), 1)}
	if bonusAbove != "" {
		m.bonus = number(bonusAbove)
	}
	return m
}

// worth is what a verdict, a level or a mark is worth on a scale; nil if there is none.
func (s *Scale) worth(found string) *big.Rat {
	if s == nil {
		if p, ok := points[found]; ok {
			return big.NewRat(int64(p), 1)
		}
		return nil
	}
	for _, l := range s.Levels {
		if l.Code == found {
			return big.NewRat(int64(l.Points), 1)
		}
	}
	if s.Marks != nil {
		return number(found)
	}
	return nil
}

// has says whether something is on the scale.
func (s *Scale) has(found string) bool {
	worth := s.worth(found)
	if worth == nil || s == nil || s.Marks == nil {
		return worth != nil
	}
	steps := new(big.Rat).Quo(minus(worth, number(s.Marks.Min)), number(s.Marks.Step))
	return steps.IsInt() && worth.Cmp(number(s.Marks.Min)) >= 0 && worth.Cmp(number(s.Marks.Max)) <= 0
}

// enough says whether points are enough by themselves.
func (s *Scale) enough(worth *big.Rat) bool {
	switch {
	case worth == nil:
		return false
	case s == nil:
		return worth.Cmp(big.NewRat(100, 1)) >= 0
	case s.Pass != "":
		return worth.Cmp(number(s.Pass)) >= 0
	case s.Marks != nil:
		return worth.Cmp(number(s.Marks.Max)) == 0
	}
	return worth.Cmp(big.NewRat(int64(s.Levels[0].Points), 1)) >= 0
}

// least is what something found must be worth to be enough.
func (s *Scale) least() string {
	switch {
	case s == nil:
		return "100"
	case s.Pass != "":
		return s.Pass
	case s.Marks != nil:
		return s.Marks.Max
	}
	return strconv.Itoa(s.Levels[0].Points)
}

// percent is where points lie between the least and the greatest mark.
func (s *Scale) percent(worth *big.Rat) *big.Rat {
	if worth == nil || s == nil || s.Marks == nil {
		return worth
	}
	least := number(s.Marks.Min)
	share := new(big.Rat).Quo(minus(worth, least), minus(number(s.Marks.Max), least))
	return times(share, big.NewRat(100, 1))
}

// unit is the scale of marks that all criteria of a compétence are on; several: none is.
func (r *Revision) unit(c Competence) (unit *Scale, several bool) {
	for i, criterion := range c.Criteria {
		s := r.On(criterion)
		if s != nil && s.Marks == nil {
			s = nil // levels are worth percent, as verdicts are
		}
		several = several || i > 0 && s != unit
		unit = s
	}
	return unit, several
}

func number(text string) *big.Rat {
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil
	}
	return n
}

// points is the best mean that there is, whichever exempted members are in it, and
// rounded if the gate rounds; nil if nobody is.
func (g Gate) points(members []member) (best *big.Rat) {
	for choice := range 1 << len(members) {
		sum, weights := new(big.Rat), new(big.Rat)
		for i, m := range members {
			in := choice>>i&1 == 1
			switch {
			case m.bonus != nil:
				if m.points != nil && m.points.Cmp(m.bonus) > 0 {
					sum.Add(sum, times(minus(m.points, m.bonus), m.weight))
				}
			case m.exempted && (!in || m.points == nil): // left out
			case m.points != nil:
				sum.Add(sum, times(m.points, m.weight))
				weights.Add(weights, m.weight)
			default:
				weights.Add(weights, m.weight) // nothing was shown in it
			}
		}
		if weights.Sign() == 0 {
			continue
		}
		if mean := new(big.Rat).Quo(sum, weights); best == nil || mean.Cmp(best) > 0 {
			best = mean
		}
	}
	if best != nil && g.Mean != nil && g.Mean.RoundTo != "" {
		step := number(g.Mean.RoundTo)
		steps := new(big.Rat).Add(new(big.Rat).Quo(best, step), big.NewRat(1, 2))
		best = times(step, new(big.Rat).SetInt(new(big.Int).Div(steps.Num(), steps.Denom())))
	}
	return best
}

func minus(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
func times(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

// passes says whether all conditions hold.
func (g Gate) passes(members []member) bool {
	mean := g.points(members)
	if mean == nil || g.Mean != nil && mean.Cmp(number(g.Mean.Threshold)) < 0 {
		return false
	}
	missing := new(big.Rat)
	counted, acquired, below := 0, 0, 0
	for _, m := range members {
		if m.bonus != nil {
			continue
		}
		if m.acquired {
			acquired++
		}
		if m.exempted && !m.acquired {
			continue // nobody asks for it
		}
		if counted++; m.exempted || m.points == nil {
			continue
		}
		if g.Floor != "" && m.points.Cmp(number(g.Floor)) < 0 {
			return false
		}
		if g.AtMost != nil && m.points.Cmp(number(g.AtMost.Below)) < 0 {
			below++
		}
		if g.Shortfall != nil && m.points.Cmp(number(g.Shortfall.Below)) < 0 {
			missing.Add(missing, times(minus(number(g.Shortfall.Below), m.points), m.weight))
		}
	}
	if g.AtMost != nil && below > g.AtMost.Number || g.Shortfall != nil && missing.Cmp(number(g.Shortfall.AtMost)) > 0 {
		return false
	}
	switch {
	case g.Count == nil:
		return true
	case acquired == 0:
		return false
	case g.Count.Percent > 0:
		return acquired*100 >= g.Count.Percent*counted
	}
	return acquired >= min(g.Count.AtLeast, counted)
}
