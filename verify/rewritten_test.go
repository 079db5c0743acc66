package verify_test

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// renamed gives records ids that callers chose for other records, by appended
// events.
func (v *vault) renamed(t *testing.T) {
	_, about := v.undecidedVerdicts()
	a, b := store.Key(about), store.Key(v.otherThan(about))
	for name, p := range map[string]pretext{
		"two candidates change their names": {"but its records belong to another", func(by *tamperer) error {
			return by.exchange(store.KindCandidate, store.CollectionCandidate, a, b)
		}},
		"a candidacy was enrolled on another day": {`which was not on "2020-01-01" anywhere`, func(by *tamperer) error {
			return by.rewriteLater(store.KindCandidacy, v.candidacyThatIs(acquispb.Candidacy_State_ENROLLED), func(m proto.Message) {
				m.(*storepb.Candidacy).EnrolDay = "2020-01-01"
			})
		}},
		"two sessions change their names": {"but its records belong to another", func(by *tamperer) error {
			sessions := v.records[store.KindSession]
			return by.exchange(store.KindSession, store.CollectionSession, sessions[0].Key, sessions[1].Key)
		}},
		"a candidacy has another name": {"but its records belong to another", func(by *tamperer) error {
			key := v.candidacyThatIs(acquispb.Candidacy_State_ENROLLED)
			_, m := message(t, store.KindCandidacy, by.mustGet(t, store.KindCandidacy, key))
			_, session := message(t, store.KindSession, by.mustGet(t, store.KindSession, store.Key(m.(*storepb.Candidacy).GetSessionUid())))
			return by.rename(store.KindCandidacy, store.CollectionCandidacy, store.CandidacyLabel(session.(*storepb.Session).GetLabel(), ""), key, "other")
		}},
	} {
		v.mustFind(t, name, p)
	}
}

// ended rewrites records after their end, by an appended event.
func (v *vault) ended(t *testing.T) {
	closed := v.last(store.KindSession, func(m proto.Message) bool {
		return m.(*storepb.Session).GetState() == acquispb.Session_State_CLOSED
	})
	for name, p := range map[string]pretext{
		"a session that was closed is open again": {"for the last time, by acquis.v1.SessionService/CloseSession", func(by *tamperer) error {
			return by.rewriteLater(store.KindSession, closed, func(m proto.Message) {
				m.(*storepb.Session).State = acquispb.Session_State_OPEN
			})
		}},
		"a session that was cancelled, and its candidacies, go on": {"for the last time, by acquis.v1.SessionService/CancelSession", func(by *tamperer) error {
			return by.rewriteLater(store.KindCandidacy, v.candidacyThatIs(acquispb.Candidacy_State_CANCELLED), func(m proto.Message) {
				m.(*storepb.Candidacy).State = acquispb.Candidacy_State_ENROLLED
			})
		}},
		"a deliberation did not take place": {"for the last time, by acquis.v1.CapitalisationService/Deliberate", func(by *tamperer) error {
			return by.rewriteLater(store.KindCandidacy, v.candidacyThatIs(acquispb.Candidacy_State_DECIDED), func(m proto.Message) {
				m.(*storepb.Candidacy).State = acquispb.Candidacy_State_ENROLLED
			})
		}},
		"a forgotten candidate is written again": {"for the last time, by acquis.v1.CandidateService/ForgetCandidate", func(by *tamperer) error {
			return by.rewriteLater(store.KindCandidate, v.forgottenCandidate(), func(m proto.Message) { m.(*storepb.Candidate).ForgetTime.Seconds -= 60 })
		}},
	} {
		v.mustFind(t, name, p)
	}
}

// amended changes what keys and holds said when they began and ended, by an
// appended event.
func (v *vault) amended(t *testing.T) {
	for name, p := range map[string]pretext{
		"a key was revoked at another time": {"for the last time, by acquis.v1.AdminService/RevokeKey", func(by *tamperer) error {
			return by.rewriteLater(store.KindKey, v.revoked(), func(m proto.Message) { m.(*storepb.Key).RevokeTime.Seconds -= 60 })
		}},
		"a key was of another subject, and is revoked": {"only rewritten to revoke it", func(by *tamperer) error {
			key := v.last(store.KindKey, func(m proto.Message) bool { return m.(*storepb.Key).GetRevokeTime() == nil })
			return by.rewriteLater(store.KindKey, key, func(m proto.Message) {
				m.(*storepb.Key).Subject, m.(*storepb.Key).RevokeTime = "nobody", m.(*storepb.Key).GetCreateTime()
			})
		}},
		"a hold had another end, and is released": {"only rewritten to release it", func(by *tamperer) error {
			hold := v.last(store.KindHold, func(m proto.Message) bool { return m.(*storepb.Hold).GetReleaseTime() == nil })
			return by.rewriteLater(store.KindHold, hold, func(m proto.Message) {
				h := m.(*storepb.Hold)
				h.UntilDate, h.Releaser, h.ReleaseTime = &storepb.Date{Year: 2020, Month: 1, Day: 1}, "registrar", h.GetPlaceTime()
			})
		}},
		"a hold ended a day later, and is released": {"does not end when its last day does", func(by *tamperer) error {
			hold := v.last(store.KindHold, func(m proto.Message) bool { return m.(*storepb.Hold).GetReleaseTime() == nil })
			return by.rewriteLater(store.KindHold, hold, func(m proto.Message) {
				h := m.(*storepb.Hold)
				h.UntilDate, h.EndTime = &storepb.Date{Year: 2030, Month: 1, Day: 1}, timestamppb.New(time.Date(2030, 1, 2, 23, 0, 0, 0, time.UTC))
				h.Releaser, h.ReleaseTime = "registrar", h.GetPlaceTime()
			})
		}},
		"a hold kept nothing, and is released": {"had ended when it was placed", func(by *tamperer) error {
			hold := v.last(store.KindHold, func(m proto.Message) bool { return m.(*storepb.Hold).GetReleaseTime() == nil })
			return by.rewriteLater(store.KindHold, hold, func(m proto.Message) {
				h := m.(*storepb.Hold)
				h.UntilDate, h.EndTime = &storepb.Date{Year: 2020, Month: 1, Day: 1}, timestamppb.New(time.Date(2020, 1, 1, 23, 0, 0, 0, time.UTC))
				h.Releaser, h.ReleaseTime = "registrar", h.GetPlaceTime()
			})
		}},
		"a signing key is recorded again": {"is a key that was entered before", func(by *tamperer) error {
			by.uid++
			signer := new(storepb.Signer)
			err := proto.Unmarshal(v.records[store.KindSigner][0].Value[24:], signer)
			signer.Uid = by.uid
			again, marshalErr := proto.Marshal(signer)
			put := []written{{place{store.KindSigner, store.Key(by.uid)}, again}}
			return errors.Join(err, marshalErr, by.append(storepb.EventBody_Kind_SIGNER, "", put, nil))
		}},
		"a hold was released at another time": {"for the last time, by acquis.v1.CandidateService/ReleaseHold", func(by *tamperer) error {
			return by.rewriteLater(store.KindHold, v.released(), func(m proto.Message) { m.(*storepb.Hold).ReleaseTime.Seconds -= 60 })
		}},
	} {
		v.mustFind(t, name, p)
	}
}

// last returns the key of the last record of a kind for which such is true.
func (v *vault) last(kind store.KindID, such func(proto.Message) bool) (key []byte) {
	for _, r := range v.records[kind] {
		if _, m := message(v.t, kind, r.Value); such(m) {
			key = r.Key
		}
	}
	if key == nil {
		v.t.Fatalf("the store has no such %v", kind)
	}
	return key
}

func (v *vault) candidacyThatIs(state acquispb.Candidacy_State_Enum) []byte {
	return v.last(store.KindCandidacy, func(m proto.Message) bool { return m.(*storepb.Candidacy).GetState() == state })
}

func (x *tamperer) mustGet(t *testing.T, kind store.KindID, key []byte) []byte {
	t.Helper()
	value, err := x.Get(kind, key)
	world.Must(t, err)
	return value
}

// rename gives a record another label, also in the index, where the label follows
// the prefix before.
func (x *tamperer) rename(kind store.KindID, c store.Collection, before string, key []byte, label string) error {
	err := x.rewriteLater(kind, key, func(m proto.Message) {
		field := m.ProtoReflect().Descriptor().Fields().ByName("label")
		_ = x.remove(store.KindName, store.NameKey(c, before+m.ProtoReflect().Get(field).String()))
		m.ProtoReflect().Set(field, protoreflect.ValueOfString(label))
	})
	return errors.Join(err, x.put(store.KindName, store.NameKey(c, before+label), key))
}

// exchange swaps the labels of two records.
func (x *tamperer) exchange(kind store.KindID, c store.Collection, a, b []byte) error {
	label := func(key []byte) (label string, err error) {
		stored, err := x.Get(kind, key)
		if err != nil {
			return "", err
		}
		m := store.NewMessage(kind)
		err = proto.Unmarshal(stored[24:], m)
		return m.ProtoReflect().Get(m.ProtoReflect().Descriptor().Fields().ByName("label")).String(), err
	}
	ofA, errA := label(a)
	ofB, errB := label(b)
	return errors.Join(errA, errB, x.rename(kind, c, "", a, ofB), x.rename(kind, c, "", b, ofA), x.put(store.KindName, store.NameKey(c, ofB), a))
}
