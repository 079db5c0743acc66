package rules

import "strings"

// variant adds a variant of a unit's method: "variant r1 E1: by EXPERIENCE_VALIDATION,
// alone, RESIT".
func (p *player) variant(l line) error {
	spec := p.revisions[l.arg(0)]
	if spec == nil {
		return l.errorf("not a revision")
	}
	_, unit, _ := find(spec, l.arg(1))
	if unit == nil {
		return l.errorf("no competence or epreuve")
	}
	var when When
	for _, words := range l.parts {
		switch text := strings.Join(words, " "); {
		case text == "alone":
			when.SingleBloc = true
		case text == string(First) || text == string(Resit):
			when.Attempt = Attempt(text)
		case words[0] == "by":
			for _, route := range words[1:] {
				when.Routes = append(when.Routes, AccessRoute(route))
			}
		default:
			return l.errorf("%q is not understood", text)
		}
	}
	unit.Variants = append(unit.Variants, when)
	return p.compile(l, spec)
}
