package rules

import (
	"fmt"
	"slices"

	"github.com/acquis-eval/acquis/rules/words"
	"pgregory.net/rapid"
)

// story plays random acts in a world: usually valid ones, because a decision
// needs many correct steps in a row, and some that must be refused.
type story struct {
	*rapid.T
	world   *world
	log     []func(*world) // every act, to be played again
	jurors  []string       // who may call acts of the jury, and be present
	reached map[string]int // states that the stories reached
	last    string         // the last act
	judged  []Revision     // the revisions that a jury ruled on in it
	sat     string         // the session of that jury
	of      string         // the candidacy it was about
}

var (
	mainR1 = Revision{Referentiel: "main", ID: "r1"}
	mainR2 = Revision{Referentiel: "main", ID: "r2"}
)

var assessors = []string{"eve", "paul", "bob"} // bob is on the jury too

func newStory(t *rapid.T, reached map[string]int) *story {
	s := &story{T: t, reached: reached, jurors: []string{"ann", "bob", "cleo", "dan"}}
	specs := []Spec{genSpec(mainR1).Draw(t, "r1"), genSpec(mainR2).Draw(t, "r2")}
	counting := make(map[[2]BlocRef]bool)
	for _, b := range specs[1].Blocs {
		if rapid.Bool().Draw(t, "counts") {
			counting[[2]BlocRef{{mainR2, b.Code}, {mainR1, b.Code}}] = true
		}
	}
	s.world = startOf(specs, counting)
	if rapid.IntRange(0, 3).Draw(t, "tie") == 0 {
		s.do(func(w *world) []words.Refusal { w.tied = []string{"dan"}; return nil })
	}
	return s
}

// startOf is the world at the beginning of a story: three sessions, one of them
// of the other revision.
func startOf(specs []Spec, counting map[[2]BlocRef]bool) *world {
	w := newWorld()
	w.counting = counting
	for _, spec := range specs {
		scheme, err := NewScheme(spec)
		if err != nil {
			panic(err)
		}
		w.schemes[spec.Revision] = scheme
	}
	jury := []Member{{Subject: "ann", External: true, Chair: true}, {Subject: "bob", Chair: true}, {Subject: "cleo", External: true}, {Subject: "dan"}}
	for id, revision := range map[string]Revision{"s1": mainR1, "s2": mainR1, "s3": mainR2} {
		w.sessions[id] = &Session{ID: id, Label: id, Revision: revision, State: SessionOpen, Jury: jury}
		w.qualities[id] = qualityOf
	}
	return w
}

// pick draws one of several items; ok is false if there are none.
func pick[T any](s *story, what string, from []T) (one T, ok bool) {
	if len(from) == 0 {
		return one, false
	}
	return rapid.SampledFrom(from).Draw(s.T, what), true
}

// do plays an act and keeps it. An act draws nothing itself, so that it can be
// played again.
func (s *story) do(act func(*world) []words.Refusal) []words.Refusal {
	s.log = append(s.log, func(w *world) { act(w) })
	refusals := act(s.world)
	if words.KindOf(refusals) != "" {
		s.reached["refused"]++
	}
	return refusals
}

// acts lists what can happen next.
func (s *story) acts() map[string]func(*rapid.T) {
	acts := make(map[string]func(*rapid.T))
	for name, act := range map[string]func(){
		"enrol": s.enrol, "leave": s.leave, "reinstate": s.reinstate, "assess": s.assess,
		"assess all": s.assessAll, "retract": s.retract, "settle": s.settle, "advise": s.advise,
		"exempt": s.exempt, "deliberate": s.deliberate, "deliberate again": s.deliberate,
		"rectify": s.rectify, "award": s.award, "prior": s.prior, "end": s.end, "pass": s.pass,
	} {
		acts[name] = func(t *rapid.T) {
			s.T, s.last, s.judged, s.sat, s.of = t, name, nil, "", ""
			act()
		}
	}
	return acts
}

func (s *story) anySession() string {
	return rapid.SampledFrom([]string{"s1", "s2", "s3"}).Draw(s.T, "session")
}

func (s *story) anyCandidacy() (string, bool) {
	var ids []string
	for _, k := range s.world.candidacies {
		ids = append(ids, k.ID)
		if k.State == Enrolled {
			ids = append(ids, k.ID, k.ID) // chosen more often, because more can be done with them
		}
	}
	return pick(s, "candidacy", ids)
}

// anyCriterion draws a presented criterion.
func (s *story) anyCriterion(candidacy string) (string, bool) {
	k, ok := pick(s, "criterion", s.world.caseOf(candidacy).Grid().criteria())
	return k.Code, ok
}

func (s *story) someBlocs() []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"B1", "B2", "B3"}), 0, 2, rapid.ID).Draw(s.T, "blocs")
}

func (s *story) enrol() {
	session, e := s.anySession(), Enrolment{Scope: Whole, Route: rapid.SampledFrom([]AccessRoute{"", "VAE"}).Draw(s.T, "route")}
	if blocs := s.someBlocs(); len(blocs) > 0 {
		e.Scope, e.Blocs = NamedBlocs, blocs
	}
	id := fmt.Sprintf("k%d", len(s.world.candidacies)+1)
	s.do(func(w *world) []words.Refusal { return w.enrol(id, session, e) })
}

func (s *story) leave() {
	if id, ok := s.anyCandidacy(); ok {
		as, blocs := rapid.SampledFrom([]CandidacyState{Withdrawn, Absent}).Draw(s.T, "as"), s.someBlocs()
		s.do(func(w *world) []words.Refusal {
			return w.move(id, func(c Case) (Candidacy, []words.Refusal) { return c.Leave(as, blocs) })
		})
	}
}

func (s *story) reinstate() {
	if id, ok := s.anyCandidacy(); ok {
		blocs := s.someBlocs()
		s.do(func(w *world) []words.Refusal {
			return w.move(id, func(c Case) (Candidacy, []words.Refusal) { return c.Reinstate(blocs) })
		})
	}
}

func (s *story) assess() {
	id, ok := s.anyCandidacy()
	if !ok {
		return
	}
	if code, ok := s.anyCriterion(id); ok {
		who, verdict := rapid.SampledFrom(assessors).Draw(s.T, "assessor"), genVerdict().Draw(s.T, "verdict")
		s.do(func(w *world) []words.Refusal {
			return w.record(id, who, CriterionVerdict{Criterion: code, Verdict: verdict})
		})
	}
}

// assessAll has two assessors give verdicts on every presented criterion. Usually
// they agree.
func (s *story) assessAll() {
	id, ok := s.anyCandidacy()
	if !ok {
		return
	}
	eve, paul := genVerdict().Draw(s.T, "verdict"), genVerdict().Draw(s.T, "verdict")
	if rapid.IntRange(0, 2).Draw(s.T, "agree") > 0 {
		paul = eve
	}
	s.do(func(w *world) []words.Refusal {
		return append(w.record(id, "eve", w.whole(id, eve)...), w.record(id, "paul", w.whole(id, paul)...)...)
	})
}

func (s *story) retract() {
	id, ok := s.anyCandidacy()
	if !ok {
		return
	}
	if code, ok := s.anyCriterion(id); ok {
		who := rapid.SampledFrom(assessors).Draw(s.T, "assessor")
		s.do(func(w *world) []words.Refusal { return w.retract(id, who, code) })
	}
}

// settle settles everything that is disputed.
func (s *story) settle() {
	id, ok := s.anyCandidacy()
	if !ok {
		return
	}
	who, verdict := rapid.SampledFrom(s.jurors).Draw(s.T, "juror"), genVerdict().Draw(s.T, "verdict")
	s.do(func(w *world) []words.Refusal { return w.settle(id, who, w.disputed(id, verdict)...) })
}

func (s *story) advise() {
	id, ok := s.anyCandidacy()
	if !ok {
		return
	}
	if code, ok := s.anyCriterion(id); ok {
		favourable := rapid.IntRange(0, 3).Draw(s.T, "favourable") > 0
		s.do(func(w *world) []words.Refusal { return w.advise(id, code, favourable) })
	}
}

func (s *story) exempt() {
	id, ok := s.anyCandidacy()
	if !ok {
		return
	}
	var advised []string
	for _, a := range s.world.file(id).acts.Advice {
		advised = append(advised, a.Criterion)
	}
	if code, ok := pick(s, "advised", advised); ok {
		holds := Statement{Holds: true, Reason: "the post"}
		r := ExemptionRequest{code, rapid.Bool().Draw(s.T, "granted"), holds, holds, "the post"}
		who := rapid.SampledFrom(s.jurors).Draw(s.T, "juror")
		s.do(func(w *world) []words.Refusal { return w.exempt(id, who, r) })
	}
}

// sitting is usually the whole jury; the story of a lone juror has one name only,
// which it may repeat.
func (s *story) sitting() Sitting {
	present := slices.Clone(s.jurors)
	if rapid.IntRange(0, 3).Draw(s.T, "present") == 0 {
		present = rapid.SliceOfN(rapid.SampledFrom(append(present, "stranger")), 1, 4).Draw(s.T, "members")
	} else {
		present = slices.DeleteFunc(present, func(m string) bool { return slices.Contains(s.world.tied, m) })
	}
	if len(present) == 0 {
		present = s.jurors
	}
	return Sitting{Caller: rapid.SampledFrom(present).Draw(s.T, "caller"), Present: present}
}

func (s *story) deliberate() {
	id, ok := s.anyCandidacy()
	if !ok {
		return
	}
	sitting, d := s.sitting(), Deliberation{SeenEtag: "e", CurrentEtag: "e"}
	for _, bloc := range s.someBlocs() {
		if rapid.Bool().Draw(s.T, "line") {
			outcome := rapid.SampledFrom([]DecisionOutcome{Capitalised, NotCapitalised}).Draw(s.T, "outcome")
			d.Lines = append(d.Lines, BlocLine{bloc, outcome, "motive"})
		}
	}
	refusals := s.do(func(w *world) []words.Refusal {
		_, refusals := w.deliberate(id, sitting, d)
		return refusals
	})
	if len(refusals) == 0 {
		k := s.world.file(id)
		s.judged, s.sat, s.of = []Revision{k.Revision}, k.Session, id
	}
}

func (s *story) rectify() {
	d, ok := pick(s, "decision", s.world.decisions)
	if !ok {
		return
	}
	session, sitting := s.anySession(), s.sitting()
	r := Rectification{d.ID, rapid.SampledFrom([]DecisionOutcome{Capitalised, NotCapitalised}).Draw(s.T, "outcome"), "motive"}
	refusals := s.do(func(w *world) []words.Refusal {
		_, refusals := w.rectify(session, sitting, r)
		return refusals
	})
	if len(refusals) == 0 {
		s.judged, s.sat, s.of = []Revision{d.Revision}, session, d.Candidacy
	}
}

func (s *story) award() {
	session, sitting := s.anySession(), s.sitting()
	revision := rapid.SampledFrom([]Revision{mainR1, mainR2}).Draw(s.T, "revision")
	refusals := s.do(func(w *world) []words.Refusal {
		_, refusals := w.award(session, sitting, revision)
		return refusals
	})
	if len(refusals) == 0 {
		s.judged, s.sat = []Revision{revision}, session
	}
}

func (s *story) prior() {
	revision := rapid.SampledFrom([]Revision{mainR1, mainR2}).Draw(s.T, "revision")
	bloc := BlocRef{revision, rapid.SampledFrom([]string{"B1", "B2", "B3"}).Draw(s.T, "bloc")}
	s.do(func(w *world) []words.Refusal {
		_, refusals := w.prior(bloc, "proof")
		return refusals
	})
}

// pass lets days go by.
func (s *story) pass() {
	days := rapid.SampledFrom([]int{1, 31, 400}).Draw(s.T, "days")
	s.do(func(w *world) []words.Refusal {
		w.today = daysAfter(w.today, days)
		return nil
	})
}

// end ends a session; rarely, because little can happen afterwards.
func (s *story) end() {
	if rapid.IntRange(0, 9).Draw(s.T, "really") == 0 {
		session, as := s.anySession(), rapid.SampledFrom([]SessionState{SessionClosed, SessionCancelled}).Draw(s.T, "as")
		s.do(func(w *world) []words.Refusal { return w.end(session, as) })
	}
}
