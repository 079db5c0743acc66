package verify_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
	"github.com/acquis-eval/acquis/verify"
)

// TestNumbersAreBounded sets numbers in the file that determine what later acts
// get, so that they overflow, collide or stop the clock, and makes everything
// else match again. Verify reports all of them: the counter of identifiers,
// versions, times, days, identifiers of records and of index entries, and data
// that is not a record.
func TestNumbersAreBounded(t *testing.T) {
	v := newVault(t)
	for _, x := range slices.Concat(v.counters(), v.overflows(), v.besides()) {
		report, err := v.tampered(func(by *tamperer) error {
			if err := x.do(by); err != nil {
				return err
			}
			if err := by.clear(store.KindCheckpoint); err != nil {
				return err
			}
			return by.reseal()
		}, verify.Options{})
		world.Must(t, err)
		if report.OK() {
			t.Errorf("%s: not detected", x.name)
		} else if first := report.Findings[0]; x.names != nil && !x.isNamed(first) || x.names == nil && first.Kind != "file" {
			t.Errorf("%s: named first: %v", x.name, first)
		}
	}
}

// counters set the counter of identifiers.
func (v *vault) counters() (all []tampering) {
	last := v.lastUID
	for _, n := range []uint64{0, 1, last - 1, last + 1, last + 1000, store.MaxUID, store.MaxUID + 1, 1<<64 - 1} {
		all = append(all, tampering{
			fmt.Sprintf("%d identifiers given, not %d", n, last),
			func(x *tamperer) error { x.uid = n; return nil }, []place{{store.KindEvent, nil}},
		})
	}
	return all
}

// overflows set numbers within records.
func (v *vault) overflows() []tampering {
	events := v.records[store.KindEvent]
	last, some, next := events[len(events)-1], events[len(events)/2], events[len(events)/2+1]
	end := timestamppb.New(time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC))
	all := []tampering{{"the last event in the year 9999", func(x *tamperer) error {
		_, m := message(v.t, store.KindEvent, last.Value)
		m.(*storepb.Event).Time = end
		value, err := proto.Marshal(m)
		world.Must(v.t, err)
		return x.put(store.KindEvent, last.Key, value)
	}, []place{{store.KindEvent, last.Key}}}, {"an event an hour later than the next", func(x *tamperer) error {
		event, err := x.event(store.LastUID(some.Key))
		world.Must(v.t, err)
		event.Time.Seconds += 3600
		return x.putEvent(event)
	}, []place{{store.KindEvent, next.Key}}}}
	for _, set := range []struct {
		name string
		kind store.KindID
		to   func(proto.Message)
	}{
		{"the version of a candidate at its end", store.KindCandidate, func(m proto.Message) { m.(*storepb.Candidate).Version = 1<<64 - 1 }},
		{"the version of a session at its end", store.KindSession, func(m proto.Message) { m.(*storepb.Session).Version = 1<<64 - 1 }},
		{"the version of a candidacy at its end", store.KindCandidacy, func(m proto.Message) { m.(*storepb.Candidacy).Version = 1<<64 - 1 }},
		{"no version of a candidacy", store.KindCandidacy, func(m proto.Message) { m.(*storepb.Candidacy).Version = 0 }},
		{"a candidate made in the year 9999", store.KindCandidate, func(m proto.Message) { m.(*storepb.Candidate).CreateTime = end }},
		{"a candidate forgotten in the year 9999", store.KindCandidate, func(m proto.Message) { m.(*storepb.Candidate).ForgetTime = end }},
		{"a key made in the year 9999", store.KindKey, func(m proto.Message) { m.(*storepb.Key).CreateTime = end }},
		{"a key that ends at no time", store.KindKey, func(m proto.Message) { m.(*storepb.Key).ExpireTime = &timestamppb.Timestamp{Seconds: 1 << 62} }},
		{"a key with identifier 0", store.KindKey, func(m proto.Message) { m.(*storepb.Key).Uid = 0 }},
		{"a key with the last of all identifiers", store.KindKey, func(m proto.Message) { m.(*storepb.Key).Uid = 1<<64 - 1 }},
		{"a hold placed at no time", store.KindHold, func(m proto.Message) { m.(*storepb.Hold).PlaceTime = nil }},
		{"a hold until no day", store.KindHold, func(m proto.Message) { m.(*storepb.Hold).UntilDate = &storepb.Date{Year: 1 << 30, Month: 1, Day: 1} }},
		{"a session on no day", store.KindSession, func(m proto.Message) { m.(*storepb.Session).StartDate = &storepb.Date{Year: 2026, Month: 2, Day: 30} }},
		{"a signer entered at no time", store.KindSigner, func(m proto.Message) { m.(*storepb.Signer).CreateTime = &timestamppb.Timestamp{Nanos: -1} }},
		{"a revision published in the year 9999", store.KindRevision, func(m proto.Message) { m.(*storepb.ReferentielRevision).CreateTime = end }},
		{"a decision taken in the year 9999", store.KindDecision, func(m proto.Message) {
			d, act := m.(*storepb.Decision), new(storepb.DecisionAct)
			world.Must(v.t, proto.Unmarshal(d.GetAct(), act))
			act.DecideTime = end
			encoded, err := proto.Marshal(act)
			world.Must(v.t, err)
			d.Act = encoded
		}},
	} {
		done := false
		all = append(all, v.rewrite(set.name, set.kind, func(_ store.Record, m proto.Message) bool {
			if done {
				return false
			}
			done = true
			set.to(m)
			return true
		}))
	}
	return append(all, v.uidZero())
}

// uidZero moves a record to identifier 0, which means none; its event names it
// there.
func (v *vault) uidZero() tampering {
	tie := v.records[store.KindTie][0]
	to := store.Key(store.FirstUID(tie.Key), 0)
	return tampering{"a tie with identifier 0", func(x *tamperer) error {
		envelope, m := message(v.t, store.KindTie, tie.Value)
		m.(*storepb.Tie).Uid = 0
		encoded, err := proto.Marshal(m)
		world.Must(v.t, err)
		world.Must(v.t, x.remove(store.KindTie, tie.Key))
		world.Must(v.t, x.put(store.KindTie, to, slices.Concat(envelope, encoded)))
		opened, err := store.OpenEnvelope(tie.Value)
		world.Must(v.t, err)
		event, err := x.event(opened.Sequence)
		world.Must(v.t, err)
		stub, err := store.ReadStub(event)
		world.Must(v.t, err)
		for _, d := range stub.GetRecords() {
			if store.KindID(d.GetKind()) == store.KindTie {
				d.Key = to
			}
		}
		event.Stub, err = proto.Marshal(stub)
		world.Must(v.t, err)
		return x.putEvent(event)
	}, []place{{store.KindTie, to}}}
}

// besides puts data into the file that is not a record.
func (v *vault) besides() []tampering {
	none := store.NameKey(store.CollectionCandidate, "c-none")
	return []tampering{
		{"an index entry to identifier 0", func(x *tamperer) error { return x.put(store.KindName, none, store.Key(0)) }, []place{{store.KindName, none}}},
		{"what no program writes", func(x *tamperer) error { x.foreign = []string{"a bucket"}; return nil }, nil},
	}
}
