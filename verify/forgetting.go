package verify

import (
	"errors"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// An erasure says which event forgot a record, and about whom.
type erasure struct{ event, candidate uint64 }

// forgettings reads what was forgotten before anything is missed. Whether these
// records are genuine is checked with all the others.
func (v *verifier) forgettings() (err error) {
	if v.kinds, err = v.source.Kinds(); err != nil {
		return err
	}
	return v.scan(store.KindForgetting, nil, func(r store.Record) error {
		forgetting, ok := open[*storepb.Forgetting](v, store.KindForgetting, r.Key, r.Value)
		if !ok {
			return nil
		}
		for _, e := range forgetting.message.GetErased() {
			at := place{store.KindID(e.GetKind()), string(e.GetKey())}
			if erasable(e) && v.erased[at].event < forgetting.event {
				v.erased[at] = erasure{forgetting.event, forgetting.message.GetCandidateUid()}
			}
		}
		return nil
	})
}

// erasable tells whether forgetting erases such things: texts and identities, what
// was said of accommodations, and the bodies of events. Acts stay: a forgetting
// that lists one is forged, and excuses nothing.
func erasable(e *storepb.Forgetting_Erased) bool {
	switch e.GetKind() {
	case uint32(store.KindPersonal), uint32(store.KindCaseFile), uint32(store.KindEvent):
		return true
	}
	return false
}

// forgotten tells whether a personal record was forgotten with that candidate,
// after the event that wrote a reference to it, or in it.
func (v *verifier) forgotten(ref *storepb.PersonalRef, event, candidate uint64) bool {
	erased, ok := v.erased[place{store.KindPersonal, string(store.Key(ref.GetUid()))}]
	return ok && erased.event >= event && erased.candidate == candidate
}

// forgetting checks that what was forgotten is gone, and that it was about that
// candidate and may be forgotten at all.
func (v *verifier) forgetting(s subject, m *storepb.Forgetting, b body) error {
	s.keyed(m.GetCandidateUid(), m.GetUid())
	s.by(b, m.GetAuthor())
	if b.state == bodyThere && b.GetKind() != storepb.EventBody_Kind_FORGET {
		s.wrong("was written by an event of kind %s", b.GetKind())
	}
	for _, e := range m.GetErased() {
		kind := store.KindID(e.GetKind())
		gone, err := v.gone(e)
		if err != nil {
			return err
		}
		of, err := v.candidateOf(e, m.GetCandidateUid())
		switch what := readable(kind, e.GetKey()); {
		case err != nil:
			return err
		case !erasable(e):
			s.wrong("lists %v %s, which forgetting does not erase", kind, what)
		case !gone:
			s.wrong("lists %v %s as erased, which is there", kind, what)
		case of != m.GetCandidateUid():
			s.wrong("lists %v %s, which is about candidate %d", kind, what, of)
		}
	}
	if err := v.unheld(s, m); err != nil {
		return err
	}
	candidate, ok, err := load[*storepb.Candidate](v, store.KindCandidate, store.Key(m.GetCandidateUid()))
	if ok && m.GetWhole() && candidate.message.GetForgetTime() == nil {
		s.wrong("forgot candidate %d as a whole, who does not say so", m.GetCandidateUid())
	}
	return errors.Join(err, v.exists(s, store.KindCandidate, m.GetCandidateUid()))
}

// candidateOf returns whom something erased was about. Of most only who refers to
// it knows (refers): then it is said to be about the one expected.
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
	return b.state == bodyErased, err
}

// unheld checks that no legal hold kept what was forgotten. A hold that was
// released is only known to have stood until then; nobody places one on who is
// forgotten as a whole.
func (v *verifier) unheld(s subject, m *storepb.Forgetting) error {
	holds, err := loadAll[*storepb.Hold](v, store.KindHold, store.Key(m.GetCandidateUid()))
	for _, h := range holds {
		stood := h.event < s.event
		if h.message.GetReleaseTime() != nil {
			stood = m.GetWhole() && h.event > s.event
		}
		until := h.message.GetUntilDate()
		if until != nil {
			end := time.Date(int(until.GetYear()), time.Month(until.GetMonth()), int(until.GetDay())+1, 0, 0, 0, 0, time.UTC)
			stood = stood && m.GetForgetTime().AsTime().Before(end)
		}
		if stood {
			s.wrong("forgot what hold %d kept", h.message.GetUid())
		}
	}
	return err
}
