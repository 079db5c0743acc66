package verify

import (
	"bytes"
	"errors"
	"slices"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// bodies reads events. It caches the last ones, because records stored together
// were usually written together.
type bodies struct {
	source Source
	cached map[uint64]body
}

const cachedBodies = 1024

type bodyState int

const (
	bodyThere bodyState = iota
	bodyAbsent
	bodyErased
	bodyUnreadable
)

// A body is the body of an event, with its stub and the event itself, as far as
// they exist.
type body struct {
	*storepb.EventBody
	stub    *storepb.EventStub
	records []*storepb.RecordDigest // of the stub, with the digests from the body
	event   *storepb.Event
	state   bodyState
}

func newBodies(source Source) *bodies { return &bodies{source, make(map[uint64]body)} }

func (c *bodies) of(sequence uint64) (body, error) {
	if b, ok := c.cached[sequence]; ok {
		return b, nil
	}
	b, err := c.read(sequence)
	if err != nil {
		return body{}, err
	}
	if len(c.cached) >= cachedBodies {
		clear(c.cached)
	}
	c.cached[sequence] = b
	return b, nil
}

func (c *bodies) read(sequence uint64) (body, error) {
	value, err := c.source.Get(store.KindEvent, store.SequenceKey(sequence))
	if errors.Is(err, store.ErrNotFound) {
		return body{state: bodyAbsent}, nil
	}
	if err != nil {
		return body{}, err
	}
	event := new(storepb.Event)
	if !decoded(value, event) {
		return body{state: bodyUnreadable}, nil
	}
	return bodyOf(event), nil
}

// bodyOf decodes an event. Without its body its stub still says what it wrote.
func bodyOf(e *storepb.Event) body {
	b := body{event: e, EventBody: new(storepb.EventBody), stub: new(storepb.EventStub)}
	switch {
	case !decoded(e.GetStub(), b.stub):
		return body{state: bodyUnreadable}
	case len(e.GetBody()) == 0 && len(e.GetBodySalt()) == 0:
		b.state = bodyErased
	case !decoded(e.GetBody(), b.EventBody):
		return body{state: bodyUnreadable}
	}
	b.records = store.Written(b.stub, b.EventBody)
	return b
}

// find returns what the event says of a record.
func (b body) find(kind store.KindID, key []byte) (*storepb.RecordDigest, bool) {
	wanted := &storepb.RecordDigest{Kind: uint32(kind), Key: key}
	i, found := slices.BinarySearchFunc(b.records, wanted, compareDigests)
	if !found {
		return nil, false
	}
	return b.records[i], true
}

// removed tells whether the event removed the record with this digest.
func removed(d *storepb.RecordDigest) bool { return !d.GetErasable() && len(d.GetDigest()) == 0 }

// written checks that the record is what its event wrote.
func (s subject) written(b body, envelope store.Envelope) {
	switch b.state {
	case bodyAbsent:
		s.wrong("names event %d, which does not exist", s.event)
		return
	case bodyUnreadable: // reported by the pass over the journal
		return
	case bodyThere, bodyErased:
	}
	d, found := b.find(s.kind, s.key)
	switch {
	case !found:
		s.wrong("names event %d, which did not write it", s.event)
	case removed(d):
		s.wrong("exists, although event %d removed it", s.event)
	case d.GetErasable() && b.state == bodyErased:
		s.wrong("names event %d, whose body was erased, so that nothing proves what it wrote", s.event)
	case !bytes.Equal(d.GetDigest(), store.Digest(envelope.Salt, envelope.Message)):
		s.wrong("is not what event %d wrote: its digest differs", s.event)
	default:
		s.v.checked("digests of records")
	}
}
