package verify_test

import (
	"bytes"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
	"github.com/acquis-eval/acquis/verify"
)

// testExcuses removes from the store what its owner might want to hide, and
// appends a forgetting as an excuse, in a matching event. The journal extends
// every checkpoint; only the rules of what may be forgotten reveal it.
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
				assessment.Verdicts[0].Verdict = acquispb.Verdict_PARTIALLY_MET
				changed, err := proto.Marshal(assessment)
				world.Must(t, err)
				return by.put(store.KindAssessment, verdicts.Key, append(bytes.Clone(verdicts.Value[:24]), changed...))
			}, names: []place{{store.KindEvent, written}}},
		"a comment on another person": {about: v.otherThan(candidate), erased: []place{{store.KindPersonal, comment}},
			names: []place{{store.KindPersonal, comment}}},
		"the identity of a candidate who was not forgotten": {about: candidate, erased: []place{{store.KindPersonal, identity}},
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
		world.Must(t, err)
		if report.OK() {
			t.Errorf("%s: not detected", name)
		} else if first := report.Findings[0]; !(tampering{names: excuse.names}).isNamed(first) {
			t.Errorf("%s: named first: %v", name, first)
		}
	}
	v.mayForget(t, candidate, comment)
	v.hiddenActs(t)
	v.pretexts(t)
	v.emptied(t)
	v.overwritten(t)
	v.renamed(t)
	v.ended(t)
	v.amended(t)
	v.hiddenDigests(t)
	v.openSession(t)
}

// mayForget: what the service itself may erase is not reported, unless a hold
// keeps it.
func (v *vault) mayForget(t *testing.T, candidate uint64, comment []byte) {
	forget := func(about uint64, erased ...place) []verify.Finding {
		report, err := v.tampered(func(by *tamperer) error { return by.forget(about, false, erased...) }, verify.Options{Checkpoint: v.note})
		world.Must(t, err)
		return report.Findings
	}
	if found := forget(candidate, place{store.KindPersonal, comment}); len(found) != 0 {
		t.Errorf("what the service itself may erase is reported: %v", found)
	}
	holds := v.records[store.KindHold]
	_, m := message(t, store.KindHold, holds[len(holds)-1].Value)
	hold := m.(*storepb.Hold)
	found := forget(hold.GetCandidateUid(), place{store.KindPersonal, store.Key(hold.GetReason().GetUid())})
	if len(found) != 1 || found[0].Problem != fmt.Sprintf("forgot what hold %d kept", hold.GetUid()) {
		t.Errorf("something that a hold keeps is forgotten; findings: %v", found)
	}
}

// hiddenActs hides a few acts of every kind: what the event wrote is removed or
// restored to an earlier version, the body of the event is erased, and a
// forgetting of the candidate, or of another, lists the event, or everything
// removed. This needs no key, and the checkpoint still matches. Only an
// accommodation may be removed like this, with everything that its event wrote.
func (v *vault) hiddenActs(t *testing.T) {
	hidden, accepted, alike, most := 0, 0, make(map[string]int), 2
	if world.Long() {
		most = 4
	}
	for n := uint64(1); n <= v.size; n++ {
		event, err := v.tamperer().event(n)
		world.Must(t, err)
		stub, err := store.ReadStub(event)
		world.Must(t, err)
		if alike[kindsOf(stub)]++; alike[kindsOf(stub)] > most {
			continue
		}
		for _, all := range []bool{false, true} {
			for _, about := range []uint64{stub.GetCandidateUid(), v.otherThan(stub.GetCandidateUid())} {
				report, err := v.tampered(func(by *tamperer) error { return v.hide(by, event, stub, about, all) }, verify.Options{Checkpoint: v.note})
				world.Must(t, err)
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
	t.Logf("hid an act %d times, and validly forgot an accommodation %d times", hidden, accepted)
}

// kindsOf returns the kind of an event and those of its records.
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

func sequenceOf(r store.Record) uint64 { return store.FirstUID(r.Value) }

// undecidedVerdicts returns verdicts, with comments, on which nothing depends
// yet.
func (v *vault) undecidedVerdicts() (verdicts store.Record, candidate uint64) {
	for _, r := range v.records[store.KindAssessment] {
		_, m := message(v.t, store.KindAssessment, r.Value)
		given := m.(*storepb.Assessment)
		for _, of := range v.records[store.KindCandidacy] {
			_, m := message(v.t, store.KindCandidacy, of.Value)
			c := m.(*storepb.Candidacy)
			if bytes.HasPrefix(r.Key, of.Key) && c.GetState() == acquispb.Candidacy_State_ENROLLED &&
				given.GetTexts() != nil && len(given.GetVerdicts()) > 0 && given.GetVerdicts()[0].GetVerdict() == acquispb.Verdict_MET {
				verdicts, candidate = r, c.GetCandidateUid()
			}
		}
	}
	if candidate == 0 {
		v.t.Fatal("the store has no verdicts with comments in a candidacy that is not decided")
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
