package backup

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var example = Manifest{
	Origin: "acquis/example", Sequence: 3, Root: bytes.Repeat([]byte{7}, 32), Checkpoint: "acquis/example\n3\n…\n",
	Time: time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC), Program: "v1",
}

// makeBackup makes a backup of a store of a few bytes.
func makeBackup(t *testing.T, store []byte) (name string, m Manifest) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "b")
	w, err := Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(store)
	m, sealErr := w.Seal(example)
	sent, readErr := io.ReadAll(w.Reader())
	if err := errors.Join(err, sealErr, readErr, w.Close()); err != nil {
		t.Fatal(err)
	}
	if whole := read(t, name); !bytes.Equal(sent, whole) || len(whole) != len(store)+BlockSize {
		t.Errorf("a copy has %d bytes, the file %d", len(sent), len(whole))
	}
	return name, m
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRoundTrip: a store is extracted as it was written, and the end of the
// file is a readable manifest.
func TestRoundTrip(t *testing.T) {
	store := bytes.Repeat([]byte("store "), 1000)
	name, m := makeBackup(t, store)
	var out bytes.Buffer
	got, err := Extract(t.Context(), name, &out)
	if err != nil || !bytes.Equal(out.Bytes(), store) {
		t.Errorf("%d bytes of %d, %v", out.Len(), len(store), err)
	}
	if diff := cmp.Diff(m, got); diff != "" {
		t.Error(diff)
	}
	whole := read(t, name)
	if text := string(whole[len(whole)-BlockSize:]); !strings.Contains(text, `"sequence": 3,`) || !strings.HasSuffix(text, " \n") {
		t.Errorf("the block is %q", text)
	}
}

// TestDamage: a backup that was altered, truncated or lengthened is refused.
func TestDamage(t *testing.T) {
	name, _ := makeBackup(t, bytes.Repeat([]byte("store "), 1000))
	whole := read(t, name)
	for what, c := range map[string]struct {
		bytes []byte
		want  error
	}{
		"empty":               {nil, ErrNotBackup},
		"a text":              {[]byte("Bonjour"), ErrNotBackup},
		"a store alone":       {bytes.Repeat([]byte("store "), 1000), ErrNotBackup},
		"cut in the store":    {whole[:1000], ErrNotBackup},
		"cut in the manifest": {whole[:len(whole)-1], ErrNotBackup},
		"a byte more":         {append(bytes.Clone(whole), 'x'), ErrNotBackup},
		"a byte less, first":  {whole[1:], ErrDamaged},
		"another byte":        {bytes.Replace(whole, []byte("store"), []byte("Store"), 1), ErrDamaged},
		"another size":        {bytes.Replace(whole, []byte(`"size": 6000`), []byte(`"size": 6001`), 1), ErrDamaged},
		"a newer format":      {bytes.Replace(whole, []byte(`"form": 1`), []byte(`"form": 2`), 1), ErrNewer},
		"an unknown field":    {bytes.Replace(whole, []byte(`"program"`), []byte(`"Pr0gram"`), 1), ErrDamaged},
		"no JSON":             {bytes.Replace(whole, []byte(`{`), []byte(`[`), 1), ErrDamaged},
	} {
		if err := os.WriteFile(name, c.bytes, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Extract(t.Context(), name, io.Discard); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
}

// TestNothingHalf: an unsealed backup leaves no file, and no backup replaces another.
func TestNothingHalf(t *testing.T) {
	name, _ := makeBackup(t, []byte("old"))
	w, err := Create(name + ".partial")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(name + ".partial"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an unsealed backup: %v", err)
	}
	other, _ := makeBackup(t, []byte("new"))
	if err := Publish(other, name); !errors.Is(err, fs.ErrExist) {
		t.Errorf("publishing over another: %v", err)
	}
	if err := Publish(other, name+"2"); err != nil || string(read(t, name+"2")[:3]) != "new" {
		t.Errorf("publishing under a free name: %v", err)
	}
}

// TestManifestThatIsTooLong: a manifest must fit into its block.
func TestManifestThatIsTooLong(t *testing.T) {
	w, err := Create(filepath.Join(t.TempDir(), "b"))
	if err != nil {
		t.Fatal(err)
	}
	m := example
	m.Checkpoint = strings.Repeat("x", BlockSize)
	if _, err := w.Seal(m); err == nil {
		t.Error("a manifest that is too long was sealed")
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzManifest: reading the end of any file terminates. An accepted manifest
// describes a store that fits into the file, and is written as it was read.
func FuzzManifest(f *testing.F) {
	m := example
	m.Form, m.Size, m.SHA256 = Form, 8192, make([]byte, 32)
	block, err := m.block()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(block, int64(8192+BlockSize))
	f.Add(block[:100], int64(100))
	f.Add([]byte(magic+"{}"), int64(BlockSize))
	f.Fuzz(func(t *testing.T, block []byte, size int64) {
		if len(block) < BlockSize { // shorter files differ mostly only in length
			block = append(block, bytes.Repeat([]byte(" "), BlockSize-len(block))...)
		}
		m, err := parseBlock(block, size)
		if err != nil {
			if !errors.Is(err, ErrNotBackup) && !errors.Is(err, ErrNewer) && !errors.Is(err, ErrDamaged) {
				t.Fatalf("an error of an unknown kind: %v", err)
			}
			return
		}
		if m.Size <= 0 || m.Size+BlockSize != size {
			t.Fatalf("a store of %d bytes in a file of %d", m.Size, size)
		}
		again, err := m.block()
		if err != nil {
			return // in compact JSON it was short enough
		}
		got, err := parseBlock(again, size)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
