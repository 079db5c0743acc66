package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/acquis-eval/acquis/rules/words"
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
// "choose r1 20 credits: B3 B4", "requirement r1 SOUT: SOUT.1 SOUT.2", "requirement r1 DAYS 90".
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
		spec.Award.Options = append(spec.Award.Options, Option{Code: l.arg(1), Blocs: l.part(0), Requirements: l.part(1)})
	case "requirement":
		r := Requirement{Code: l.arg(1)}
		for _, code := range l.part(0) {
			bare, eliminatory := strings.CutSuffix(code, "!")
			r.Criteria = append(r.Criteria, Criterion{Code: bare, Eliminatory: eliminatory})
		}
		if n, err := strconv.Atoi(l.arg(2)); err == nil {
			r.AtLeast = &n
		}
		spec.Award.Requirements = append(spec.Award.Requirements, r)
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

func (p *player) prove(l line) error { // prove r1/DAYS 89: proof
	amount, _ := strconv.Atoi(l.arg(1))
	p.rulings.left, p.refusals = p.world.prove(p.blocRef(l.arg(0)), amount, l.tail)
	return nil
}

func (w *world) prove(of BlocRef, amount int, proof string) ([]Ruling, []words.Refusal) {
	ruling, refusals := w.candidate().RecordProof(of, amount, proof, w.today)
	if len(refusals) > 0 {
		return nil, refusals
	}
	return w.write([]Ruling{ruling}), nil
}

func (p *player) holds(l line) error { // holds r1 DAYS FULFILLED d2
	r := p.world.candidate().Ledger(p.revisionOf(l.arg(0)), p.world.today).Requirement(l.arg(1))
	if r == nil {
		return l.errorf("there is no such requirement")
	}
	return p.expect(l, strings.Join(l.about[2:], " "), strings.TrimSpace(string(r.Status)+" "+r.Decision), r.Reasons)
}

func (s *Scheme) units() []Bloc { return slices.Concat(s.blocs, s.requirements) }
