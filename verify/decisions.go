package verify

import (
	"cmp"
	"slices"

	"github.com/acquis-eval/acquis/rules/calendar"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/casefile"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/words"
)

// An act is everything that one event decided about a candidate.
type act struct {
	event     uint64
	candidacy *candidacy // decided by a deliberation; nil for other acts
	decisions []decision // by uid
}

// decided replays every act that decided about the candidate.
func (p *person) decided() error {
	for _, a := range p.timeline() {
		p.checked("acts that decide")
		add(&p.report.Checked, "decisions", len(a.decisions))
		if err := p.play(a); err != nil {
			return err
		}
	}
	return nil
}

// timeline groups decisions by the event that wrote them. A candidacy that is
// DECIDED was last written by its deliberation, which may have decided nothing.
func (p *person) timeline() []act {
	byEvent := make(map[uint64]*act)
	at := func(event uint64) *act {
		if byEvent[event] == nil {
			byEvent[event] = &act{event: event}
		}
		return byEvent[event]
	}
	for _, d := range p.decisions {
		a := at(d.event)
		a.decisions = append(a.decisions, d)
	}
	for i := range p.candidacies {
		if c := &p.candidacies[i]; c.state() == acquispb.Candidacy_State_DECIDED {
			at(c.event).candidacy = c
		}
	}
	acts := make([]act, 0, len(byEvent))
	for _, a := range byEvent {
		acts = append(acts, *a)
	}
	slices.SortFunc(acts, func(a, b act) int { return cmp.Compare(a.event, b.event) })
	return acts
}

// play decides again, and compares.
func (p *person) play(a act) error {
	for _, d := range a.decisions {
		d.onItsDay(d.act.GetDecideDay(), d.act.GetDecideTime())
		if !casefile.Runs(d.act.GetRulesVersion()) {
			d.wrong("was decided under version %q of the rules, which this program does not have", d.act.GetRulesVersion())
			return nil
		}
	}
	if a.candidacy != nil {
		return p.deliberation(a)
	}
	first := a.decisions[0]
	if first.how.GetSessionUid() == 0 {
		return p.priorBloc(a)
	}
	s, ok, err := p.sits(first.how.GetSessionUid())
	if err != nil {
		return err
	}
	if !ok {
		first.wrong("was decided in session %d, which does not exist or cannot be read, or its revision", first.how.GetSessionUid())
		return nil
	}
	switch {
	case first.ruled.Kind == rules.AwardDecision && first.how.GetCandidacyUid() == 0:
		p.award(a, s)
	case first.ruled.Kind != rules.AwardDecision && first.act.GetSupersedesUid() != 0:
		return p.rectification(a, s)
	default:
		first.wrong("follows from no deliberation: candidacy %d was not decided by event %d", first.how.GetCandidacyUid(), a.event)
	}
	return nil
}

// deliberation deliberates again on the acts in the candidacy.
func (p *person) deliberation(a act) error {
	c := *a.candidacy
	entries, err := p.entries(c)
	if err != nil {
		return err
	}
	judged := p.caseOf(a, c.session)
	if len(a.decisions) == 0 {
		judged.Day = calendar.Day(c.message.GetSitting().GetDay())
	}
	judged.Acts = actsOf(entries)
	judged.Candidacy = c.enrolled()
	judged.Candidacy.Left = slices.DeleteFunc(slices.Clone(c.ruled.Left), func(d rules.Departed) bool {
		return d.As == rules.CandidacyState(rules.AlreadyHeld)
	})
	if len(a.decisions) == 0 {
		p.heldAlready(judged, c)
		return nil
	}
	lines, err := p.lines(a)
	if err != nil {
		return err
	}
	judgement, refusals := judged.Deliberate(sittingOf(a), rules.Deliberation{SeenEtag: "seen", CurrentEtag: "seen", Lines: lines})
	if c.message.GetSitting() != nil {
		c.wrong("says who deliberated, and so do its decisions")
	}
	if p.compare(a, judgement.Rulings, refusals, &c.session) {
		p.fates(c, judgement.Fates)
	}
	return nil
}

// lines are the jury's lines on blocs. They include lines that agree with the
// rules, which changes nothing.
func (p *person) lines(a act) (lines []rules.BlocLine, err error) {
	for _, d := range a.decisions {
		if d.ruled.Kind == rules.AwardDecision {
			continue
		}
		texts, err := p.texts(d.message.GetText(), 1)
		if err != nil {
			return nil, err
		}
		lines = append(lines, rules.BlocLine{Bloc: d.ruled.Bloc, Outcome: d.ruled.Outcome, Motive: texts[0]})
	}
	return lines, nil
}

// fates checks which blocs the candidacy says were already held.
func (p *person) fates(c candidacy, fates []rules.Fate) {
	var want, said []string
	for _, fate := range fates {
		if fate.Outcome == rules.AlreadyHeld {
			want = append(want, fate.Bloc)
		}
	}
	for _, left := range c.message.GetDepartedBlocs() {
		if left.GetCause() == acquispb.Candidacy_DepartedBloc_Cause_ALREADY_HELD {
			said = append(said, left.GetBloc())
		}
	}
	if !slices.Equal(want, said) {
		c.wrong("says that blocs %v were held at its deliberation, expected %v", said, want)
	}
}

// rectification rectifies again.
func (p *person) rectification(a act, s sitting) error {
	first := a.decisions[0]
	texts, err := p.texts(first.message.GetText(), 1)
	if err != nil {
		return err
	}
	rulings, refusals := p.caseOf(a, s).Rectify(sittingOf(a), rules.Rectification{
		Decision: casefile.ID(first.act.GetSupersedesUid()), Outcome: first.ruled.Outcome, Motive: texts[0],
	})
	p.compare(a, rulings, refusals, &s)
	return nil
}

// award awards again, under the revision that was current then.
func (p *person) award(a act, s sitting) {
	last := a.decisions[len(a.decisions)-1]
	rulings, refusals := p.caseOf(a, s).Award(sittingOf(a), last.ruled.Revision)
	p.compare(a, rulings, refusals, &s)
}

// priorBloc recognises a prior bloc, or a proof of a requirement, again.
func (p *person) priorBloc(a act) error {
	first := a.decisions[0]
	proof, err := p.texts(first.message.GetText(), 1)
	if err != nil {
		return err
	}
	before, of := p.before(a.event), rules.BlocRef{Revision: first.ruled.Revision, Bloc: first.ruled.Bloc}
	if first.ruled.Kind == rules.ProofDecision {
		ruling, refusals := before.RecordProof(of, first.ruled.Amount, proof[0], first.ruled.Day)
		p.compare(a, []rules.Ruling{ruling}, refusals, nil)
		return nil
	}
	ruling, refusals := before.RecordPrior(of, proof[0], first.ruled.Day)
	p.compare(a, []rules.Ruling{ruling}, refusals, nil)
	return nil
}

// caseOf judges an act by its day.
func (p *person) caseOf(a act, s sitting) rules.Case {
	c := rules.Case{Scheme: p.scheme(s.ruled.Revision), Session: s.forJury(a.event), Candidate: p.before(a.event)}
	if len(a.decisions) > 0 {
		c.Day = a.decisions[0].ruled.Day
	}
	return c
}

// sittingOf returns who sat, according to the first decision; the others must
// agree.
func sittingOf(a act) rules.Sitting {
	how := a.decisions[0].how
	return satFor(how.GetAuthor(), how.GetMembersPresent())
}

// compare compares the decisions with what the rules decide, and tells whether
// they are the same. s is the session whose jury sat; nil if none did.
func (p *person) compare(a act, rulings []rules.Ruling, refusals []words.Refusal, s *sitting) bool {
	if len(refusals) > 0 {
		a.decisions[0].wrong("was decided, which the rules forbid: %s", why(refusals))
		return false
	}
	same := s == nil || s.qualities(a.decisions[0].subject, a.decisions[0].how.GetMembersPresent())
	for i, d := range a.decisions {
		if i >= len(rulings) {
			d.wrong("is not expected: the act results in %d decisions", len(rulings))
			return false
		}
		wantAct, wantHow := casefile.Ruling(rulings[i])
		wantAct.DecideTime = a.decisions[0].act.GetDecideTime()
		wantHow.Author, wantHow.MembersPresent = a.decisions[0].how.GetAuthor(), a.decisions[0].how.GetMembersPresent()
		for _, pair := range [][2]proto.Message{{wantAct, d.act}, {wantHow, d.how}} {
			if differs := difference(pair[0], pair[1]); differs != "" {
				d.wrong("does not follow from the records under its rules: %s", differs)
				same = false
			}
		}
	}
	if missing := len(a.decisions); missing < len(rulings) {
		a.decisions[0].wrong("is one of %d decisions of its act, expected %d: also %s %s %s",
			missing, len(rulings), rulings[missing].Kind, rulings[missing].Bloc, rulings[missing].Outcome)
		return false
	}
	return same
}
