package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/acquis-eval/acquis/rules/words"
)

// actions are the words that do something.
var actions = map[string]func(*player, line) error{
	"enrol":      (*player).enrol,
	"withdraw":   (*player).move,
	"absent":     (*player).move,
	"reinstate":  (*player).move,
	"assess":     (*player).assess,
	"retract":    (*player).retract,
	"settle":     (*player).settle,
	"advise":     (*player).advise,
	"grant":      (*player).exempt,
	"deny":       (*player).exempt,
	"deliberate": (*player).deliberate,
	"rectify":    (*player).rectify,
	"award":      (*player).award,
	"prior":      (*player).prior,
	"prove":      (*player).prove,
	"close":      (*player).end,
	"cancel":     (*player).end,
	"jury":       (*player).jury,
	"assessors":  (*player).assessors,
	"pin":        (*player).pin,
	"today":      (*player).day,
	"attest":     (*player).attest,
}

func (p *player) enrol(l line) error {
	e := Enrolment{Scope: NamedBlocs, Blocs: l.part(0)}
	if l.arg(3) == "by" {
		e.Route = AccessRoute(l.arg(4))
	}
	if len(e.Blocs) > 0 && (e.Blocs[0] == "whole" || e.Blocs[0] == "neither") {
		e.Scope = map[string]Scope{"whole": Whole}[e.Blocs[0]]
		e.Blocs = e.Blocs[1:]
	}
	for _, part := range l.parts[1:] {
		switch {
		case len(part) == 2 && part[0] == "option":
			e.Option = part[1]
		case len(part) > 1 && part[0] == "choosing":
			e.Chosen = part[1:]
		default:
			return l.errorf("%q is not understood", part)
		}
	}
	p.refusals = p.world.enrol(l.arg(0), l.arg(2), e)
	return nil
}

func (p *player) move(l line) error {
	p.refusals = p.world.move(l.arg(0), func(c Case) (Candidacy, []words.Refusal) {
		switch l.word {
		case "withdraw":
			return c.Leave(Withdrawn, l.part(0))
		case "absent":
			return c.Leave(Absent, l.part(0))
		default:
			return c.Reinstate(l.part(0))
		}
	})
	return nil
}

// criteria lists all criteria of a compétence or a bloc.
func (p *player) criteria(candidacy string, codes []string) []string {
	var criteria []string
	for _, code := range codes {
		before := len(criteria)
		for _, b := range p.world.caseOf(candidacy).Scheme.units() {
			for _, c := range b.Units {
				for _, k := range c.Criteria {
					if code == b.Code || code == c.Code {
						criteria = append(criteria, k.Code)
					}
				}
			}
		}
		if len(criteria) == before {
			criteria = append(criteria, code)
		}
	}
	return criteria
}

func (p *player) verdicts(l line) []CriterionVerdict {
	var lines []CriterionVerdict
	for _, code := range p.criteria(l.arg(0), l.part(0)[1:]) {
		lines = append(lines, said(code, l.part(0)[0]))
	}
	return lines
}

// said is a line of a batch, from a word: "MET", "mark=12.5", "level=B".
func said(criterion, word string) CriterionVerdict {
	kind, finding, ok := strings.Cut(word, "=")
	if !ok {
		return CriterionVerdict{Criterion: criterion, Verdict: Verdict(word)}
	}
	return CriterionVerdict{Criterion: criterion, Verdict: Verdict(finding), Kind: FindingKind(kind)}
}

func (p *player) assess(l line) error {
	if len(l.part(0)) < 2 {
		return l.errorf("needs a verdict and criteria")
	}
	p.refusals = p.world.record(l.arg(0), l.arg(1), p.verdicts(l)...)
	return nil
}

func (p *player) retract(l line) error {
	p.refusals = p.world.retract(l.arg(0), l.arg(1), p.criteria(l.arg(0), l.part(0))...)
	return nil
}

func (p *player) settle(l line) error {
	if len(l.part(0)) < 2 {
		return l.errorf("needs a verdict and criteria")
	}
	p.refusals = p.world.settle(l.arg(0), l.arg(1), p.verdicts(l)...)
	return nil
}

func (p *player) advise(l line) error {
	if len(l.part(0)) != 2 {
		return l.errorf("needs favourable or unfavourable, and a criterion")
	}
	p.refusals = p.world.advise(l.arg(0), l.part(0)[1], l.part(0)[0] == "favourable")
	return nil
}

func (p *player) exempt(l line) error {
	r := ExemptionRequest{
		Criterion:               strings.Join(l.part(0), " "),
		Granted:                 l.word == "grant",
		CapacityPreserved:       Statement{Holds: true, Reason: "the post asks for it in writing"},
		NotApplicableInPractice: Statement{Holds: true, Reason: "the post never asks for it"},
		Reason:                  "the post asks for it",
	}
	for _, part := range l.parts[1:] {
		switch but := strings.Join(part, " "); but {
		case "capacity in question":
			r.CapacityPreserved.Holds = false
		case "applies in practice":
			r.NotApplicableInPractice.Holds = false
		case "no reason":
			r.Reason, r.CapacityPreserved.Reason = " ", ""
		default:
			return l.errorf("%q is not understood", but)
		}
	}
	p.refusals = p.world.exempt(l.arg(0), l.arg(1), r)
	return nil
}

func (p *player) deliberate(l line) error {
	d := Deliberation{SeenEtag: "now", CurrentEtag: "now"}
	for _, part := range l.parts[1:] {
		switch {
		case len(part) == 1 && part[0] == "stale":
			d.SeenEtag = "before"
		case len(part) == 2 || len(part) == 3 && part[2] == "motive":
			d.Lines = append(d.Lines, BlocLine{Bloc: part[0], Outcome: DecisionOutcome(part[1]), Motive: strings.Join(part[2:], "")})
		default:
			return l.errorf("%q is not understood", part)
		}
	}
	j, refusals := p.world.deliberate(l.arg(0), Sitting{Caller: l.arg(1), Present: l.part(0)}, d)
	p.refusals, p.rulings.left, p.fates = refusals, j.Rulings, j.Fates
	return nil
}

func (p *player) rectify(l line) error { // rectify d1 in s1 ann: ann bob, OUTCOME, motive
	if len(l.part(1)) != 1 {
		return l.errorf("needs an outcome")
	}
	r := Rectification{Decision: l.arg(0), Outcome: DecisionOutcome(l.part(1)[0]), Motive: strings.Join(l.part(2), "")}
	p.rulings.left, p.refusals = p.world.rectify(l.arg(2), Sitting{Caller: l.arg(3), Present: l.part(0)}, r)
	return nil
}

func (p *player) award(l line) error { // award r1 in s1 ann: ann bob
	sitting := Sitting{Caller: l.arg(3), Present: l.part(0)}
	p.rulings.left, p.refusals = p.world.award(l.arg(2), sitting, p.revisionOf(l.arg(0)))
	return nil
}

func (p *player) prior(l line) error {
	p.rulings.left, p.refusals = p.world.prior(p.blocRef(l.arg(0)), l.tail)
	return nil
}

func (p *player) end(l line) error {
	as := map[string]SessionState{"close": SessionClosed, "cancel": SessionCancelled}[l.word]
	p.refusals = p.world.end(l.arg(0), as)
	return nil
}

func (p *player) jury(l line) error {
	jury, err := juryOf(l)
	if err != nil {
		return err
	}
	s := p.world.sessions[l.arg(0)]
	p.refusals = append(s.ChangeJury(jury, p.world.tookPart[s.ID]), p.world.schemes[s.Revision].People(jury, nil)...)
	if len(p.refusals) == 0 {
		s.Jury = jury
	}
	return nil
}

func (p *player) pin(l line) error {
	s := p.world.sessions[l.arg(0)]
	to := p.revisionOf(l.arg(1))
	if p.refusals = s.ChangeRevision(to, p.world.of(s.ID), p.world.tookPart[s.ID]); len(p.refusals) == 0 {
		s.Revision = to
	}
	return nil
}

// checks are the words that check something.
var checks = map[string]func(*player, line) error{
	"refused":       (*player).refused,
	"because":       (*player).because,
	"shows":         (*player).shows,
	"method":        (*player).method,
	"presents":      (*player).presents,
	"state":         (*player).state,
	"wrote":         (*player).wrote,
	"fate":          (*player).fate,
	"settlement":    (*player).settlement,
	"exemption":     (*player).exemption,
	"sees":          (*player).sees,
	"notices":       (*player).notices,
	"ignores":       (*player).notices,
	"ledger":        (*player).ledger,
	"certification": (*player).certification,
	"warns":         (*player).warns,
	"missing":       (*player).missing,
	"path":          (*player).path,
	"holds":         (*player).holds,
}

func (p *player) refused(l line) error {
	if len(p.refusals) == 0 {
		return l.errorf("there is no further refusal")
	}
	r := p.refusals[0]
	p.refusals = p.refusals[1:]
	if got := string(r.Rule) + " " + r.Subject; got != strings.Join(l.about, " ") {
		return l.errorf("got %s", got)
	}
	if l.colon && l.tail != r.Description {
		return l.errorf("got %s", r.Description)
	}
	return nil
}

func (p *player) because(l line) error {
	r, ok := p.reasons.next()
	if !ok {
		return l.errorf("there is no further reason")
	}
	if string(r.Rule) != l.arg(0) {
		return l.errorf("got %s: %s", r.Rule, r)
	}
	if l.colon && l.tail != r.String() {
		return l.errorf("got %s", r)
	}
	return nil
}

// expect compares what a line says with the actual value, and keeps the reasons
// for the following lines.
func (p *player) expect(l line, want, got string, reasons []words.Reason) error {
	p.reasons = queue[words.Reason]{left: reasons}
	if got != want {
		return l.errorf("got %s", got)
	}
	return nil
}

func (p *player) shows(l line) error {
	grid := p.world.caseOf(l.arg(0)).Grid()
	code, want := l.arg(1), strings.Join(l.about[2:], " ")
	if b := grid.Bloc(code); b != nil {
		return p.expect(l, want, string(b.Outcome), b.Reasons)
	}
	if c := grid.Unit(code); c != nil {
		return p.expect(l, want, string(c.Outcome), c.Reasons)
	}
	if k := grid.Criterion(code); k != nil {
		found := string(k.Found)
		if k.Points != nil {
			found = k.Points.String() + " points"
		}
		return p.expect(l, want, strings.TrimSpace(string(k.Status)+" "+found), []words.Reason{k.Reason})
	}
	return l.errorf("%s is not in the grid", code)
}

func (p *player) method(l line) error {
	c := p.world.caseOf(l.arg(0)).Grid().Unit(l.arg(1))
	if c == nil {
		return l.errorf("%s is not in the grid", l.arg(1))
	}
	got := string(c.Method)
	if c.Method == ByVariant {
		got += " " + strconv.Itoa(c.Variant+1)
	}
	return p.expect(l, strings.Join(l.about[2:], " "), got, nil)
}

func (p *player) presents(l line) error {
	presented := p.world.file(l.arg(0)).Presented()
	var shown []string
	for _, b := range p.world.caseOf(l.arg(0)).Grid().Blocs {
		shown = append(shown, b.Code)
	}
	if !slices.Equal(presented, shown) {
		return l.errorf("presents %v, but the grid shows %v", presented, shown)
	}
	return p.expect(l, strings.Join(l.part(0), " "), strings.Join(presented, " "), nil)
}

func (p *player) state(l line) error {
	if k := p.world.file(l.arg(0)); k != nil {
		return p.expect(l, l.arg(1), string(k.State), nil)
	}
	return p.expect(l, l.arg(1), string(p.world.sessions[l.arg(0)].State), nil)
}

func (p *player) wrote(l line) error {
	r, ok := p.rulings.next()
	got := "nothing"
	if ok {
		got = p.describe(r)
	}
	return p.expect(l, strings.Join(l.about, " "), got, r.Reasons)
}

func (p *player) fate(l line) error {
	for _, f := range p.fates {
		if f.Bloc == l.arg(0) {
			return p.expect(l, l.arg(1), string(f.Outcome), f.Reasons)
		}
	}
	return l.errorf("the last act decided nothing on %s", l.arg(0))
}

func (p *player) settlement(l line) error { // settlement k1 C1.1.1: ann bob
	k := p.world.caseOf(l.arg(0)).Grid().Criterion(l.arg(1))
	if k == nil || k.Settlement == nil {
		return l.errorf("none is in force")
	}
	return p.expect(l, strings.Join(l.part(0), " "), strings.Join(k.Settlement.Authors, " "), nil)
}

func (p *player) exemption(l line) error { // exemption k1 C1.1.1 granted: ann bob
	e := p.world.caseOf(l.arg(0)).Acts.Exemption(l.arg(1))
	if e == nil {
		return l.errorf("nothing was decided")
	}
	said := map[bool]string{true: "granted ", false: "denied "}[e.Granted]
	return p.expect(l, l.arg(2)+" "+strings.Join(l.part(0), " "), said+strings.Join(e.Authors, " "), nil)
}

func (p *player) ledger(l line) error {
	b := p.world.candidate().Ledger(p.revisionOf(l.arg(0)), p.world.today).Bloc(l.arg(1))
	if b == nil {
		return l.errorf("there is no such bloc")
	}
	want := strings.Join(l.about[2:], " ")
	return p.expect(l, want, strings.TrimSpace(string(b.Status)+" "+b.Decision), b.Reasons)
}

func (p *player) certification(l line) error {
	ledger := p.world.candidate().Ledger(p.revisionOf(l.arg(0)), p.world.today)
	want := strings.Join(l.about[1:], " ")
	return p.expect(l, want, strings.TrimSpace(string(ledger.Certification)+" "+ledger.Award), ledger.Reasons)
}

func (p *player) missing(l line) error { // missing r1: 2
	ledger := p.world.candidate().Ledger(p.revisionOf(l.arg(0)), p.world.today)
	return p.expect(l, l.tail, fmt.Sprint(len(ledger.Missing)), ledger.Missing)
}

func (p *player) path(l line) error { // path r1 A d4
	for _, path := range p.world.candidate().Ledger(p.revisionOf(l.arg(0)), p.world.today).Paths {
		if path.Option == l.arg(1) {
			return p.expect(l, strings.Join(l.about[2:], " "), path.Award, path.Missing)
		}
	}
	return l.errorf("there is no such option")
}
