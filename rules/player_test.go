package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/acquis-eval/acquis/rules/words"
)

// player plays a script in a world. After each line it holds what the following
// lines may check: the last act's refusals and rulings, and the last reasons.
type player struct {
	world     *world
	revisions map[string]*Spec // by the script's name
	building  string           // the revision whose lines are being read
	refusals  []words.Refusal
	rulings   queue[Ruling]
	reasons   queue[words.Reason]
	fates     []Fate
	before    map[string]Acts // in each candidacy, before the last act
}

// queue is a list: if a script checks one of its items, it must check all.
type queue[T any] struct {
	left  []T
	asked bool
}

func (q *queue[T]) next() (T, bool) {
	var none T
	q.asked = true
	if len(q.left) == 0 {
		return none, false
	}
	first := q.left[0]
	q.left = q.left[1:]
	return first, true
}

func newPlayer() *player {
	return &player{world: newWorld(), revisions: make(map[string]*Spec)}
}

func (p *player) play(s script) error {
	last := line{word: "end", text: "end"}
	for _, l := range s.lines {
		if err := p.playLine(l); err != nil {
			return err
		}
		last.file, last.no = l.file, l.no+1
	}
	return p.settleUp(last)
}

func (p *player) playLine(l line) error {
	if err := p.settleUp(l); err != nil {
		return err
	}
	if setup, ok := setups[l.word]; ok {
		return setup(p, l)
	}
	if err := p.checkNames(l); err != nil {
		return err
	}
	if check, ok := checks[l.word]; ok {
		return check(p, l)
	}
	act, ok := actions[l.word]
	if !ok {
		return l.errorf("unknown word")
	}
	p.rulings, p.reasons, p.fates = queue[Ruling]{}, queue[words.Reason]{}, nil
	p.before = make(map[string]Acts)
	for _, k := range p.world.candidacies {
		p.before[k.ID] = k.acts
	}
	return act(p, l)
}

// settleUp fails if items of a queue were left unchecked.
func (p *player) settleUp(l line) error {
	if l.word != "refused" && len(p.refusals) > 0 {
		r := p.refusals[0]
		return l.errorf("not listed before it: refused %s %s", r.Rule, r.Subject)
	}
	if l.word != "because" && p.reasons.asked && len(p.reasons.left) > 0 {
		r := p.reasons.left[0]
		return l.errorf("not listed before it: because %s: %s", r.Rule, r)
	}
	if l.word != "because" && l.word != "wrote" && p.rulings.asked && len(p.rulings.left) > 0 {
		return l.errorf("not listed before it: wrote %s", p.describe(p.rulings.left[0]))
	}
	return nil
}

// checkNames fails for a candidacy, session or revision that the script never
// made, so that a typing error is not mistaken for a rule.
func (p *player) checkNames(l line) error {
	for i, word := range l.about {
		switch {
		case l.word == "refused" || l.word == "because" || l.word == "enrol" && i == 0:
		case isName(word, 'k') && p.world.file(word) == nil:
			return l.errorf("there is no candidacy %s", word)
		case isName(word, 's') && p.world.sessions[word] == nil:
			return l.errorf("there is no session %s", word)
		case isName(word, 'r') && p.revisions[word] == nil:
			return l.errorf("there is no revision %s", word)
		}
	}
	return nil
}

// isName says whether a word is a letter and a number, "k1".
func isName(word string, letter byte) bool {
	if len(word) < 2 || word[0] != letter {
		return false
	}
	_, err := strconv.Atoi(word[1:])
	return err == nil
}

// setups are the words that set up a story.
var setups = map[string]func(*player, line) error{
	"revision":   (*player).revision,
	"competence": (*player).unit,
	"epreuve":    (*player).unit,
	"variant":    (*player).variant,
	"number":     (*player).number,
	"gate":       (*player).gate,
	"weight":     (*player).share,
	"bonus":      (*player).share,
	"scale":      (*player).scale,
	"on":         (*player).on,
	"register":   (*player).register,
	"credits":    (*player).credits,
	"all":        (*player).awardRule,
	"choose":     (*player).awardRule,
	"option":     (*player).awardRule,

	"requirement": (*player).awardRule,
	"holding":     (*player).holding,
	"session":     (*player).session,
	"agreement":   (*player).agreement,
	"qualities":   (*player).qualities,
	"colleges":    (*player).colleges,
	"chair":       (*player).chair,
	"validity":    (*player).validity,
	"replaces":    (*player).replaces,
	"tie": func(p *player, l line) error {
		p.world.tied = append(p.world.tied, l.arg(0))
		return nil
	},
}

func (p *player) revision(l line) error {
	referentiel := "main"
	if l.arg(1) == "of" {
		referentiel = l.arg(2)
	}
	p.building = l.arg(0)
	p.revisions[p.building] = &Spec{Revision: Revision{Referentiel: referentiel, ID: p.building}}
	return nil
}

func (p *player) unit(l line) error {
	spec := p.revisions[p.building]
	if spec == nil {
		return l.errorf("no revision begun")
	}
	i := slices.IndexFunc(spec.Blocs, func(b Bloc) bool { return b.Code == l.arg(0) })
	if i < 0 {
		i = len(spec.Blocs)
		spec.Blocs = append(spec.Blocs, Bloc{Code: l.arg(0)})
	}
	c := Unit{Code: l.arg(1), Epreuve: l.word == "epreuve", HasBlocOnlyMethod: l.arg(2) == "dossier"}
	for _, code := range l.part(0) {
		bare, eliminatory := strings.CutSuffix(code, "!")
		c.Criteria = append(c.Criteria, Criterion{Code: bare, Eliminatory: eliminatory})
	}
	if c.Epreuve && len(c.Criteria) == 0 {
		bare, eliminatory := strings.CutSuffix(c.Code, "!")
		c.Code, c.AsWhole, c.Criteria = bare, true, []Criterion{{Code: bare, Eliminatory: eliminatory}}
	}
	spec.Blocs[i].Units = append(spec.Blocs[i].Units, c)
	return p.compile(l, spec)
}

func (p *player) number(l line) error {
	value, err := strconv.Atoi(l.arg(len(l.about) - 1))
	spec := p.revisions[l.arg(0)]
	if err != nil || spec == nil {
		return l.errorf("not a number of a revision")
	}
	if _, unit, _ := find(spec, l.arg(1)); unit != nil && len(l.about) == 4 {
		switch l.arg(2) {
		case "assessors":
			unit.MinAssessors = &value
		case "attempts":
			unit.MaxAttempts = &value
		default:
			return l.errorf("unknown number")
		}
		return p.compile(l, spec)
	}
	numbers := &spec.Rules
	field, ok := map[string]**int{
		"competence-threshold": &numbers.CompetenceThreshold,
		"bloc-threshold":       &numbers.BlocThreshold,
		"assessors":            &numbers.MinAssessors,
		"jury-members":         &numbers.MinMembers,
		"jury-external":        &numbers.MinExternalPercent,
	}[l.arg(1)]
	if !ok {
		return l.errorf("unknown number")
	}
	*field = &value
	return p.compile(l, spec)
}

// compile keeps the scheme of a revision up to date.
func (p *player) compile(l line, spec *Spec) error {
	scheme, err := NewScheme(*spec)
	if err != nil {
		return l.errorf("%v", err)
	}
	p.world.schemes[spec.Revision] = scheme
	return nil
}

func (p *player) holding(l line) error { // holding r1/B1 counts as r2/B1
	held, wanted := p.blocRef(l.arg(0)), p.blocRef(l.arg(3))
	p.world.counting[[2]BlocRef{wanted, held}] = true
	return nil
}

// replaces is a line of an equivalence: "replaces r3/C: r1/A r1/B", which needs both. A
// bloc of another référentiel may be held through what replaces it there.
func (p *player) replaces(l line) error {
	wanted := p.blocRef(l.arg(0))
	var needed []Needed
	for _, text := range l.part(0) {
		ref := p.blocRef(text)
		n := Needed{Referentiel: ref.Revision.Referentiel, Revision: ref.Revision.ID, Bloc: ref.Bloc}
		if n.Referentiel != wanted.Revision.Referentiel {
			n.Through = []BlocRef{ref}
		}
		needed = append(needed, n)
	}
	p.world.lines[wanted] = append(p.world.lines[wanted], needed)
	if len(needed) == 1 {
		p.world.counting[[2]BlocRef{wanted, p.blocRef(l.part(0)[0])}] = true
	}
	return nil
}

func (p *player) session(l line) error {
	jury, err := juryOf(l)
	spec := p.revisions[l.arg(1)]
	if err != nil || spec == nil {
		return l.errorf("jury or revision not understood: %v", err)
	}
	s := &Session{ID: l.arg(0), Label: l.arg(0), Revision: spec.Revision, State: SessionOpen}
	if refusals := append(s.ChangeJury(jury, nil), p.world.schemes[s.Revision].People(jury, nil)...); len(refusals) > 0 {
		return l.errorf("%s", refusals[0].Description)
	}
	s.Jury = jury
	p.world.sessions[s.ID] = s
	return nil
}

// blocRef reads "r1/B1".
func (p *player) blocRef(text string) BlocRef {
	revision, bloc, _ := strings.Cut(text, "/")
	return BlocRef{Revision: p.revisionOf(revision), Bloc: bloc}
}

func (p *player) revisionOf(name string) Revision {
	if spec := p.revisions[name]; spec != nil {
		return spec.Revision
	}
	return Revision{Referentiel: "unknown", ID: name}
}

// describe writes a ruling as a "wrote" line does.
func (p *player) describe(r Ruling) string {
	text := fmt.Sprintf("%s %s %s", r.ID, r.Kind, r.Revision.ID)
	if r.Bloc != "" {
		text += "/" + r.Bloc
	}
	text += " " + string(r.Outcome)
	if r.Option != "" {
		text += " option " + r.Option
	}
	if r.Computed != "" {
		text += " computed " + string(r.Computed)
	}
	if r.Departure {
		text += " departure"
	}
	if r.Supersedes != "" {
		text += " supersedes " + r.Supersedes
	}
	return text
}
