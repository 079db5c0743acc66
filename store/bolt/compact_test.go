package bolt

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/storetest"
)

// TestCompact: a compacted store is the same store, in a file that holds nothing
// of what was erased.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	erased, kept := bytes.Repeat([]byte("erased "), 100_000), []byte("kept")
	var uid uint64
	change(t, s, func(w store.Writer) error {
		return errors.Join(w.Put(store.KindPersonal, store.Key(1), erased), w.Put(store.KindPersonal, store.Key(2), kept))
	})
	change(t, s, func(w store.Writer) (err error) {
		uid, err = w.NewUID()
		return errors.Join(err, w.Delete(store.KindPersonal, store.Key(1)), w.EraseEvent(1))
	})
	if err := Compact(dir, Options{LockTimeout: 1}); !errors.Is(err, ErrInUse) {
		t.Errorf("compacting an open store: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, FileName)
	if !bytes.Contains(read(t, file), []byte("erased erased")) {
		t.Error("the file holds nothing of what was erased before it is compacted, so that this shows nothing")
	}
	if err := Compact(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(read(t, file), []byte("erased")) {
		t.Error("the compacted file holds what was erased")
	}
	if !markedClean(t, file) {
		t.Error("the compacted store is not marked as closed well")
	}
	s = open(t, dir)
	change(t, s, func(w store.Writer) error {
		got, err := w.Get(store.KindPersonal, store.Key(2))
		if !bytes.Equal(got, kept) {
			t.Errorf("the record is %q", got)
		}
		again, uidErr := w.NewUID()
		if again <= uid {
			t.Errorf("uid %d was given after %d", again, uid)
		}
		return errors.Join(err, uidErr, w.Put(store.KindSession, store.Key(again), nil))
	})
	err := s.View(t.Context(), func(r store.Reader) error {
		events, err := r.Events(0, 9)
		if len(events) != 3 {
			t.Errorf("%d events", len(events))
		}
		storetest.CheckJournal(t, events)
		return err
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
}

func change(t *testing.T, s *Store, fn func(store.Writer) error) {
	t.Helper()
	if err := s.Update(t.Context(), store.Act{Time: time.Now()}, fn); err != nil {
		t.Fatal(err)
	}
}

// TestCompactRefuses: what is no store is left as it is.
func TestCompactRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := Compact(dir, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("where there is none: %v", err)
	}
	file := filepath.Join(dir, FileName)
	other := bytes.Repeat([]byte("something else "), 4096)
	if err := os.WriteFile(file, other, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Compact(dir, Options{}); !errors.Is(err, ErrNotStore) {
		t.Errorf("another file: %v", err)
	}
	if !bytes.Equal(read(t, file), other) {
		t.Error("another file was changed")
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
