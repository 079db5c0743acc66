package verify

import (
	"bytes"
	"errors"

	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/store"
)

// indexed compares the index entries derived from a record with those stored.
func (v *verifier) indexed(s subject, message proto.Message) error {
	entries, err := store.IndexOf(v.reader, s.kind, s.key, message)
	if err != nil {
		// A record that it depends on is missing or damaged, and reported there.
		return nil //nolint:nilerr // see above
	}
	for _, want := range entries {
		if want.Kind == store.KindSessionActor {
			v.actors[string(want.Key)] = true
		}
		found, err := v.source.Get(want.Kind, want.Key)
		entry := v.subject(want.Kind, want.Key, 0)
		switch {
		case errors.Is(err, store.ErrNotFound):
			entry.wrong("is missing, although it follows from %v %s", s.kind, readable(s.kind, s.key))
			owner := place{want.Kind, string(store.Key(store.FirstUID(want.Key)))}
			v.lost[owner] = append(v.lost[owner], want.Key)
		case err != nil:
			return err
		case !bytes.Equal(found, want.Value):
			entry.wrong("holds %x; from %v %s follows %x", found, s.kind, readable(s.kind, s.key), want.Value)
		}
		v.checked("index entries")
	}
	return nil
}

// indexes checks that every index entry is derived from a record.
func (v *verifier) indexes() error {
	for _, kind := range v.kinds {
		if !kind.Index() {
			continue
		}
		err := v.scan(kind, nil, func(r store.Record) error {
			return v.follows(store.IndexEntry{Kind: kind, Key: r.Key, Value: r.Value})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// follows checks that an entry is derived from the record that it leads to.
func (v *verifier) follows(e store.IndexEntry) error {
	add(&v.report.Records, e.Kind.String(), 1)
	if e.Kind == store.KindSessionActor {
		v.actor(e)
		return nil
	}
	s := v.subject(e.Kind, e.Key, 0)
	kind, key, ok := e.Origin()
	if !ok {
		s.wrong("is not an entry of this index")
		return nil
	}
	record, ok, err := load[proto.Message](v, kind, key)
	if err != nil {
		return err
	}
	if !ok {
		s.wrong("leads to %v %s, which does not exist", kind, readable(kind, key))
		return nil
	}
	entries, err := store.IndexOf(v.reader, kind, key, record.message)
	if err != nil {
		return nil //nolint:nilerr // as in indexed
	}
	for _, want := range entries {
		if want.Kind == e.Kind && bytes.Equal(want.Key, e.Key) && bytes.Equal(want.Value, e.Value) {
			return nil
		}
	}
	s.wrong("does not follow from %v %s, to which it leads", kind, readable(kind, key))
	return nil
}

// actor checks that a subject listed for a session took part in acts of its jury.
// indexed checks the other direction.
func (v *verifier) actor(e store.IndexEntry) {
	if !v.actors[string(e.Key)] {
		v.subject(e.Kind, e.Key, 0).wrong("follows from no act of the session's jury")
	}
}
