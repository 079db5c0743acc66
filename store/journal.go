package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// A Head is the end of the journal: all that must be known to append to it. It is
// a plain value, so that a copy can be dropped with a commit that failed. It has
// 2 KB: pass a pointer (docs/performance.md has the gain).
type Head struct {
	Sequence uint64 // of the last event; 0 before the first
	micros   int64  // its time, since 1970
	edge     edge
}

// Time is the time of the last event: no later event has an earlier one.
func (h *Head) Time() time.Time { return time.UnixMicro(h.micros).UTC() }

// maxSequence is more than any journal has, and small enough for the arithmetic
// of the Merkle log: a number from a damaged file must not end the process.
const maxSequence = 1 << 60

// LoadHead reads the head of a journal whose last event has that sequence.
func LoadHead(stored Layer, sequence uint64) (Head, error) {
	if sequence == 0 {
		return Head{}, nil
	}
	if sequence > maxSequence {
		return Head{}, fmt.Errorf("store: event %d is impossible", sequence)
	}
	r := NewReader(stored)
	last, err := eventAt(r, sequence)
	if err != nil {
		return Head{}, err
	}
	e, err := loadEdge(Tree(r), sequence)
	if err != nil {
		return Head{}, err
	}
	return Head{Sequence: sequence, micros: last.GetTime().AsTime().UnixMicro(), edge: e}, nil
}

// An Entry is one Update, ready to be stored: its records and its event.
type Entry struct {
	changes  []change
	erased   []Record // events without their bodies
	sequence uint64   // of the event
	event    []byte   // nil if all changes are silent
}

// Entry returns what the draft wrote as the entry that follows head, or nil if it
// wrote nothing, and moves head to the entry's event; if it fails, head does not
// change. A draft with only records that are not journaled also has an event,
// without records: every Update that writes leaves an event, unless everything it
// wrote is silent. Salts come from random.
func (d *Draft) Entry(head *Head, act Act, random io.Reader) (*Entry, error) {
	changes, err := d.changes()
	if err != nil || len(changes)+len(d.erased) == 0 {
		return nil, err
	}
	erased, err := d.erasedEvents()
	if err != nil {
		return nil, err
	}
	if len(erased) == 0 && !slices.ContainsFunc(changes, func(c change) bool { return !c.kind.Silent() }) {
		return &Entry{changes: changes}, nil
	}
	sequence, micros := head.Sequence+1, max(head.micros, act.Time.UnixMicro())
	if sequence > maxSequence {
		return nil, fmt.Errorf("store: no event can follow event %d", head.Sequence)
	}
	event, err := d.event(changes, sequence, micros, act, random)
	if err != nil {
		return nil, err
	}
	if event.Hashes, err = head.edge.completed(event); err != nil {
		return nil, err
	}
	stored, err := proto.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("store: event: %w", err)
	}
	head.Sequence, head.micros = sequence, micros
	head.edge.move(event.GetHashes())
	return &Entry{changes: changes, erased: erased, sequence: sequence, event: stored}, nil
}

// erasedEvents returns the events to be erased as they will be stored.
func (d *Draft) erasedEvents() ([]Record, error) {
	var erased []Record
	for _, sequence := range d.erased {
		event, err := eventAt(d.below, sequence)
		if err != nil {
			return nil, err
		}
		event.Body, event.BodySalt = nil, nil
		stored, err := proto.Marshal(event)
		if err != nil {
			return nil, fmt.Errorf("store: event %d: %w", sequence, err)
		}
		erased = append(erased, Record{Key: SequenceKey(sequence), Value: stored})
	}
	return erased, nil
}

// Store writes the entry. If it fails, its writes must be discarded.
func (e *Entry) Store(t Table) error {
	for _, c := range e.changes {
		var err error
		if c.deleted {
			err = t.Delete(c.kind, c.key)
		} else {
			err = t.Put(c.kind, c.key, c.value)
		}
		if err != nil {
			return err
		}
	}
	for _, r := range e.erased {
		if err := t.Put(KindEvent, r.Key, r.Value); err != nil {
			return err
		}
	}
	if e.event == nil {
		return nil
	}
	return t.Put(KindEvent, SequenceKey(e.sequence), e.event)
}

// event makes the event of the changes, and puts the changes into their
// envelopes.
func (d *Draft) event(changes []change, sequence uint64, micros int64, act Act, random io.Reader) (*storepb.Event, error) {
	at := timestamppb.New(time.UnixMicro(micros))
	if err := at.CheckValid(); err != nil {
		return nil, fmt.Errorf("store: time of the act: %w", err)
	}
	salts, err := newSalts(random, len(changes)+2)
	if err != nil {
		return nil, err
	}
	if err := d.keepSalts(changes, salts[2:]); err != nil {
		return nil, err
	}
	acts, err := actDigests(changes, salts[1])
	if err != nil {
		return nil, err
	}
	stub := &storepb.EventStub{Kind: act.Kind}
	if stub.CandidateUid, err = d.about(changes); err != nil {
		return nil, err
	}
	body := &storepb.EventBody{Actor: act.Actor, Rpc: act.RPC, Resource: act.Resource}
	if err := sealAll(changes, sequence, salts[2:], stub, body); err != nil {
		return nil, err
	}
	event := &storepb.Event{Sequence: sequence, Time: at, BodySalt: salts[0], StubSalt: salts[1], Acts: acts}
	if event.Body, err = proto.Marshal(body); err != nil {
		return nil, fmt.Errorf("store: event body: %w", err)
	}
	if event.Stub, err = proto.Marshal(stub); err != nil {
		return nil, fmt.Errorf("store: event stub: %w", err)
	}
	event.BodyDigest = Digest(event.GetBodySalt(), event.GetBody())
	return event, nil
}

// sealAll puts journaled changes into their envelopes, and their digests into the
// stub and the body of their event.
func sealAll(changes []change, sequence uint64, salts [][]byte, stub *storepb.EventStub, body *storepb.EventBody) error {
	for i := range changes {
		c := &changes[i]
		if !c.kind.Journaled() {
			continue
		}
		d := &storepb.RecordDigest{Kind: uint32(c.kind), Key: c.key}
		stub.Records = append(stub.Records, d)
		if c.deleted {
			continue
		}
		erasable, err := c.erasable()
		if err != nil {
			return err
		}
		if digest := Digest(salts[i], c.value); erasable {
			d.Erasable = true
			body.ErasableDigests = append(body.ErasableDigests, digest)
		} else {
			d.Digest = digest
		}
		c.value = seal(sequence, salts[i], c.value)
	}
	return nil
}

// keepSalts gives amended records the salts that they had.
func (d *Draft) keepSalts(changes []change, salts [][]byte) error {
	for i, c := range changes {
		if !c.kind.Amended() || c.deleted {
			continue
		}
		stored, err := d.below.stored.Get(c.kind, c.key)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		e, err := OpenEnvelope(stored)
		if err != nil {
			return err
		}
		salts[i] = clone(e.Salt)
	}
	return nil
}

func newSalts(random io.Reader, n int) ([][]byte, error) {
	all := make([]byte, n*saltSize)
	if _, err := io.ReadFull(random, all); err != nil {
		return nil, fmt.Errorf("store: salts: %w", err)
	}
	salts := make([][]byte, n)
	for i := range salts {
		salts[i] = all[i*saltSize : (i+1)*saltSize]
	}
	return salts, nil
}

// leafDomain begins every leaf, so that nothing else that we sign or hash can be
// mistaken for one.
const leafDomain = "acquis event v2\n"

// AppendLeaf appends the leaf of an event to b: what the Merkle log commits to.
// Nothing in it is ever erased.
//
//	16 bytes  "acquis event v2\n"
//	8 bytes   sequence, big-endian
//	8 bytes   microseconds since 1970, big-endian
//	32 bytes  body digest
//	32 bytes  digest of the stub, computed from it, since it is never erased
//	32 bytes  root of the tree of acts, only if the event has decisions
func AppendLeaf(b []byte, e *storepb.Event) []byte {
	b = append(b, leafDomain...)
	b = binary.BigEndian.AppendUint64(b, e.GetSequence())
	b = binary.BigEndian.AppendUint64(b, uint64(e.GetTime().AsTime().UnixMicro()))
	b = append(b, e.GetBodyDigest()...)
	b = append(b, Digest(e.GetStubSalt(), e.GetStub())...)
	if len(e.GetActs()) == 0 {
		return b
	}
	root := actsRoot(e.GetActs())
	return append(b, root[:]...)
}

// LeafHash returns the hash of an event's leaf.
func LeafHash(e *storepb.Event) tlog.Hash { return tlog.RecordHash(AppendLeaf(nil, e)) }
