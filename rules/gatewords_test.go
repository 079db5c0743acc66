package rules

import (
	"strconv"
	"strings"

	"github.com/acquis-eval/acquis/rules/gate"
)

// gate is the gate of a bloc or a compétence: "gate r1 B1: mean 70, floor 40".
func (p *player) gate(l line) error {
	spec := p.revisions[l.arg(0)]
	if spec == nil {
		return l.errorf("not a revision")
	}
	g := new(gate.Given)
	for _, part := range l.parts {
		if err := addCondition(g, l, part); err != nil {
			return err
		}
	}
	switch l.arg(1) {
	case "competences":
		spec.CompetenceGate = g
	case "blocs":
		spec.BlocGate = g
	default:
		bloc, competence, _ := find(spec, l.arg(1))
		switch {
		case competence != nil:
			competence.Gate = g
		case bloc != nil:
			bloc.Gate = g
		default:
			return l.errorf("no bloc or competence")
		}
	}
	return p.compile(l, spec)
}

func addCondition(g *gate.Given, l line, words []string) error {
	at := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	number := func(text string) *int {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil
		}
		return &n
	}
	switch at(0) {
	case "mean":
		g.Mean = &gate.Mean{Threshold: at(1), RoundTo: at(3)} // mean 70 rounded 0.5
	case "count":
		g.Count = new(gate.Count)
		if at(2) == "%" {
			g.Count.Percent = number(at(1))
		} else {
			g.Count.AtLeast = number(at(1))
		}
	case "floor":
		g.Floor = at(1)
	case "in": // in percent
		g.InPercent = true
	case "at": // at most 1 below 50
		g.AtMost = &gate.AtMost{Number: number(at(2)), Below: at(4)}
	case "shortfall": // shortfall 20 below 50
		g.Shortfall = &gate.Shortfall{AtMost: at(1), Below: at(3)}
	default:
		return l.errorf("%q is not understood", strings.Join(words, " "))
	}
	return nil
}

// share is how a criterion or a compétence takes part in a mean: "weight r1 C1.1: 3".
func (p *player) share(l line) error {
	spec := p.revisions[l.arg(0)]
	if spec == nil {
		return l.errorf("not a revision")
	}
	_, competence, criterion := find(spec, l.arg(1))
	var share *Share
	switch {
	case criterion != nil:
		share = &criterion.Share
	case competence != nil:
		share = &competence.Share
	default:
		return l.errorf("no competence or criterion")
	}
	if l.word == "bonus" {
		share.BonusAbove = l.tail
		return p.compile(l, spec)
	}
	weight, err := strconv.Atoi(l.tail)
	if err != nil {
		return l.errorf("%v", err)
	}
	share.Weight = &weight
	return p.compile(l, spec)
}

// scale declares a scale: "scale r1 note: marks 0 to 20 by 0.5, pass 10", "scale r1
// abc: levels A=100 B=50 C=0"; "on r1 C1.1.1: note" puts a criterion on it, "on r1: note"
// all that are on no other.
func (p *player) scale(l line) error {
	spec := p.revisions[l.arg(0)]
	if spec == nil || len(l.part(0)) < 2 {
		return l.errorf("not a scale of a revision")
	}
	made := Scale{Code: l.arg(1)}
	switch words := l.part(0); {
	case words[0] == "marks" && len(words) == 6:
		made.Marks = &Marks{Min: words[1], Max: words[3], Step: words[5]}
	case words[0] == "levels":
		for _, word := range words[1:] {
			code, points, _ := strings.Cut(word, "=")
			n, _ := strconv.Atoi(points)
			made.Levels = append(made.Levels, Level{Code: code, Points: &n})
		}
	default:
		return l.errorf("neither marks nor levels")
	}
	if pass := l.part(1); len(pass) == 2 {
		made.Pass = pass[1]
	}
	spec.Scales = append(spec.Scales, made)
	return p.compile(l, spec)
}

func (p *player) on(l line) error {
	spec := p.revisions[l.arg(0)]
	if spec == nil {
		return l.errorf("not a revision")
	}
	if l.arg(1) == "" {
		spec.Scale = l.tail
		return p.compile(l, spec)
	}
	_, unit, criterion := find(spec, l.arg(1))
	switch {
	case unit == nil || criterion == nil && !unit.AsWhole:
		return l.errorf("no criterion")
	case criterion == nil:
		criterion = &unit.Criteria[0]
	}
	criterion.Scale = l.tail
	return p.compile(l, spec)
}

// find finds a bloc, a compétence or a criterion, with those around it.
func find(spec *Spec, code string) (*Bloc, *Unit, *Criterion) {
	for i := range spec.Blocs {
		b := &spec.Blocs[i]
		if b.Code == code {
			return b, nil, nil
		}
		for j := range b.Units {
			c := &b.Units[j]
			if c.Code == code {
				return b, c, nil
			}
			for k := range c.Criteria {
				if c.Criteria[k].Code == code {
					return b, c, &c.Criteria[k]
				}
			}
		}
	}
	return nil, nil, nil
}
