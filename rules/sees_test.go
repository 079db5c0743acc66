package rules

import (
	"strings"

	"github.com/acquis-eval/acquis/rules/visibility"
)

// viewOf reads who looks, from the words before what they look at: "k1 eve
// ASSESSOR JURY".
func viewOf(words []string) visibility.View {
	var roles []visibility.Role
	for _, word := range words[2:] {
		roles = append(roles, visibility.Role(word))
	}
	return visibility.Of(words[1], roles)
}

func (p *player) sees(l line) error { // sees k1 eve ASSESSOR C1.1.1: MET, eve MET
	if len(l.about) < 4 {
		return l.errorf("needs a candidacy, a person, roles and a code")
	}
	last := len(l.about) - 1
	grid := p.world.caseOf(l.arg(0)).Grid().Seen(viewOf(l.about[:last]))
	var seen []string
	add := func(words ...string) {
		if text := strings.TrimSpace(strings.Join(words, " ")); text != "" {
			seen = append(seen, text)
		}
	}
	code := l.arg(last)
	if b := grid.Bloc(code); b != nil {
		add(string(b.Outcome))
	} else if c := grid.Unit(code); c != nil {
		add(string(c.Outcome))
	} else if k := grid.Criterion(code); k != nil {
		add(string(k.Status))
		for _, o := range k.Opinions {
			add(o.Assessor, string(o.Verdict))
		}
		if s := k.Settlement; s != nil {
			add("settled", string(s.Verdict), strings.Join(s.Authors, " "))
		}
		if a := k.Advice; a != nil {
			add("advised", map[bool]string{true: "favourable", false: "unfavourable"}[a.Favourable])
		}
		if e := k.Exemption; e != nil {
			add("decided", strings.Join(e.Authors, " "))
		}
	} else {
		return l.errorf("%s is not in the grid", code)
	}
	if len(seen) == 0 {
		add("nothing")
	}
	return p.expect(l, l.tail, strings.Join(seen, ", "), nil)
}

func (p *player) notices(l line) error { // notices k1 eve ASSESSOR
	if len(l.about) < 3 {
		return l.errorf("needs a candidacy, a person and roles")
	}
	view := viewOf(l.about)
	got := "ignores"
	now := p.world.caseOf(l.arg(0))
	if now.Scheme.Version(p.before[l.arg(0)], view) != now.Scheme.Version(now.Acts, view) {
		got = "notices"
	}
	return p.expect(l, l.word, got, nil)
}
