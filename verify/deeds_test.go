package verify_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// An attempt is one random tampering in progress.
type attempt struct {
	*vault
	*tamperer
	rng     *rand.Rand
	kind    store.KindID
	touched []touch
	did     []string
}

// A touch is a record that was tampered with, in its earlier state.
type touch struct {
	place
	before []byte
}

func (x *attempt) String() string { return strings.Join(x.did, ", ") }

func (x *attempt) note(format string, args ...any) {
	x.did = append(x.did, fmt.Sprintf(format, args...))
}

func (x *attempt) chance(percent int) bool { return x.rng.IntN(100) < percent }

// A deed does something, and hides it under a cover; it returns false if there is
// nothing to do.
type deed struct {
	name string
	do   func(*attempt) bool
}

// deeds are all deeds under all covers.
var deeds = func() (all []deed) {
	for _, cover := range []deed{
		{"", func(*attempt) bool { return true }},
		{", resealed", (*attempt).reseals},
		{", under a forgetting", (*attempt).excuses},
	} {
		for _, what := range []deed{
			{"edited", (*attempt).edits}, {"removed", (*attempt).removes}, {"swapped", (*attempt).swaps},
			{"rolled back", (*attempt).rollsBack}, {"overwritten", (*attempt).overwrites},
		} {
			all = append(all, deed{what.name + cover.name, func(x *attempt) bool { return what.do(x) && !x.same(x.tamperer) && cover.do(x) }})
		}
	}
	return all
}()

// impossible lists deeds that cannot be done.
var impossible = func() (all []cell) {
	for _, kind := range store.Kinds() {
		if !kind.Journaled() { // events do not write those
			all = append(all, cell{kind, "overwritten"})
		}
	}
	return all
}()

// pick picks a random record of the kind, preferring the last ones, on which more
// depends.
func (x *attempt) pick() (store.Record, bool) {
	all := x.records[x.kind]
	if len(all) == 0 {
		return store.Record{}, false
	}
	return all[max(x.rng.IntN(len(all)), x.rng.IntN(len(all)))], true
}

func (x *attempt) set(kind store.KindID, key, value []byte) {
	before, _ := x.vault.Get(kind, key)
	x.touched = append(x.touched, touch{place{kind, key}, before})
	if value == nil {
		_ = x.remove(kind, key)
		return
	}
	_ = x.put(kind, key, value)
}

// change changes a field of a record, or a bit of one without fields.
func (x *attempt) change(r store.Record) ([]byte, string) {
	if x.kind.Index() || x.kind == store.KindIdempotency {
		changed := bytes.Clone(r.Value)
		changed[x.rng.IntN(len(changed))] ^= 1 << x.rng.IntN(8)
		return changed, "a bit"
	}
	envelope, m := message(x.t, x.kind, r.Value)
	all := mutants(x.t, m)
	if len(all) == 0 {
		return r.Value, ""
	}
	one := all[x.rng.IntN(len(all))]
	return slices.Concat(envelope, one.bytes), one.path
}

func (x *attempt) edits() bool {
	r, ok := x.pick()
	if !ok {
		return false
	}
	changed, what := x.change(r)
	x.note("%v %x: %s", x.kind, r.Key, what)
	x.set(x.kind, r.Key, changed)
	return true
}

func (x *attempt) removes() bool {
	r, ok := x.pick()
	x.note("%v %x", x.kind, r.Key)
	x.set(x.kind, r.Key, nil)
	return ok
}

func (x *attempt) swaps() bool {
	a, ok := x.pick()
	b, _ := x.pick()
	if !ok {
		return false
	}
	x.note("%v %x with %x", x.kind, a.Key, b.Key)
	if bytes.Equal(a.Value, b.Value) && min(len(a.Key), len(b.Key)) > 8 { // lists have their content in their keys
		x.set(x.kind, a.Key, nil)
		x.set(x.kind, b.Key, nil)
		x.set(x.kind, slices.Concat(a.Key[:8], b.Key[8:]), a.Value)
		x.set(x.kind, slices.Concat(b.Key[:8], a.Key[8:]), b.Value)
		return true
	}
	x.set(x.kind, a.Key, b.Value)
	x.set(x.kind, b.Key, a.Value)
	return true
}

// rollsBack restores an earlier state of one record or of the whole kind.
func (x *attempt) rollsBack() bool {
	past := x.past[x.rng.IntN(len(x.past))]
	var changed []store.Record
	for _, r := range x.records[x.kind] {
		before, _ := past.Get(x.kind, r.Key)
		if !bytes.Equal(before, r.Value) {
			changed = append(changed, store.Record{Key: r.Key, Value: before})
		}
	}
	for _, r := range past.records[x.kind] {
		if _, err := x.vault.Get(x.kind, r.Key); err != nil {
			changed = append(changed, r)
		}
	}
	if len(changed) == 0 {
		return false
	}
	if x.chance(70) {
		one := x.rng.IntN(len(changed))
		changed = changed[one : one+1]
	}
	for _, r := range changed {
		x.note("%v %x", x.kind, r.Key)
		x.set(x.kind, r.Key, r.Value)
	}
	return true
}

// overwrites makes an event at the end of the journal rewrite a record with a
// change.
func (x *attempt) overwrites() bool {
	r, ok := x.pick()
	if !ok || !x.kind.Journaled() {
		return false
	}
	changed, what := x.change(r)
	e, err := store.OpenEnvelope(changed)
	if err != nil {
		return false
	}
	x.note("%v %x: %s, by a new event", x.kind, r.Key, what)
	x.touched = append(x.touched, touch{place{x.kind, r.Key}, r.Value})
	return x.append(storepb.EventBody_Kind_Enum(1+x.rng.IntN(15)), "registrar", []written{{place{x.kind, r.Key}, e.Message}}, nil) == nil
}

// reseals makes all digests and the tree consistent. Somebody who does this has
// no key to sign other checkpoints.
func (x *attempt) reseals() bool {
	if x.chance(50) {
		x.note("without checkpoints")
		if x.clear(store.KindCheckpoint) != nil {
			return false
		}
	}
	return x.reseal() == nil
}

// excuses forges a forgetting of what was tampered with: at random, or as
// carefully as possible.
func (x *attempt) excuses() bool {
	candidate, erased, whole := x.candidate(), x.pretext(), x.chance(20)
	if x.chance(40) {
		candidate, erased, whole = x.careful()
	}
	if len(erased) == 0 {
		erased = x.belongings(candidate)
	}
	slices.SortFunc(erased, compare)
	erased = slices.CompactFunc(erased, func(a, b place) bool { return compare(a, b) == 0 })
	if len(erased) == 0 {
		return false
	}
	x.note("forgetting of candidate %d, whole %t:", candidate, whole)
	for _, e := range erased {
		x.note("%v %x", e.kind, e.key)
	}
	return x.forget(candidate, whole, erased...) == nil
}

// pretext lists some of what was tampered with, of the events that wrote it, and
// of records that belong to some candidate.
func (x *attempt) pretext() (erased []place) {
	for _, t := range x.touched {
		if x.kind.Journaled() && x.chance(70) {
			erased = append(erased, t.place)
		}
		for _, event := range x.wrote(t) {
			if x.chance(80) {
				erased = append(erased, place{store.KindEvent, store.SequenceKey(event)})
			}
		}
	}
	if x.chance(50) {
		erased = append(erased, x.belongings(x.candidate())...)
	}
	return erased
}

// careful lists, of what was tampered with, exactly what forgetting may erase.
func (x *attempt) careful() (candidate uint64, erased []place, whole bool) {
	var about store.About
	for _, t := range x.touched {
		e, err := store.OpenEnvelope(t.before)
		m := store.NewMessage(t.kind)
		if err != nil || m == nil || proto.Unmarshal(e.Message, m) != nil || !store.Erasable(m) {
			continue
		}
		_ = about.Record(store.NewReader(x.vault), t.kind, t.key, e.Message)
		erased = append(erased, t.place)
		if file, ok := m.(*storepb.CaseFile); ok {
			erased = append(erased, place{store.KindEvent, store.SequenceKey(e.Sequence)})
			if text := file.GetTexts(); text != nil {
				erased = append(erased, place{store.KindPersonal, store.Key(text.GetUid())})
			}
		}
	}
	return about.Candidate(), erased, false
}

// wrote returns the events that ever wrote a record, or the event itself if it is
// one.
func (x *attempt) wrote(t touch) (events []uint64) {
	if t.kind == store.KindEvent {
		return []uint64{store.LastUID(t.key)}
	}
	for _, r := range x.records[store.KindEvent] {
		event := new(storepb.Event)
		if proto.Unmarshal(r.Value, event) != nil {
			continue
		}
		stub, err := store.ReadStub(event)
		if err == nil && slices.ContainsFunc(stub.GetRecords(), func(d *storepb.RecordDigest) bool {
			return d.GetKind() == uint32(t.kind) && bytes.Equal(d.GetKey(), t.key)
		}) {
			events = append(events, event.GetSequence())
		}
	}
	return events
}

// candidate is the candidate of what was tampered with, or any.
func (x *attempt) candidate() uint64 {
	var about store.About
	for _, t := range x.touched {
		e, _ := store.OpenEnvelope(t.before)
		_ = about.Record(store.NewReader(x.vault), t.kind, t.key, e.Message)
	}
	if candidate := about.Candidate(); candidate != 0 && x.chance(75) {
		return candidate
	}
	all := x.records[store.KindCandidate]
	return store.LastUID(all[x.rng.IntN(len(all))].Key)
}

// belongings are what forgetting may erase of a candidate: texts, accommodations
// and the bodies of their events.
func (x *attempt) belongings(candidate uint64) (all []place) {
	for _, kind := range []store.KindID{store.KindPersonal, store.KindCaseFile} {
		for _, r := range x.records[kind] {
			e, m := message(x.t, kind, r.Value)
			var about store.About
			_ = about.Record(store.NewReader(x.vault), kind, r.Key, r.Value[len(e):])
			if about.Candidate() != candidate || !store.Erasable(m) || x.chance(10) {
				continue
			}
			all = append(all, place{kind, r.Key})
			if kind == store.KindCaseFile {
				all = append(all, place{store.KindEvent, store.SequenceKey(store.FirstUID(r.Value))})
			}
		}
	}
	return all
}
