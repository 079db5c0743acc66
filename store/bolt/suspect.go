package bolt

import (
	"bytes"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

// Numbers that no digest covers, or that affect later acts, are checked when a
// store is opened, because somebody who can write the file can change them.

// clockSlack is how far ahead of this machine's clock an event may be without a
// warning.
const clockSlack = 24 * time.Hour

// loadUID reads the counter of identifiers. If it was set back, it is raised to
// the highest identifier that can be found cheaply: the last key of each kind
// whose keys are identifiers. Other records are still safe, because a draft
// never overwrites a record under a new identifier.
func loadUID(t *table, journal *bbolt.Bucket) (given, inUse uint64, err error) {
	given = journal.Sequence()
	if given > store.MaxUID {
		return 0, 0, fmt.Errorf("%w: its counter of identifiers is %d, which is impossible", store.ErrDamaged, given)
	}
	for _, kind := range store.Kinds() {
		if !kind.Sequential() || !kind.Journaled() {
			continue
		}
		b := t.bucket(kind)
		if b == nil {
			continue
		}
		key, _ := b.Cursor().Last()
		if uid := store.LastUID(key); len(key) == 8 && uid <= store.MaxUID {
			inUse = max(inUse, uid)
		}
	}
	return given, inUse, nil
}

// warn logs what the start found that no version of this program writes.
func (s *Store) warn(given uint64, foreign []string) {
	if s.uid > given {
		s.log.Warn("the counter of identifiers was set back; continuing from the highest in use: run acquis verify",
			"counter", given, "in_use", s.uid)
	}
	if at := s.head.Time(); time.Until(at) > clockSlack {
		s.log.Warn("the last event is dated in the future, and new events get the same time until then: run acquis verify",
			"event", s.head.Sequence, "time", at)
	}
	for _, what := range foreign {
		s.log.Warn("the file holds data that no version of this program writes: run acquis verify", "what", what)
	}
}

// foreign lists unexpected data: other keys of the bucket "meta", a wrong mark
// of a clean stop, buckets of unknown kinds, counters in other buckets.
func foreign(tx *bbolt.Tx) (found []string, err error) {
	note := func(format string, args ...any) {
		if len(found) < maxForeign {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	err = tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
		if string(name) != metaBucket && len(name) != 1 {
			note("a bucket %q", name)
		} else if b.Sequence() != 0 && !bytes.Equal(name, bucketName(store.KindEvent)) {
			note("a counter in the bucket %q", name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, tx.Bucket([]byte(metaBucket)).ForEach(func(key, value []byte) error {
		known := string(key) == formatKey || string(key) == cleanKey && string(value) == cleanMark
		if !known { // the format record itself check.go has read
			note("a key %q in the bucket %q", key, metaBucket)
		}
		return nil
	})
}

// maxForeign limits how many of them are named.
const maxForeign = 20
