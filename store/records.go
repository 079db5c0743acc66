package store

import (
	"encoding/binary"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
)

// Records reads and writes the messages of one kind.
type Records[M any, P interface {
	*M
	proto.Message
}] struct {
	Kind KindID
}

// Get returns the message under key, or ErrNotFound.
func (t Records[M, P]) Get(r Reader, key []byte) (P, error) {
	value, err := r.Get(t.Kind, key)
	if err != nil {
		return nil, err
	}
	return t.decode(key, value)
}

// GetMany returns the messages under all these keys, in their order, as one read;
// ErrNotFound if one is absent.
func (t Records[M, P]) GetMany(r Reader, keys [][]byte) ([]P, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	wants := make([]Want, len(keys))
	for i, key := range keys {
		wants[i] = t.One(key)
	}
	if err := r.Prefetch(wants...); err != nil {
		return nil, err
	}
	found := make([]P, len(keys))
	for i, key := range keys {
		var err error
		if found[i], err = t.Get(r, key); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// pageSize bounds a single read of All and Listed.
const pageSize = 512

// Scan returns the messages that Reader.Scan finds, and the key of the last.
func (t Records[M, P]) Scan(r Reader, prefix, after []byte, limit int) (found []P, last []byte, err error) {
	records, err := r.Scan(t.Kind, prefix, after, limit)
	if err != nil {
		return nil, nil, err
	}
	found = make([]P, len(records))
	for i, record := range records {
		if found[i], err = t.decode(record.Key, record.Value); err != nil {
			return nil, nil, err
		}
		last = record.Key
	}
	return found, last, nil
}

// All returns every message whose key starts with prefix, page by page, so that
// no single read is unbounded.
func (t Records[M, P]) All(r Reader, prefix []byte) ([]P, error) {
	var all []P
	var after []byte
	for {
		found, last, err := t.Scan(r, prefix, after, pageSize)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = found // usually all there are
		} else {
			all = append(all, found...)
		}
		if len(found) < pageSize {
			return all, nil
		}
		after = last
	}
}

// Listed returns the messages that an index kind lists under owner: two reads for
// each page.
func (t Records[M, P]) Listed(r Reader, index KindID, owner uint64) ([]P, error) {
	var all []P
	for after := uint64(0); ; {
		uids, err := ListUIDs(r, index, owner, after, pageSize)
		if err != nil {
			return nil, err
		}
		keys := make([][]byte, len(uids))
		for i, uid := range uids {
			keys[i], after = Key(uid), uid
		}
		found, err := t.GetMany(r, keys)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if len(uids) < pageSize {
			return all, nil
		}
	}
}

// Put writes the message under key.
func (t Records[M, P]) Put(w Writer, key []byte, m P) error {
	value, err := proto.Marshal(m)
	if err != nil {
		return fmt.Errorf("store: %v %x: %w", t.Kind, key, err)
	}
	return w.Put(t.Kind, key, value)
}

func (Records[M, P]) newMessage() proto.Message { return P(new(M)) }

func (t Records[M, P]) decode(key, value []byte) (P, error) {
	m := P(new(M))
	if err := proto.Unmarshal(value, m); err != nil {
		return nil, fmt.Errorf("store: %v %x: %w", t.Kind, key, err)
	}
	return m, nil
}

// Key is the key of a record with these uids: eight bytes each, big endian, so
// that keys sort as the numbers do.
func Key(uids ...uint64) []byte {
	key := make([]byte, 0, 8*len(uids))
	for _, uid := range uids {
		key = binary.BigEndian.AppendUint64(key, uid)
	}
	return key
}

// LastUID returns the uid that ends a key made by Key.
func LastUID(key []byte) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key[len(key)-8:])
}

// FirstUID returns the uid that begins a key made by Key.
func FirstUID(key []byte) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key)
}

// A Collection is a set of resources whose ids callers choose. The numbers are
// stored.
type Collection uint8

// The collections.
const (
	CollectionCandidate Collection = 1
	CollectionSession   Collection = 2
	CollectionCandidacy Collection = 3 // CandidacyLabel
	CollectionRevision  Collection = 4 // RevisionLabel
)

// NameKey is the key of the index from a caller's id to a uid. It depends only on the
// resource's name, so that all names of a call can be looked up in one read.
func NameKey(c Collection, label string) []byte {
	return append([]byte{byte(c)}, label...)
}

// Lookup returns the uid of the resource that callers know by label.
func Lookup(r Reader, c Collection, label string) (uint64, error) {
	value, err := r.Get(KindName, NameKey(c, label))
	if err != nil {
		return 0, err
	}
	return LastUID(value), nil
}

// ListUIDs returns the uids that an index kind lists under owner, above after.
func ListUIDs(r Reader, index KindID, owner, after uint64, limit int) ([]uint64, error) {
	records, err := r.Scan(index, Key(owner), Key(owner, after), limit)
	if err != nil {
		return nil, err
	}
	uids := make([]uint64, len(records))
	for i, record := range records {
		uids[i] = LastUID(record.Key)
	}
	return uids, nil
}

// LatestCheckpoint returns the key of the latest checkpoint.
func LatestCheckpoint() []byte { return []byte("latest") }

// DayCheckpoint returns the key of a UTC day's last checkpoint. Those keys sort
// as the days do.
func DayCheckpoint(t time.Time) []byte { return []byte(t.UTC().Format("2006-01-02")) }
