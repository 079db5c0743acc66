package bolt

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/acquis-eval/acquis/store"
)

// TestReplaceChecksPages: all pages of a new store must be sound before it
// replaces the old one, whose file is kept unchanged.
func TestReplaceChecksPages(t *testing.T) {
	t.Parallel()
	clean, _ := storeBytes(t)
	dir := t.TempDir()
	file := filepath.Join(dir, FileName)
	if err := os.WriteFile(file, clean, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		made []byte
		want error
	}{{clean[:2*pageBytes], store.ErrDamaged}, {clean, nil}} {
		kept, err := engine.Replace(dir, func(made, old string) error {
			if old != file {
				t.Errorf("the old store is %q", old)
			}
			return os.WriteFile(filepath.Join(made, FileName), c.made, 0o600)
		})
		if !errors.Is(err, c.want) || !bytes.Equal(read(t, file), clean) {
			t.Fatalf("%v, want %v; or the file has changed", err, c.want)
		}
		if c.want == nil && !bytes.Equal(read(t, kept), clean) {
			t.Error("the old file was not kept as it was")
		}
	}
}

// TestOpenRemovesUnfinished: the next start removes the files of an interrupted
// compaction or restore, because they may contain data that was erased since.
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

// TestRestoreIsWholeOrNothing: what a crash leaves of a restore, at any moment before it
// is complete, is no store; a store that is there stays.
func TestRestoreIsWholeOrNothing(t *testing.T) {
	t.Parallel()
	clean, _ := storeBytes(t)
	dir := filepath.Join(t.TempDir(), "data")
	crashed := func() {
		t.Helper()
		left := t.TempDir()
		if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if _, err := engine.Look(left); !errors.Is(err, store.ErrNoStore) {
			t.Fatalf("what a crash leaves: %v", err)
		}
		if err := engine.Restore(left, func(w io.Writer) error { _, err := w.Write(clean); return err }); err != nil {
			t.Fatalf("a restore after a crash: %v", err)
		}
		if !bytes.Equal(read(t, filepath.Join(left, FileName)), clean) {
			t.Error("the restore after a crash is another store")
		}
		if names, err := filepath.Glob(filepath.Join(left, "*.new")); err != nil || len(names) > 0 {
			t.Errorf("left behind: %q, %v", names, err)
		}
	}
	if err := engine.Restore(dir, func(w io.Writer) error {
		crashed()
		half, err := w.Write(clean[:len(clean)/2])
		crashed()
		_, restErr := w.Write(clean[half:])
		crashed()
		return errors.Join(err, restErr)
	}); err != nil {
		t.Fatal(err)
	}
	if err := engine.Restore(dir, func(io.Writer) error { t.Error("write ran"); return nil }); err == nil || !bytes.Equal(read(t, filepath.Join(dir, FileName)), clean) {
		t.Errorf("a restore over a store: %v; or the file has changed", err)
	}
	if err := open(t, dir).Close(); err != nil {
		t.Error(err)
	}
}
