package bolt

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/store"
)

// TestCompact: free pages still contain erased data until the file is compacted;
// the new file is marked as cleanly closed.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	change(t, s, func(w store.Writer) error {
		return w.Put(store.KindPersonal, store.Key(1), bytes.Repeat([]byte("erased "), 100_000))
	})
	change(t, s, func(w store.Writer) error {
		return errors.Join(w.Delete(store.KindPersonal, store.Key(1)), w.EraseEvent(1))
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, FileName)
	if !bytes.Contains(read(t, file), []byte("erased erased")) {
		t.Error("the file contains nothing erased before it is compacted, so this test shows nothing")
	}
	done, err := engine.Compact(dir)
	if err != nil || done.What != file || done.Before < 700_000 || done.After > 70_000 {
		t.Fatalf("%+v, %v", done, err)
	}
	if bytes.Contains(read(t, file), []byte("erased")) {
		t.Error("the compacted file contains erased data")
	}
	if !markedClean(t, file) {
		t.Error("the compacted store is not marked as cleanly closed")
	}
}

func change(t *testing.T, s *Store, fn func(store.Writer) error) {
	t.Helper()
	if err := s.Update(t.Context(), store.Act{Time: time.Now()}, fn); err != nil {
		t.Fatal(err)
	}
}

// TestCompactRefuses: a file that is not a store is not changed.
func TestCompactRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, FileName)
	other := bytes.Repeat([]byte("something else "), 4096)
	if err := os.WriteFile(file, other, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Compact(dir); !errors.Is(err, store.ErrNotStore) {
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
