package verify

import (
	"bytes"
	"errors"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// records checks that this program knows the kinds that are stored, and that the
// event that a record names wrote it, for every journaled record before any is
// trusted by another.
func (v *verifier) records() error {
	for _, kind := range v.kinds {
		switch {
		case !kind.Known():
			v.subject(kind, nil, 0).wrong("is a kind that this program does not know: verify with the version that wrote the store")
		case kind.Journaled():
			if err := v.scan(kind, nil, func(r store.Record) error { return v.digest(kind, r) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// references checks what every journaled record says, and the index entries that
// follow from it.
func (v *verifier) references() error {
	for _, kind := range v.kinds {
		if !kind.Journaled() || !kind.Known() {
			continue
		}
		if err := v.scan(kind, nil, func(r store.Record) error { return v.record(kind, r) }); err != nil {
			return err
		}
	}
	v.counter()
	return nil
}

func (v *verifier) digest(kind store.KindID, r store.Record) error {
	add(&v.report.Records, kind.String(), 1)
	envelope, ok := opened(r.Value)
	if !ok {
		v.subject(kind, r.Key, 0).wrong("is shorter than its envelope")
		return nil
	}
	s := v.subject(kind, r.Key, envelope.Sequence)
	body, err := v.bodies.of(envelope.Sequence)
	if err != nil {
		return err
	}
	s.written(body, envelope)
	return nil
}

func (v *verifier) record(kind store.KindID, r store.Record) error {
	envelope, ok := opened(r.Value)
	if !ok {
		return nil // told by digest
	}
	s, message := v.subject(kind, r.Key, envelope.Sequence), store.NewMessage(kind)
	if !decoded(envelope.Message, message) {
		s.wrong("cannot be decoded")
		return nil
	}
	body, err := v.bodies.of(envelope.Sequence)
	if err != nil {
		return err
	}
	if unknown(message.ProtoReflect()) {
		s.wrong("has fields that this program does not know")
	}
	s.numbers(message.ProtoReflect(), body)
	if err := v.says(s, message, body); err != nil {
		return err
	}
	return v.indexed(s, message)
}

// written checks that the record is what its event wrote.
func (s subject) written(b body, envelope store.Envelope) {
	switch b.state {
	case bodyAbsent:
		s.wrong("names event %d, which does not exist", s.event)
		return
	case bodyErased: // the event was about an accommodation, which goes with it
		s.wrong("names event %d, whose body was erased, so that nothing says what it wrote", s.event)
		return
	case bodyUnreadable: // told by the journal's pass
		return
	}
	i, found := slices.BinarySearchFunc(b.GetRecords(), s, func(d *storepb.RecordDigest, s subject) int {
		return compareDigests(d, &storepb.RecordDigest{Kind: uint32(s.kind), Key: s.key})
	})
	switch {
	case !found:
		s.wrong("names event %d, which did not write it", s.event)
	case len(b.GetRecords()[i].GetDigest()) == 0:
		s.wrong("is there, though event %d removed it", s.event)
	case !bytes.Equal(b.GetRecords()[i].GetDigest(), store.Digest(envelope.Salt, envelope.Message)):
		s.wrong("is not what event %d wrote: its digest differs", s.event)
	default:
		s.v.checked("digests of records")
	}
}

// bodies reads bodies of events. It remembers the last ones, since records that
// lie together were mostly written together.
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

// A body is that of an event, with the event itself, as far as both are there.
type body struct {
	*storepb.EventBody
	event *storepb.Event
	state bodyState
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
	b := body{EventBody: new(storepb.EventBody), event: new(storepb.Event)}
	switch {
	case !decoded(value, b.event):
		return body{state: bodyUnreadable}, nil
	case len(b.event.GetBody()) == 0:
		b.state = bodyErased
	case !decoded(b.event.GetBody(), b.EventBody):
		return body{state: bodyUnreadable}, nil
	}
	return b, nil
}

// unknown tells whether a message, or one in it, has fields that this program
// does not know: it cannot tell what they mean.
func unknown(m protoreflect.Message) (found bool) {
	if len(m.GetUnknown()) > 0 {
		return true
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				found = found || unknown(value.List().Get(i).Message())
			}
		default:
			found = found || unknown(value.Message())
		}
		return !found
	})
	return found
}
