package rules

import (
	"fmt"
	"slices"

	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/words"
)

// world behaves as the service does around the rules, as simply as possible: it
// keeps what was done to one candidate, asks the rules before each act, and
// writes only what they allow. Cases and properties both use it.
type world struct {
	schemes     map[Revision]*Scheme
	counting    map[[2]BlocRef]bool // wanted, held
	lines       map[BlocRef][][]Needed
	sessions    map[string]*Session
	tookPart    map[string][]string          // by session: subjects who took part in an act of its jury
	qualities   map[string]map[string]string // by session and subject: in which quality they assess
	candidacies []*candidacyFile
	decisions   []Decision
	tied        []string
	seq         uint64
	today       calendar.Day
}

// candidacyFile is a candidacy and its acts.
type candidacyFile struct {
	Candidacy
	acts Acts
}

func newWorld() *world {
	return &world{
		schemes:  make(map[Revision]*Scheme),
		counting: make(map[[2]BlocRef]bool),
		lines:    make(map[BlocRef][][]Needed),
		sessions: make(map[string]*Session),
		tookPart: make(map[string][]string),
		today:    "2026-01-01",

		qualities: make(map[string]map[string]string),
	}
}

func (w *world) Scheme(r Revision) *Scheme { return w.schemes[r] }

func (w *world) Counts(wanted, held BlocRef) bool { return w.counting[[2]BlocRef{wanted, held}] }

func (w *world) Equivalences(wanted BlocRef) [][]Needed { return w.lines[wanted] }

func (w *world) candidate() Candidate {
	c := Candidate{Catalogue: w, Decisions: w.decisions, Tied: w.tied}
	for _, k := range w.candidacies {
		c.Candidacies = append(c.Candidacies, k.Candidacy)
	}
	return c
}

func (w *world) before(session string) Case {
	s := w.sessions[session]
	return Case{Scheme: w.schemes[s.Revision], Session: *s, Candidate: w.candidate(), Day: w.today}
}

func (w *world) file(id string) *candidacyFile {
	i := slices.IndexFunc(w.candidacies, func(k *candidacyFile) bool { return k.ID == id })
	if i < 0 {
		return nil
	}
	return w.candidacies[i]
}

func (w *world) caseOf(id string) Case {
	k := w.file(id)
	c := w.before(k.Session)
	c.Candidacy, c.Acts = k.Candidacy, k.acts
	return c
}

func (w *world) of(session string) []Candidacy {
	var all []Candidacy
	for _, k := range w.candidacies {
		if k.Session == session {
			all = append(all, k.Candidacy)
		}
	}
	return all
}

func (w *world) next() uint64 {
	w.seq++
	return w.seq
}

func (w *world) enrol(id, session string, e Enrolment) []words.Refusal {
	k, refusals := w.before(session).Enrol(e)
	if len(refusals) == 0 {
		k.ID, k.Label = id, id
		w.candidacies = append(w.candidacies, &candidacyFile{Candidacy: k})
	}
	return refusals
}

func (w *world) move(id string, act func(Case) (Candidacy, []words.Refusal)) []words.Refusal {
	k, refusals := act(w.caseOf(id))
	if len(refusals) == 0 {
		w.file(id).Candidacy = k
	}
	return refusals
}

func (w *world) record(id, assessor string, lines ...CriterionVerdict) []words.Refusal {
	k := w.file(id)
	quality := w.qualities[k.Session][assessor]
	refusals := w.caseOf(id).Record(quality, lines)
	if len(refusals) > 0 {
		return refusals
	}
	seq := w.next()
	for _, l := range lines {
		k.acts.Assessments = append(k.acts.Assessments, Assessment{Criterion: l.Criterion, Assessor: assessor, Quality: quality, Verdict: l.Verdict, Seq: seq})
	}
	return nil
}

// criteria lists the criteria of a grid.
func (g Grid) criteria() []GridCriterion {
	var all []GridCriterion
	for _, b := range g.Blocs {
		for _, c := range b.Units {
			all = append(all, c.Criteria...)
		}
	}
	return all
}

// whole gives a verdict on every presented criterion.
func (w *world) whole(id string, verdict Verdict) []CriterionVerdict {
	var lines []CriterionVerdict
	for _, k := range w.caseOf(id).Grid().criteria() {
		lines = append(lines, CriterionVerdict{Criterion: k.Code, Verdict: verdict})
	}
	return lines
}

// disputed gives a verdict on every criterion on which assessors disagree.
func (w *world) disputed(id string, verdict Verdict) []CriterionVerdict {
	var lines []CriterionVerdict
	for _, k := range w.caseOf(id).Grid().criteria() {
		if k.disputed() {
			lines = append(lines, CriterionVerdict{Criterion: k.Code, Verdict: verdict})
		}
	}
	return lines
}

func (w *world) retract(id, assessor string, criteria ...string) []words.Refusal {
	refusals := w.caseOf(id).Retract(assessor, criteria)
	if len(refusals) > 0 {
		return refusals
	}
	k, seq := w.file(id), w.next()
	for _, c := range criteria {
		k.acts.Assessments = append(k.acts.Assessments, Assessment{Criterion: c, Assessor: assessor, Retracted: true, Seq: seq})
	}
	return nil
}

func (w *world) settle(id, juror string, lines ...CriterionVerdict) []words.Refusal {
	settlements, refusals := w.caseOf(id).Settle(juror, lines)
	k, seq := w.file(id), w.next()
	for _, s := range settlements {
		s.Seq = seq
		k.acts.Settlements = append(k.acts.Settlements, s)
		w.tookPart[k.Session] = append(w.tookPart[k.Session], juror)
	}
	return refusals
}

func (w *world) advise(id, criterion string, favourable bool) []words.Refusal {
	refusals := w.caseOf(id).Advise(criterion)
	if len(refusals) == 0 {
		k := w.file(id)
		k.acts.Advice = append(k.acts.Advice, Advice{Criterion: criterion, Favourable: favourable, Seq: w.next()})
	}
	return refusals
}

func (w *world) exempt(id, juror string, r ExemptionRequest) []words.Refusal {
	e, refusals := w.caseOf(id).DecideExemption(juror, r)
	if len(refusals) == 0 {
		e.Seq = w.next()
		k := w.file(id)
		k.acts.Exemptions = append(k.acts.Exemptions, e)
		w.tookPart[k.Session] = append(w.tookPart[k.Session], juror)
	}
	return refusals
}

// write appends rulings as decisions d1, d2, … and returns them.
func (w *world) write(rulings []Ruling) []Ruling {
	for i := range rulings {
		r := &rulings[i]
		if r.Day != w.today {
			panic(fmt.Sprintf("%s of %q is of the day %q", r.Kind, r.Bloc, r.Day)) // each ruling is dated
		}
		r.Seq = w.next()
		r.ID = fmt.Sprintf("d%d", len(w.decisions)+1)
		w.decisions = append(w.decisions, r.Decision)
	}
	return rulings
}

func (w *world) deliberate(id string, s Sitting, d Deliberation) (Judgement, []words.Refusal) {
	j, refusals := w.caseOf(id).Deliberate(s, d)
	if len(refusals) == 0 {
		k := w.file(id)
		k.State = Decided
		w.tookPart[k.Session] = append(w.tookPart[k.Session], s.Present...) // even if every bloc was already held
		j.Rulings = w.write(j.Rulings)
	}
	return j, refusals
}

func (w *world) rectify(session string, s Sitting, r Rectification) ([]Ruling, []words.Refusal) {
	rulings, refusals := w.before(session).Rectify(s, r)
	w.sat(session, s, rulings)
	return w.write(rulings), refusals
}

func (w *world) award(session string, s Sitting, current Revision) ([]Ruling, []words.Refusal) {
	rulings, refusals := w.before(session).Award(s, current)
	w.sat(session, s, rulings)
	return w.write(rulings), refusals
}

// sat records who took part in an act of a jury, if the act had a result.
func (w *world) sat(session string, s Sitting, rulings []Ruling) {
	if len(rulings) > 0 {
		w.tookPart[session] = append(w.tookPart[session], s.Present...)
	}
}

func (w *world) prior(bloc BlocRef, proof string) ([]Ruling, []words.Refusal) {
	ruling, refusals := w.candidate().RecordPrior(bloc, proof, w.today)
	if len(refusals) > 0 {
		return nil, refusals
	}
	return w.write([]Ruling{ruling}), nil
}

func (w *world) end(session string, as SessionState) []words.Refusal {
	s := w.sessions[session]
	if as == SessionClosed {
		refusals := s.Close(w.of(session))
		if len(refusals) == 0 {
			s.State = as
		}
		return refusals
	}
	refusals := s.Cancel(w.of(session), w.tookPart[session])
	if len(refusals) > 0 {
		return refusals
	}
	s.State = as
	for _, k := range w.candidacies {
		if k.Session == session {
			k.State = CandidacyCancelled
		}
	}
	return nil
}
