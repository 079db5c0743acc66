package memstore

import (
	"bytes"
	"cmp"

	"github.com/tidwall/btree"

	"github.com/acquis-eval/acquis/store"
)

// A state is all records at one moment, as package store encodes them, and the
// last identifier given. A published state never changes: the next state is made
// from a copy, which shares the unchanged parts.
type state struct {
	records *btree.BTreeG[record]
	uid     uint64
}

// A record is one of any kind. Its bytes never change either. The fields are
// exported to be encoded (image.go).
type record struct {
	Kind       store.KindID
	Key, Value []byte
}

func before(a, b record) bool {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), bytes.Compare(a.Key, b.Key)) < 0
}

func newState() *state {
	return &state{records: btree.NewBTreeGOptions(before, btree.Options{NoLocks: true})}
}

func (s *state) copy() *state { return &state{s.records.Copy(), s.uid} }

// Get implements store.Layer.
func (s *state) Get(kind store.KindID, key []byte) ([]byte, error) {
	found, ok := s.records.Get(record{Kind: kind, Key: key})
	if !ok {
		return nil, store.ErrNotFound
	}
	return found.Value, nil
}

// Scan implements store.Layer.
func (s *state) Scan(kind store.KindID, prefix, after []byte, limit int) ([]store.Record, error) {
	from := prefix
	if bytes.Compare(after, prefix) > 0 {
		from = after
	}
	var found []store.Record
	s.records.Ascend(record{Kind: kind, Key: from}, func(r record) bool {
		if len(found) >= limit || r.Kind != kind || !bytes.HasPrefix(r.Key, prefix) {
			return false
		}
		if after == nil || !bytes.Equal(r.Key, after) {
			found = append(found, store.Record{Key: r.Key, Value: r.Value})
		}
		return true
	})
	return found, nil
}

// Prefetch implements store.Layer. There is no round trip to save.
func (s *state) Prefetch(...store.Want) error { return nil }

// lastSequence returns the sequence of the last event, or 0.
func (s *state) lastSequence() uint64 {
	last, _ := s.records.Max() // the journal is the last kind
	if last.Kind != store.KindEvent {
		return 0
	}
	return store.LastUID(last.Key)
}

// size returns how many bytes the records have.
func (s *state) size() (size int64) {
	s.records.Scan(func(r record) bool {
		size += int64(1 + len(r.Key) + len(r.Value))
		return true
	})
	return size
}

// A commit is the state that an Update makes. As a store.Table it notes which kinds
// the Update wrote.
type commit struct {
	*state
	wrote [1 << 8]bool
}

// Put implements store.Table.
func (c *commit) Put(kind store.KindID, key, value []byte) error {
	c.wrote[kind] = true
	c.records.Set(record{kind, key, value})
	return nil
}

// Delete implements store.Table.
func (c *commit) Delete(kind store.KindID, key []byte) error {
	c.wrote[kind] = true
	c.records.Delete(record{Kind: kind, Key: key})
	return nil
}
