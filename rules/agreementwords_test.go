package rules

import (
	"strconv"
	"strings"

	"github.com/acquis-eval/acquis/rules/agreement"
)

// agreement is how several assessors make one finding, of all criteria or of those of a
// compétence: "agreement r1: mean 4, third arbiter", "agreement r1 C1: weighted, tutor 40,
// trainer 60".
func (p *player) agreement(l line) error {
	spec := p.revisions[l.arg(0)]
	if spec == nil || len(l.part(0)) == 0 {
		return l.errorf("not an agreement of a revision")
	}
	a := &Agreement{Kind: agreement.Kind(strings.ToUpper(l.part(0)[0]))}
	if len(l.part(0)) == 2 {
		a.MaxGap = l.part(0)[1]
	}
	for _, part := range l.parts[1:] {
		if len(part) != 2 {
			return l.errorf("%q is not understood", part)
		}
		percent, err := strconv.Atoi(part[1])
		switch {
		case part[0] == "third":
			a.ThirdReading = part[1]
		case err != nil:
			return l.errorf("%q is no percentage", part[1])
		default:
			a.Weights = append(a.Weights, QualityWeight{Quality: part[0], Percent: &percent})
		}
	}
	if l.arg(1) == "" {
		spec.Agreement = a
		return p.compile(l, spec)
	}
	_, competence, _ := find(spec, l.arg(1))
	if competence == nil {
		return l.errorf("no competence")
	}
	competence.Agreement = a
	return p.compile(l, spec)
}

// qualities are those in which somebody can assess: "qualities r1: tutor trainer".
func (p *player) qualities(l line) error {
	spec := p.revisions[l.arg(0)]
	if spec == nil {
		return l.errorf("not a revision")
	}
	spec.Qualities = l.part(0)
	return p.compile(l, spec)
}

// colleges are those of the jury: "colleges r1: employers at least 2, employees", "colleges
// r1: employers parity, employees parity".
func (p *player) colleges(l line) error {
	spec := p.revisions[l.arg(0)]
	if spec == nil {
		return l.errorf("not a revision")
	}
	spec.Jury.Colleges = nil
	for _, part := range l.parts {
		if len(part) == 0 {
			return l.errorf("needs colleges")
		}
		made := College{Code: part[0]}
		switch words := strings.Join(part[1:], " "); {
		case words == "parity":
			made.Parity = true
		case strings.HasPrefix(words, "at least "):
			n, err := strconv.Atoi(part[3])
			if err != nil {
				return l.errorf("%v", err)
			}
			made.AtLeast = &n
		case words != "":
			return l.errorf("%q is not understood", words)
		}
		spec.Jury.Colleges = append(spec.Jury.Colleges, made)
	}
	return p.compile(l, spec)
}

// chair says that no chair is needed: "chair r1: none".
func (p *player) chair(l line) error {
	spec := p.revisions[l.arg(0)]
	if spec == nil || l.tail != "none" {
		return l.errorf("not a revision, or not none")
	}
	spec.Jury.NoChair = true
	return p.compile(l, spec)
}

// assessors are those of a session: "assessors s1: eve(tutor) paul".
func (p *player) assessors(l line) error {
	s := p.world.sessions[l.arg(0)]
	var all []Assessor
	for word := range strings.FieldsSeq(l.tail) {
		subject, quality, _ := strings.Cut(strings.TrimSuffix(word, ")"), "(")
		all = append(all, Assessor{Subject: subject, Quality: quality})
	}
	if p.refusals = p.world.schemes[s.Revision].People(s.Jury, all); len(p.refusals) > 0 {
		return nil
	}
	if p.world.qualities[s.ID] == nil {
		p.world.qualities[s.ID] = make(map[string]string)
	}
	for _, a := range all {
		p.world.qualities[s.ID][a.Subject] = a.Quality
	}
	return nil
}
