package rules

import (
	"slices"
	"strconv"
)

func (p *player) credits(l line) error { // credits r1 B1: 10
	spec := p.revisions[l.arg(0)]
	n, err := strconv.Atoi(l.tail)
	if spec == nil || err != nil {
		return l.errorf("not a number of a revision")
	}
	i := slices.IndexFunc(spec.Blocs, func(b Bloc) bool { return b.Code == l.arg(1) })
	if i < 0 {
		return l.errorf("there is no such bloc")
	}
	spec.Blocs[i].Credits = &n
	return p.compile(l, spec)
}

// awardRule adds to the award rule: "all r1: B1", "option r1 A: B2", "choose r1 2: B3 B4",
// "choose r1 20 credits: B3 B4".
func (p *player) awardRule(l line) error {
	spec := p.revisions[l.arg(0)]
	if spec == nil {
		return l.errorf("there is no such revision")
	}
	if spec.Award == nil {
		spec.Award = new(AwardRule)
	}
	switch l.word {
	case "all":
		spec.Award.All = l.part(0)
	case "option":
		spec.Award.Options = append(spec.Award.Options, Option{Code: l.arg(1), Blocs: l.part(0)})
	default:
		n, err := strconv.Atoi(l.arg(1))
		if err != nil {
			return l.errorf("not a number")
		}
		c := Choice{From: l.part(0), AtLeast: &n}
		if l.arg(2) == "credits" {
			c.AtLeast, c.AtLeastCredits = nil, &n
		}
		spec.Award.Choose = append(spec.Award.Choose, c)
	}
	return p.compile(l, spec)
}
