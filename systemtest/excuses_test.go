package systemtest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/verify"
)

// testExcuses takes from the store what its owner would like to be rid of, and
// appends a forgetting, in an event that fits, to excuse it. The journal extends
// every checkpoint; only what may be forgotten tells.
func testExcuses(t *testing.T, v *vault) {
	verdicts, candidate := v.undecidedVerdicts()
	_, m := message(t, store.KindAssessment, verdicts.Value)
	assessment := m.(*storepb.Assessment)
	written := store.SequenceKey(sequenceOf(verdicts))
	comment, identity := store.Key(assessment.GetTexts().GetUid()), v.identityOf(candidate)
	for name, excuse := range map[string]struct {
		about   uint64
		erased  []place
		changed func(*tamperer) error
		names   []place
	}{
		"verdicts": {about: candidate, erased: []place{{store.KindAssessment, verdicts.Key}}, names: []place{{store.KindAssessment, verdicts.Key}}},
		"the body of an event, so that its verdicts can be changed": {about: candidate, erased: []place{{store.KindEvent, written}},
			changed: func(by *tamperer) error {
				assessment.Verdicts[0].Verdict = int32(acquispb.Verdict_PARTIALLY_MET)
				changed, err := proto.Marshal(assessment)
				must(t, err)
				return by.put(store.KindAssessment, verdicts.Key, append(bytes.Clone(verdicts.Value[:24]), changed...))
			}, names: []place{{store.KindEvent, written}}},
		"a comment on another person": {about: v.otherThan(candidate), erased: []place{{store.KindPersonal, comment}},
			names: []place{{store.KindPersonal, comment}}},
		"the identity of one who was not forgotten": {about: candidate, erased: []place{{store.KindPersonal, identity}},
			names: []place{{store.KindCandidate, store.Key(candidate)}}},
	} {
		report, err := v.tampered(func(by *tamperer) error {
			if excuse.changed != nil {
				if err := excuse.changed(by); err != nil {
					return err
				}
			}
			return by.forget(excuse.about, false, excuse.erased...)
		}, verify.Options{Checkpoint: v.note})
		must(t, err)
		if report.OK() {
			t.Errorf("%s: not found", name)
		} else if first := report.Findings[0]; !(tampering{names: excuse.names}).isNamed(first) {
			t.Errorf("%s: named first: %v", name, first)
		}
	}
	v.mayForget(t, candidate, comment)
	v.hiddenActs(t)
	v.pretexts(t)
}

// mayForget: what the service itself may erase is not found, unless a hold keeps it.
func (v *vault) mayForget(t *testing.T, candidate uint64, comment []byte) {
	forget := func(about uint64, erased ...place) []verify.Finding {
		report, err := v.tampered(func(by *tamperer) error { return by.forget(about, false, erased...) }, verify.Options{Checkpoint: v.note})
		must(t, err)
		return report.Findings
	}
	if found := forget(candidate, place{store.KindPersonal, comment}); len(found) != 0 {
		t.Errorf("what the service itself may erase is found: %v", found)
	}
	holds := v.records[store.KindHold]
	_, m := message(t, store.KindHold, holds[len(holds)-1].Value)
	hold := m.(*storepb.Hold)
	found := forget(hold.GetCandidateUid(), place{store.KindPersonal, store.Key(hold.GetReason().GetUid())})
	if len(found) != 1 || found[0].Problem != fmt.Sprintf("forgot what hold %d kept", hold.GetUid()) {
		t.Errorf("what a hold keeps is forgotten, found: %v", found)
	}
}

// hiddenActs hides acts of every sort, a few of each: what its event wrote
// is gone, or as it was before, the body of the event is erased, and a forgetting of
// the candidate, or of somebody else, lists the event, or all that is gone. This
// needs no key, and the checkpoint still matches. An accommodation may go so, with
// all that its event wrote, and nothing else.
func (v *vault) hiddenActs(t *testing.T) {
	hidden, accepted, alike := 0, 0, make(map[string]int)
	for n := uint64(1); n <= v.size; n++ {
		event, err := v.tamperer().event(n)
		must(t, err)
		stub, err := store.ReadStub(event)
		must(t, err)
		if alike[kindsOf(stub)]++; alike[kindsOf(stub)] > 4 {
			continue
		}
		for _, all := range []bool{false, true} {
			for _, about := range []uint64{stub.GetCandidateUid(), v.otherThan(stub.GetCandidateUid())} {
				report, err := v.tampered(func(by *tamperer) error { return v.hide(by, event, stub, about, all) }, verify.Options{Checkpoint: v.note})
				must(t, err)
				hidden++
				if !report.OK() {
					continue
				}
				accepted++
				if !all || about != stub.GetCandidateUid() || stub.GetKind() != storepb.EventBody_Kind_CANDIDACY_FILE || !store.BodyErasable(stub) {
					t.Errorf("event %d, %v, was hidden by a forgetting of candidate %d: %v", n, stub.GetKind(), about, stub.GetRecords())
				}
			}
		}
	}
	if accepted == 0 {
		t.Error("no accommodation could be forgotten")
	}
	t.Logf("%d times an act was hidden, %d times an accommodation, by right", hidden, accepted)
}

// kindsOf are the kind of an event and those of what it wrote.
func kindsOf(stub *storepb.EventStub) string {
	kinds := fmt.Sprint(stub.GetKind())
	for _, d := range stub.GetRecords() {
		kinds += fmt.Sprint(" ", store.KindID(d.GetKind()), d.GetErasable())
	}
	return kinds
}

func (v *vault) hide(by *tamperer, event *storepb.Event, stub *storepb.EventStub, about uint64, all bool) error {
	erased := []place{{store.KindEvent, store.SequenceKey(event.GetSequence())}}
	for _, d := range stub.GetRecords() {
		at := place{store.KindID(d.GetKind()), d.GetKey()}
		if before, err := v.past[0].Get(at.kind, at.key); err == nil && store.FirstUID(before) < event.GetSequence() {
			if err := by.put(at.kind, at.key, before); err != nil {
				return err
			}
			continue
		}
		if all {
			erased = append(erased, at)
		}
		if err := by.remove(at.kind, at.key); err != nil {
			return err
		}
	}
	return by.forget(about, false, erased...)
}

// pretexts are other ways to take something out of the store by a forgetting, or to
// put something else in the place of what was there by an event that is appended.
func (v *vault) pretexts(t *testing.T) {
	file, text, wrote, about := v.accommodation()
	other := v.otherThan(about)
	event := store.SequenceKey(wrote)
	all := []place{file, text, {store.KindEvent, event}}
	last := uint64(len(v.records[store.KindEvent]))
	verdicts, _ := v.undecidedVerdicts()
	for name, do := range map[string]func(by *tamperer) error{
		"an accommodation of somebody else":              func(by *tamperer) error { return by.forget(other, false, all...) },
		"an accommodation without the body of its event": func(by *tamperer) error { return by.forget(about, false, file, text) },
		"the body of an event without its accommodation": func(by *tamperer) error { return by.forget(about, false, all[2]) },
		"an accommodation without what it said":          func(by *tamperer) error { return by.forget(about, false, file, all[2]) },
		"something twice":                                func(by *tamperer) error { return by.forget(about, false, append(all, text)...) },
		"something that another forgetting lists": func(by *tamperer) error {
			return errors.Join(by.forget(about, false, all...), by.forget(about, false, text))
		},
		"a body that another forgetting lists": func(by *tamperer) error {
			return errors.Join(by.forget(about, false, all...), by.forget(about, false, all[2]))
		},
		"an accommodation by one, its body by another": func(by *tamperer) error {
			return errors.Join(by.forget(about, false, file, text), by.forget(about, false, all[2]))
		},
		"an accommodation that there never was": func(by *tamperer) error {
			return by.forget(about, false, append(all, place{store.KindCaseFile, store.Key(store.FirstUID(file.key), 1<<40)})...)
		},
		"a text that there never was": func(by *tamperer) error {
			return by.forget(about, false, append(all, place{store.KindPersonal, store.Key(1 << 40)})...)
		},
		"an event that there never was": func(by *tamperer) error {
			return by.forget(about, false, append(all, place{store.KindEvent, store.Key(1 << 40)})...)
		},
		"a candidate as a whole, who does not say so": func(by *tamperer) error { return by.forget(about, true, all...) },
		"a text that the forgetting's event did not remove": func(by *tamperer) error {
			return errors.Join(by.forget(about, false, place{store.KindEvent, event}, file), by.remove(text.kind, text.key))
		},
		"the forgetting itself": func(by *tamperer) error {
			return errors.Join(by.forget(about, false, all...), by.forget(about, false, place{store.KindEvent, store.SequenceKey(last + 1)}))
		},
		"what comes after": func(by *tamperer) error {
			err := by.forget(about, false, place{store.KindEvent, store.SequenceKey(last + 2)})
			return errors.Join(err, by.append(storepb.EventBody_Kind_CANDIDACY_FILE, "registrar", nil, all[:2]), by.eraseBody(store.SequenceKey(last+2)), by.grow())
		},
		"the salt of a body is kept": func(by *tamperer) error {
			err := by.forget(about, false, all...)
			e, readErr := by.event(wrote)
			e.BodySalt = make([]byte, 16)
			return errors.Join(err, readErr, by.putEvent(e))
		},
		"the salt of a body is gone, the body not": func(by *tamperer) error {
			e, err := by.event(wrote)
			e.BodySalt = nil
			return errors.Join(err, by.putEvent(e), by.forget(about, false, file, text))
		},
		"the stub of an erased body is gone": func(by *tamperer) error {
			err := by.forget(about, false, all...)
			e, readErr := by.event(wrote)
			e.Stub, e.StubSalt = nil, nil
			return errors.Join(err, readErr, by.putEvent(e), by.grow())
		},
		"a candidate says that they were forgotten": func(by *tamperer) error {
			return by.rewriteLater(store.KindCandidate, store.Key(about), func(m proto.Message) {
				m.(*storepb.Candidate).ForgetTime = m.(*storepb.Candidate).GetUpdateTime()
			})
		},
		"another verdict in the place of one": func(by *tamperer) error {
			return by.rewriteLater(store.KindAssessment, verdicts.Key, func(m proto.Message) {
				m.(*storepb.Assessment).Verdicts[0].Verdict = int32(acquispb.Verdict_PARTIALLY_MET)
			})
		},
		"a tie to somebody else": func(by *tamperer) error {
			return by.rewriteLater(store.KindTie, v.records[store.KindTie][0].Key, func(m proto.Message) { m.(*storepb.Tie).Subject = "nobody" })
		},
		"a revocation taken back": func(by *tamperer) error {
			return by.rewriteLater(store.KindKey, v.revoked(), func(m proto.Message) { m.(*storepb.Key).RevokeTime = nil })
		},
	} {
		report, err := v.tampered(do, verify.Options{Checkpoint: v.note})
		must(t, err)
		if report.OK() {
			t.Errorf("%s: not found", name)
		}
	}
	report, err := v.tampered(func(by *tamperer) error { return by.forget(about, false, all...) }, verify.Options{Checkpoint: v.note})
	must(t, err)
	if !report.OK() {
		t.Errorf("an accommodation that was forgotten as the service does is found: %v", report.Findings)
	}
}

// accommodation is one that is there, with its text, the event that wrote both, and
// whom it is about.
func (v *vault) accommodation() (file, text place, event, candidate uint64) {
	for _, r := range v.records[store.KindCaseFile] {
		_, m := message(v.t, store.KindCaseFile, r.Value)
		if asked := m.(*storepb.CaseFile); asked.GetRequest() != nil {
			var about store.About
			must(v.t, about.Record(store.NewReader(v.shelves), store.KindCaseFile, r.Key, nil))
			file, text = place{store.KindCaseFile, r.Key}, place{store.KindPersonal, store.Key(asked.GetTexts().GetUid())}
			event, candidate = sequenceOf(r), about.Candidate()
		}
	}
	if candidate == 0 {
		v.t.Fatal("the store holds no accommodation")
	}
	return file, text, event, candidate
}

// revoked is a key that was revoked.
func (v *vault) revoked() (id []byte) {
	for _, r := range v.records[store.KindKey] {
		if _, m := message(v.t, store.KindKey, r.Value); m.(*storepb.Key).GetRevokeTime() != nil {
			id = r.Key
		}
	}
	return id
}

// rewriteLater lets an event at the end write a record anew, changed.
func (x *tamperer) rewriteLater(kind store.KindID, key []byte, change func(proto.Message)) error {
	stored, err := x.Get(kind, key)
	if err != nil {
		return err
	}
	e, err := store.OpenEnvelope(stored)
	m := store.NewMessage(kind)
	if err := errors.Join(err, proto.Unmarshal(e.Message, m)); err != nil {
		return err
	}
	change(m)
	changed, err := proto.Marshal(m)
	if err != nil {
		return err
	}
	return x.append(storepb.EventBody_Kind_KEY, "admin", []written{{place{kind, key}, changed}}, nil)
}

func sequenceOf(r store.Record) uint64 { return store.FirstUID(r.Value) }

// undecidedVerdicts are verdicts, with comments, on which nothing rests yet.
func (v *vault) undecidedVerdicts() (verdicts store.Record, candidate uint64) {
	for _, r := range v.records[store.KindAssessment] {
		_, m := message(v.t, store.KindAssessment, r.Value)
		given := m.(*storepb.Assessment)
		for _, of := range v.records[store.KindCandidacy] {
			_, m := message(v.t, store.KindCandidacy, of.Value)
			c := m.(*storepb.Candidacy)
			if bytes.HasPrefix(r.Key, of.Key) && c.GetState() == int32(acquispb.Candidacy_State_ENROLLED) &&
				given.GetTexts() != nil && len(given.GetVerdicts()) > 0 && given.GetVerdicts()[0].GetVerdict() == int32(acquispb.Verdict_MET) {
				verdicts, candidate = r, c.GetCandidateUid()
			}
		}
	}
	if candidate == 0 {
		v.t.Fatal("the store holds no verdicts with comments in a candidacy that is not decided")
	}
	return verdicts, candidate
}

func (v *vault) otherThan(candidate uint64) uint64 {
	for _, r := range v.records[store.KindCandidate] {
		if uid := store.LastUID(r.Key); uid != candidate {
			return uid
		}
	}
	return 0
}

// identityOf is the key of a candidate's identity.
func (v *vault) identityOf(candidate uint64) []byte {
	for _, r := range v.records[store.KindCandidate] {
		if _, m := message(v.t, store.KindCandidate, r.Value); store.LastUID(r.Key) == candidate {
			return store.Key(m.(*storepb.Candidate).GetIdentity().GetUid())
		}
	}
	return nil
}
