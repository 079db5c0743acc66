package verify

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/acquis-eval/acquis/store"
)

// records checks that this program knows the stored kinds, and that each
// journaled record was written by the event that it names, before other checks
// trust any record.
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

// references checks the content of every journaled record, and the index entries
// derived from it.
func (v *verifier) references() error {
	for _, kind := range v.kinds {
		if !kind.Journaled() || !kind.Known() {
			continue
		}
		if err := v.scan(kind, nil, func(r store.Record) error { return v.record(kind, r) }); err != nil {
			return err
		}
	}
	v.tellDeferred()
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
		return nil // reported by digest
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
	s.flagged(message, body)
	if err := v.says(s, message, body); err != nil {
		return err
	}
	return v.indexed(s, message)
}

// unknown tells whether a message, or one in it, has fields whose meaning this
// program does not know.
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
