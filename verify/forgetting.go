package verify

import (
	"errors"
	"fmt"
	"time"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// An erasure says which event erased something, about whom, and which forgetting
// lists it.
type erasure struct {
	event, candidate uint64
	by               string // key of the forgetting
}

// forgettings reads what was forgotten before missing records are reported.
// Whether these records are genuine is checked with all the others.
func (v *verifier) forgettings() (err error) {
	if v.kinds, err = v.source.Kinds(); err != nil {
		return err
	}
	return v.scan(store.KindForgetting, nil, func(r store.Record) error {
		forgetting, ok := open[*storepb.Forgetting](v, store.KindForgetting, r.Key, r.Value)
		if !ok {
			return nil
		}
		this := erasure{forgetting.event, forgetting.message.GetCandidateUid(), string(r.Key)}
		if forgetting.message.GetWhole() {
			v.whole[this.candidate] = this
		}
		for _, e := range forgetting.message.GetErased() {
			at := place{store.KindID(e.GetKind()), string(e.GetKey())}
			if _, listed := v.erased[at]; erasable(e) && !listed { // forgetting reports a second one
				v.erased[at] = this
			}
		}
		return nil
	})
}

// erasable tells whether forgetting erases this: texts and identities, records of
// accommodations, and the bodies of events. Acts stay: a forgetting that lists
// one is forged, and excuses nothing.
func erasable(e *storepb.Forgetting_Erased) bool {
	switch e.GetKind() {
	case uint32(store.KindPersonal), uint32(store.KindCaseFile), uint32(store.KindEvent):
		return true
	}
	return false
}

// forgotten tells whether a personal record was forgotten with that candidate, by
// or after the event that wrote a reference to it.
func (v *verifier) forgotten(ref *storepb.PersonalRef, event, candidate uint64) bool {
	erased, ok := v.erased[place{store.KindPersonal, string(store.Key(ref.GetUid()))}]
	return ok && erased.event >= event && erased.candidate == candidate
}

// forgetting checks that what was forgotten no longer exists, was about that
// candidate, and may be forgotten at all.
func (v *verifier) forgetting(s subject, m *storepb.Forgetting, b body) error {
	s.keyed(m.GetCandidateUid(), m.GetUid())
	s.by(b, m.GetAuthor())
	if kind := b.stub.GetKind(); b.stub != nil && kind != storepb.EventBody_Kind_FORGET {
		s.wrong("was written by an event of kind %s", kind)
	}
	var before *storepb.RecordDigest
	for _, e := range m.GetErased() {
		this := &storepb.RecordDigest{Kind: e.GetKind(), Key: e.GetKey()}
		if before != nil && compareDigests(before, this) >= 0 {
			s.wrong("lists what was erased out of order, or twice")
		}
		before = this
		if err := v.lists(s, m, e, b); err != nil {
			return err
		}
	}
	if err := errors.Join(v.unheld(s, m), v.unopened(s, m)); err != nil {
		return err
	}
	candidate, ok, err := load[*storepb.Candidate](v, store.KindCandidate, store.Key(m.GetCandidateUid()))
	if ok && m.GetWhole() && candidate.message.GetForgetTime() == nil {
		s.wrong("forgot candidate %d as a whole, whose record does not say so", m.GetCandidateUid())
	}
	return errors.Join(err, v.exists(s, store.KindCandidate, m.GetCandidateUid()))
}

// lists checks one item that a forgetting lists.
func (v *verifier) lists(s subject, m *storepb.Forgetting, e *storepb.Forgetting_Erased, b body) error {
	kind, what := store.KindID(e.GetKind()), readable(store.KindID(e.GetKind()), e.GetKey())
	if !erasable(e) {
		s.wrong("lists %v %s, which forgetting does not erase", kind, what)
		return nil
	}
	gone, err := v.gone(e)
	if err != nil {
		return err
	}
	of, err := v.candidateOf(e, m.GetCandidateUid())
	if err != nil {
		return err
	}
	first := v.erased[place{kind, string(e.GetKey())}]
	switch said, found := b.find(kind, e.GetKey()); {
	case !gone:
		s.wrong("lists %v %s as erased, which is there", kind, what)
	case of != m.GetCandidateUid():
		s.wrong("lists %v %s, which is about candidate %d", kind, what, of)
	case first.by != string(s.key):
		s.wrong("lists %v %s, which forgetting %s lists too", kind, what, readable(store.KindForgetting, []byte(first.by)))
	case kind != store.KindEvent && (!found || !removed(said)):
		s.wrong("lists %v %s, which its event did not remove", kind, what)
	}
	return nil
}

// keeps says why the body of an event must not be missing; empty if it may. Only
// the bodies of accommodations are erased, together with the accommodations: a
// forgetting of their candidate lists both. An event that wrote anything else
// keeps its body.
func (v *verifier) keeps(event uint64, b body) string {
	erased, listed := v.erased[place{store.KindEvent, string(store.SequenceKey(event))}]
	switch {
	case !listed || erased.event <= event:
		return "and no later forgetting lists it"
	case b.stub.GetKind() != storepb.EventBody_Kind_CANDIDACY_FILE || !store.BodyErasable(b.stub):
		return "although it wrote records that no forgetting erases"
	case erased.candidate != b.stub.GetCandidateUid():
		return fmt.Sprintf("was forgotten with candidate %d, but is about candidate %d", erased.candidate, b.stub.GetCandidateUid())
	}
	files := 0
	for _, d := range b.stub.GetRecords() {
		if store.KindID(d.GetKind()) != store.KindCaseFile {
			continue
		}
		files++
		if v.erased[place{store.KindCaseFile, string(d.GetKey())}].by != erased.by {
			return "and the forgetting that lists it does not list what it wrote"
		}
	}
	if files == 0 {
		return "although it is not about an accommodation"
	}
	return ""
}

// candidateOf returns whom erased data was about. Usually only the record that
// refers to it knows (refers): then it returns the expected candidate.
func (v *verifier) candidateOf(e *storepb.Forgetting_Erased, expected uint64) (uint64, error) {
	if e.GetKind() != uint32(store.KindCaseFile) {
		return expected, nil
	}
	candidacy, _, err := load[*storepb.Candidacy](v, store.KindCandidacy, store.Key(store.FirstUID(e.GetKey())))
	return candidacy.message.GetCandidateUid(), err
}

func (v *verifier) gone(e *storepb.Forgetting_Erased) (bool, error) {
	if kind := store.KindID(e.GetKind()); kind != store.KindEvent {
		_, err := v.source.Get(kind, e.GetKey())
		if errors.Is(err, store.ErrNotFound) {
			return true, nil
		}
		return false, err
	}
	b, err := v.bodies.of(store.LastUID(e.GetKey()))
	return len(e.GetKey()) == 8 && b.state == bodyErased, err
}

// unheld checks that no legal hold was in force for what was forgotten. A
// released hold is known to have been in force only until its release; a
// candidate forgotten as a whole gets no new hold.
func (v *verifier) unheld(s subject, m *storepb.Forgetting) error {
	holds, err := loadAll[*storepb.Hold](v, store.KindHold, store.Key(m.GetCandidateUid()))
	for _, h := range holds {
		placed, then := h.event < s.event, casefile.Hold(h.message)
		if !then.Released.IsZero() {
			placed, then.Released = m.GetWhole() && h.event > s.event, time.Time{} // not yet
		}
		if placed && then.Stands(m.GetForgetTime().AsTime()) {
			s.wrong("forgot what hold %d kept", h.message.GetUid())
		}
	}
	return err
}

// unopened checks that nobody was forgotten as a whole while being assessed or
// decided about. Sessions are never reopened, and a forgotten candidate is not
// enrolled, so the present state was also the state then.
func (v *verifier) unopened(s subject, m *storepb.Forgetting) error {
	if !m.GetWhole() {
		return nil
	}
	candidacies, err := listed[*storepb.Candidacy](v, store.KindCandidateCandidacy, store.KindCandidacy, m.GetCandidateUid())
	if err != nil {
		return err
	}
	for _, c := range candidacies {
		session, ok, err := load[*storepb.Session](v, store.KindSession, store.Key(c.message.GetSessionUid()))
		if err != nil {
			return err
		}
		if ok && casefile.Standing(c.message, session.message).Live() {
			s.wrong("forgot candidate %d, whose candidacy %d is live in an open session", m.GetCandidateUid(), c.message.GetUid())
		}
	}
	return nil
}

// wholly checks that nothing erasable is left of a candidate whose record says
// that they were forgotten, and that a forgetting says so too.
func (v *verifier) wholly(s subject, m *storepb.Candidate) {
	if m.GetForgetTime() == nil {
		return
	}
	whole, ok := v.whole[m.GetUid()]
	switch {
	case !ok:
		s.wrong("says that it was forgotten, but no forgetting says so")
	case whole.event != s.event:
		s.wrong("was forgotten by event %d, but written by event %d", whole.event, s.event)
	}
}

// unforgotten checks that the candidate of something that forgetting erases was
// not forgotten.
func (v *verifier) unforgotten(s subject, candidate uint64) error {
	found, ok, err := load[*storepb.Candidate](v, store.KindCandidate, store.Key(candidate))
	if ok && found.message.GetForgetTime() != nil {
		s.wrong("exists, although candidate %d was forgotten", candidate)
	}
	return err
}

// unforgottenFile is unforgotten for an entry of a candidacy's file, if forgetting
// erases it.
func (v *verifier) unforgottenFile(s subject, m *storepb.CaseFile) error {
	if !store.Erasable(m) {
		return nil
	}
	c, _, err := load[*storepb.Candidacy](v, store.KindCandidacy, store.Key(store.FirstUID(s.key)))
	return errors.Join(err, v.unforgotten(s, c.message.GetCandidateUid()))
}
