package bolt

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/acquis-eval/acquis/store"
)

// TestReplace: another store takes the place of the one that is there, which is
// kept; a fill that fails, or makes no store, changes nothing.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	change(t, s, func(w store.Writer) error { return w.Put(store.KindName, []byte("old"), nil) })
	if _, err := Replace(dir, Options{LockTimeout: 1}, nil); !errors.Is(err, ErrInUse) {
		t.Errorf("under an open store: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, FileName)
	before := read(t, file)
	refused := errors.New("refused")
	for want, fill := range map[error]func(made, old string) error{
		refused:        func(string, string) error { return refused },
		fs.ErrNotExist: func(string, string) error { return nil },
		ErrNotStore: func(made, _ string) error {
			return os.WriteFile(filepath.Join(made, FileName), []byte("Bonjour"), 0o600)
		},
		ErrDamaged: func(made, _ string) error {
			return os.WriteFile(filepath.Join(made, FileName), before[:2*pageBytes], 0o600)
		},
	} {
		if kept, err := Replace(dir, Options{}, fill); !errors.Is(err, want) || kept != "" {
			t.Errorf("%v %q, want %v", err, kept, want)
		}
		if !bytes.Equal(read(t, file), before) {
			t.Fatal("the store has changed")
		}
	}
	kept, err := Replace(dir, Options{}, func(made, old string) error {
		if old != file {
			t.Errorf("the old store is %q", old)
		}
		other := open(t, made)
		return errors.Join(write(other, "new"), other.Close())
	})
	if err != nil || !bytes.Equal(read(t, kept), before) {
		t.Errorf("kept %q, %v", kept, err)
	}
	s = open(t, dir)
	wantKeys(t, s, "new")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestOpenRemovesUnfinished: what a compaction or a restore left that was ended
// goes at the next start: it holds what may have been erased since.
func TestOpenRemovesUnfinished(t *testing.T) {
	dir := t.TempDir()
	left := []string{filepath.Join(dir, FileName+".new"), filepath.Join(dir, restoreDir, FileName)}
	if err := os.Mkdir(filepath.Join(dir, restoreDir), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range left {
		if err := os.WriteFile(name, []byte("personal"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range left {
		if _, err := os.Lstat(name); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}
