package bolt

import (
	"bytes"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

// Numbers in the file that no digest covers, or that decide what later acts get,
// are looked at when a store is opened: whoever can write the file can set them.

// clockSlack is how far ahead of this machine's clock an event may be without
// being remarkable.
const clockSlack = 24 * time.Hour

// loadUID reads the counter of identifiers. One that was set back is raised to
// the highest identifier in use, as far as that costs nothing to find: the last
// key of each kind whose keys are identifiers. Other records are safe all the
// same, because a draft never overwrites under a new identifier.
func loadUID(t *table, journal *bbolt.Bucket) (given, inUse uint64, err error) {
	given = journal.Sequence()
	if given > store.MaxUID {
		return 0, 0, fmt.Errorf("%w: its counter of identifiers is %d, which is impossible", ErrDamaged, given)
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

// warn tells operators what the start found that no program of ours writes.
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

// foreign lists what a store does not have: other keys of the bucket "meta", a
// mark of a clean stop that says something else, buckets that are of no kind,
// counters where there is none.
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

// maxForeign bounds how many of them are named.
const maxForeign = 20
