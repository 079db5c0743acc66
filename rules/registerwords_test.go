package rules

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/rules/registration"
)

// register says where a certification is registered: "register r1: RS, divisible",
// "register r1: RNCP, until 2027-03-31, awarded until 2027-09-30".
func (p *player) register(l line) error {
	spec := p.revisions[l.arg(0)]
	if spec == nil {
		return l.errorf("not a revision")
	}
	r := registration.Registration{Kind: registration.Kind(strings.Join(l.part(0), " "))}
	for _, part := range l.parts[1:] {
		switch text := strings.Join(part, " "); {
		case text == "divisible":
			r.Divisible = new(true)
		case text == "not divisible":
			r.Divisible = new(false)
		case strings.HasPrefix(text, "until "):
			r.ExpiryDate = part[1]
		case strings.HasPrefix(text, "awarded until "):
			r.DeliveryDeadline = part[2]
		default:
			return l.errorf("%q is not understood", text)
		}
	}
	spec.Registration = r
	return p.compile(l, spec)
}

// attest attests a decision: "attest d1".
func (p *player) attest(l line) error {
	i := slices.IndexFunc(p.world.decisions, func(d Decision) bool { return d.ID == l.arg(0) })
	if i < 0 {
		return l.errorf("there is no such decision")
	}
	d := p.world.decisions[i]
	p.refusals = p.world.schemes[d.Revision].Attest(d)
	return nil
}

// warns tells what a warning says of an enrolment or an award on a day: "warns r1 enrolled
// 2027-04-01 REGISTRATION_EXPIRED: sentence", or "nothing".
func (p *player) warns(l line) error {
	entry := p.world.schemes[p.revisionOf(l.arg(0))].Registration()
	var warnings []registration.Warning
	switch l.arg(1) {
	case "enrolled":
		warnings = entry.WarnEnrolment(l.arg(2))
	case "awarded":
		warnings = entry.WarnAward(l.arg(2))
	default:
		return l.errorf("%q is not understood", l.arg(1))
	}
	got := []string{"nothing"}
	for i, w := range warnings {
		got = slices.Insert(got[:i], i, string(w.Rule))
		if l.colon && w.String() != l.tail {
			return l.errorf("got %s", w)
		}
	}
	return p.expect(l, strings.Join(l.about[3:], " "), strings.Join(got, " "), nil)
}

// TestWarningsAreDocumented: docs/rules.md says of each warning what the service says,
// and each has a case.
func TestWarningsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := make(map[string]bool)
	for _, s := range allScripts(t) {
		for _, l := range s.lines {
			shown[l.arg(3)] = shown[l.arg(3)] || l.word == "warns"
		}
	}
	for _, rule := range registration.Rules() {
		sentence := strings.TrimSuffix(registration.Warning{Rule: rule}.String(), " ")
		if want := "\n| `" + string(rule) + "` | " + sentence + " {date} |\n"; !strings.Contains(string(page), want) {
			t.Errorf("docs/rules.md does not have %s", want)
		}
		if !shown[string(rule)] || !regexp.MustCompile(`^[A-Z_]+$`).MatchString(string(rule)) {
			t.Errorf("no case shows the warning %s, or it is misspelt", rule)
		}
	}
}
