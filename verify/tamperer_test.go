package verify_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
	"github.com/acquis-eval/acquis/verify"
)

// Shelves are all stored records of a store, in memory.
type shelves struct {
	records map[store.KindID][]store.Record
	lastUID uint64
}

func shelvesOf(t testing.TB, dir string) shelves {
	t.Helper()
	source := world.Look(t, dir)
	s := shelves{make(map[store.KindID][]store.Record), source.LastUID()}
	kinds, err := source.Kinds()
	world.Must(t, err)
	for _, kind := range kinds {
		found, err := source.Scan(kind, nil, nil, math.MaxInt32)
		world.Must(t, err)
		for _, r := range found {
			s.records[kind] = append(s.records[kind], store.Record{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)})
		}
	}
	world.Must(t, source.Close())
	return s
}

func (s shelves) from(kind store.KindID, key []byte) (int, bool) {
	return slices.BinarySearchFunc(s.records[kind], key, func(r store.Record, key []byte) int { return bytes.Compare(r.Key, key) })
}

// Get implements store.Layer.
func (s shelves) Get(kind store.KindID, key []byte) ([]byte, error) {
	if i, found := s.from(kind, key); found {
		return s.records[kind][i].Value, nil
	}
	return nil, store.ErrNotFound
}

// Scan implements store.Layer.
func (s shelves) Scan(kind store.KindID, prefix, after []byte, limit int) (found []store.Record, _ error) {
	first, _ := s.from(kind, prefix)
	if after != nil {
		i, there := s.from(kind, after)
		if there {
			i++
		}
		first = max(first, i)
	}
	for _, r := range s.records[kind][first:] {
		if len(found) == limit || !bytes.HasPrefix(r.Key, prefix) {
			break
		}
		found = append(found, r)
	}
	return found, nil
}

// Prefetch implements store.Layer.
func (s shelves) Prefetch(...store.Want) error { return nil }

// A tamperer changes a store without its engine, in an overlay that verify reads
// like the store.
type tamperer struct {
	*store.Overlay
	uid     uint64   // the last one given
	foreign []string // data that belongs to no kind
}

// Kinds implements verify.Source.
func (x *tamperer) Kinds() (kinds []store.KindID, err error) {
	for kind := range 256 {
		some, err := x.Scan(store.KindID(kind), nil, nil, 1)
		if err != nil {
			return nil, err
		}
		if len(some) > 0 {
			kinds = append(kinds, store.KindID(kind))
		}
	}
	return kinds, nil
}

// LastUID implements verify.Source.
func (x *tamperer) LastUID() uint64 { return x.uid }

// Foreign implements verify.Source.
func (x *tamperer) Foreign() ([]string, error) { return x.foreign, nil }

func (x *tamperer) put(kind store.KindID, key, value []byte) error { return x.Put(kind, key, value) }

func (x *tamperer) remove(kind store.KindID, key []byte) error { return x.Delete(kind, key) }

// clear removes every record of a kind.
func (x *tamperer) clear(kind store.KindID) error {
	all, err := x.Scan(kind, nil, nil, math.MaxInt32)
	for _, r := range all {
		err = x.remove(kind, r.Key)
	}
	return err
}

func (v *vault) tamperer() *tamperer {
	return &tamperer{Overlay: store.NewOverlay(v.shelves), uid: v.lastUID}
}

// tampered does something to a copy of the store, and verifies it.
func (v *vault) tampered(do func(*tamperer) error, opts verify.Options) (*verify.Report, error) {
	v.t.Helper()
	x := v.tamperer()
	world.Must(v.t, do(x))
	return verify.Verify(v.t.Context(), x, opts)
}

// copyFor copies the vault for a test that runs in parallel with others.
func (v *vault) copyFor(t testing.TB) *vault {
	own := *v
	own.t = t
	return &own
}

func (x *tamperer) event(sequence uint64) (*storepb.Event, error) {
	value, err := x.Get(store.KindEvent, store.SequenceKey(sequence))
	if err != nil {
		return nil, err
	}
	event := new(storepb.Event)
	return event, proto.Unmarshal(value, event)
}

func (x *tamperer) putEvent(e *storepb.Event) error {
	value, err := proto.Marshal(e)
	if err != nil {
		return err
	}
	return x.put(store.KindEvent, store.SequenceKey(e.GetSequence()), value)
}

// reseal makes everything match again that somebody can who can write the file
// and knows this code: digests, stubs, bodies and the whole tree.
func (x *tamperer) reseal() error {
	for sequence := uint64(1); ; sequence++ {
		event, err := x.event(sequence)
		if err != nil {
			return x.grow() // stops at the first that is missing or cannot be read
		}
		if err := errors.Join(x.resealStub(event), x.putEvent(event)); err != nil {
			return err
		}
	}
}

// grow makes the hashes of the tree match the events.
func (x *tamperer) grow() error {
	var tree store.Replay
	for sequence := uint64(1); ; sequence++ {
		event, err := x.event(sequence)
		if err != nil {
			return nil //nolint:nilerr // as in reseal
		}
		event.Sequence = sequence
		hashes, err := tree.Append(event)
		if err != nil {
			return err
		}
		if !slices.EqualFunc(hashes, event.GetHashes(), bytes.Equal) {
			event.Hashes = hashes
			if err := x.putEvent(event); err != nil {
				return err
			}
		}
	}
}

// resealStub makes an event name the records that it wrote with their present
// digests.
func (x *tamperer) resealStub(event *storepb.Event) error {
	body := new(storepb.EventBody)
	stub, err := store.ReadStub(event)
	if err != nil || proto.Unmarshal(event.GetBody(), body) != nil {
		return nil //nolint:nilerr // an unreadable record stays as it is
	}
	erasable := 0
	var acts [][]byte
	for _, d := range stub.GetRecords() {
		n := erasable
		if d.GetErasable() {
			erasable++
		}
		value, err := x.Get(store.KindID(d.GetKind()), d.GetKey())
		if err != nil {
			continue
		}
		e, err := store.OpenEnvelope(value)
		if err != nil || e.Sequence != event.GetSequence() {
			continue
		}
		digest := store.Digest(e.Salt, e.Message)
		if !d.GetErasable() {
			d.Digest = digest
		} else if n < len(body.GetErasableDigests()) {
			body.ErasableDigests[n] = digest
		}
		decision := new(storepb.Decision)
		if store.KindID(d.GetKind()) == store.KindDecision && proto.Unmarshal(e.Message, decision) == nil {
			acts = append(acts, store.ActDigest(decision))
		}
	}
	event.Acts = store.Acts(acts, event.GetStubSalt())
	if event.Stub, err = proto.Marshal(stub); err != nil || len(event.GetBodySalt()) == 0 {
		return err
	}
	event.Body, err = proto.Marshal(body)
	event.BodyDigest = store.Digest(event.GetBodySalt(), event.GetBody())
	return err
}

// about makes the stub of an event say whom its records are about.
func (x *tamperer) about(stub *storepb.EventStub) uint64 {
	var about store.About
	for _, d := range stub.GetRecords() {
		value, _ := x.Get(store.KindID(d.GetKind()), d.GetKey())
		e, _ := store.OpenEnvelope(value)
		_ = about.Record(store.NewReader(x), store.KindID(d.GetKind()), d.GetKey(), e.Message)
	}
	return about.Candidate()
}

// append adds an event, as the service would have, that wrote or removed records.
// The records in put have no envelope yet.
func (x *tamperer) append(kind store.EventKind, actor string, put []written, removed []place) error {
	last := x.lastEvent()
	before, err := x.event(last)
	if err != nil {
		return err
	}
	sequence, stub := last+1, &storepb.EventStub{Kind: kind}
	body := &storepb.EventBody{Actor: actor}
	for _, w := range put {
		salt := make([]byte, 16)
		if before, err := x.Get(w.kind, w.key); err == nil && w.kind.Amended() {
			salt = before[8:24]
		}
		envelope := append(store.SequenceKey(sequence), salt...)
		if err := x.put(w.kind, w.key, append(envelope, w.message...)); err != nil {
			return err
		}
		d := &storepb.RecordDigest{Kind: uint32(w.kind), Key: w.key, Erasable: w.erasable()}
		if d.GetErasable() {
			body.ErasableDigests = append(body.ErasableDigests, nil) // resealStub computes it
		}
		stub.Records = append(stub.Records, d)
	}
	for _, p := range removed {
		stub.Records = append(stub.Records, &storepb.RecordDigest{Kind: uint32(p.kind), Key: p.key})
		if err := x.remove(p.kind, p.key); err != nil {
			return err
		}
	}
	slices.SortFunc(stub.Records, func(a, b *storepb.RecordDigest) int {
		return compare(place{store.KindID(a.GetKind()), a.GetKey()}, place{store.KindID(b.GetKind()), b.GetKey()})
	})
	stub.CandidateUid = x.about(stub)
	event := &storepb.Event{Sequence: sequence, Time: before.GetTime(), BodySalt: make([]byte, 16), StubSalt: make([]byte, 16)}
	if event.Body, err = proto.Marshal(body); err != nil {
		return err
	}
	if event.Stub, err = proto.Marshal(stub); err != nil {
		return err
	}
	if err := errors.Join(x.resealStub(event), x.putEvent(event)); err != nil {
		return err
	}
	return x.grow()
}

// A written is a record that a tamperer makes an event write.
type written struct {
	place
	message []byte
}

func (w written) erasable() bool {
	m := store.NewMessage(w.kind)
	return m != nil && proto.Unmarshal(w.message, m) == nil && store.Erasable(m)
}

func (x *tamperer) lastEvent() (last uint64) {
	all, _ := x.Scan(store.KindEvent, nil, nil, math.MaxInt32)
	if len(all) > 0 {
		last = store.LastUID(all[len(all)-1].Key)
	}
	return last
}

// forget erases records and bodies of events, and appends the event of a
// forgetting that lists them, as the service would have.
func (x *tamperer) forget(candidate uint64, whole bool, erased ...place) error {
	before, err := x.event(x.lastEvent())
	if err != nil {
		return err
	}
	x.uid++
	erased = slices.SortedFunc(slices.Values(erased), compare)
	what := &storepb.Forgetting{Uid: x.uid, CandidateUid: candidate, Author: "registrar", ForgetTime: before.GetTime(), Whole: whole}
	var removed []place
	for _, e := range erased {
		what.Erased = append(what.Erased, &storepb.Forgetting_Erased{Kind: uint32(e.kind), Key: e.key})
		if e.kind != store.KindEvent {
			removed = append(removed, e)
		} else if err := x.eraseBody(e.key); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	forgetting, err := proto.Marshal(what)
	if err != nil {
		return err
	}
	put := []written{{place{store.KindForgetting, store.Key(candidate, x.uid)}, forgetting}}
	return x.append(storepb.EventBody_Kind_FORGET, "registrar", put, removed)
}

func (x *tamperer) eraseBody(key []byte) error {
	event, err := x.event(store.LastUID(key))
	if err != nil {
		return err
	}
	event.Body, event.BodySalt = nil, nil
	return x.putEvent(event)
}
