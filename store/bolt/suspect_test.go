package bolt

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

// TestSuspect: data in the file that no program of ours writes is reported when
// the store is opened, and no record is overwritten.
func TestSuspect(t *testing.T) {
	t.Parallel()
	meta := func(key, value string) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error { return tx.Bucket([]byte(metaBucket)).Put([]byte(key), []byte(value)) }
	}
	counter := func(kind store.KindID, n uint64) func(*bbolt.Tx) error {
		return func(tx *bbolt.Tx) error { return tx.Bucket(bucketName(kind)).SetSequence(n) }
	}
	for _, c := range []struct {
		name   string
		tamper func(*bbolt.Tx) error
		log    string // part of what is logged; empty: nothing is
		err    error
	}{
		{"nothing", func(*bbolt.Tx) error { return nil }, "", nil},
		{"the counter set back", counter(store.KindEvent, 1), "set back", nil},
		{"the counter set to nothing", counter(store.KindEvent, 0), "set back", nil},
		{"the counter before its end", counter(store.KindEvent, store.MaxUID), "", nil},
		{"the counter behind its end", counter(store.KindEvent, store.MaxUID+1), "", store.ErrDamaged},
		{"the counter at its very end", counter(store.KindEvent, 1<<64-1), "", store.ErrDamaged},
		{"a counter of another kind", counter(store.KindSession, 7), `a counter in the bucket`, nil},
		{"a key in meta", meta("note", "x"), `a key \"note\" in the bucket \"meta\"`, nil},
		{"a key in meta that is no text", meta("\x00", ""), `a key \"\\x00\"`, nil},
		{"another mark of a clean stop", meta(cleanKey, "2"), `a key \"clean\"`, nil},
		{"a counter in meta", func(tx *bbolt.Tx) error { return tx.Bucket([]byte(metaBucket)).SetSequence(3) }, `a counter in the bucket \"meta\"`, nil},
		{"a bucket", func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("more")); return err }, `a bucket \"more\"`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, dir)
			for range 3 {
				change(t, s, newSession("old"))
			}
			closed(t, s)
			tamperWith(t, dir, c.tamper)
			var log bytes.Buffer
			s, err := engine.open(dir, store.Opening{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
			if !errors.Is(err, c.err) {
				t.Fatalf("opened: %v, want %v", err, c.err)
			}
			if c.log == "" != (log.Len() == 0) || !strings.Contains(log.String(), c.log) {
				t.Errorf("logged %q, want %q", log.String(), c.log)
			}
			if err != nil {
				return
			}
			defer closed(t, s)
			if err := s.Update(t.Context(), store.Act{Time: time.Now()}, newSession("new")); err != nil && !errors.Is(err, store.ErrUIDsUsedUp) {
				t.Errorf("a new record: %v", err)
			}
			for uid := range uint64(3) {
				if got := sessionAt(t, s, uid+1); got != "old" {
					t.Errorf("record %d is %q", uid+1, got)
				}
			}
		})
	}
}

// newSession writes a record under a new identifier.
func newSession(value string) func(store.Writer) error {
	return func(w store.Writer) error {
		uid, err := w.NewUID()
		if err != nil {
			return err
		}
		return w.Put(store.KindSession, store.Key(uid), []byte(value))
	}
}

func sessionAt(t *testing.T, s *Store, uid uint64) (value string) {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) error {
		got, err := r.Get(store.KindSession, store.Key(uid))
		value = string(got)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return value
}

func closed(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func tamperWith(t *testing.T, dir string, tamper func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, FileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(tamper), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestLastEventYetToCome: an event dated in the future gives its time to all
// later ones, so operators are warned.
func TestLastEventYetToCome(t *testing.T) {
	for _, c := range []struct {
		ahead time.Duration
		told  bool
	}{{-time.Hour, false}, {clockSlack / 2, false}, {2 * clockSlack, true}, {200 * 365 * 24 * time.Hour, true}} {
		dir := t.TempDir()
		s := open(t, dir)
		if err := s.Update(t.Context(), store.Act{Time: time.Now().Add(c.ahead)}, newSession("new")); err != nil {
			t.Fatal(err)
		}
		closed(t, s)
		var log bytes.Buffer
		s, err := engine.open(dir, store.Opening{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
		if err != nil {
			t.Fatal(err)
		}
		closed(t, s)
		if told := strings.Contains(log.String(), "in the future"); told != c.told {
			t.Errorf("%v ahead: %q", c.ahead, log.String())
		}
	}
}
