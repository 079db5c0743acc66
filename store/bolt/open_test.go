package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

// A damage changes the bytes of a store of some hundred pages.
type damage struct {
	name  string
	clean bool // the store was cleanly closed
	spoil func(b []byte) []byte
	want  error
}

const pageBytes = 4096

func damages() []damage {
	return []damage{
		{"empty", true, func([]byte) []byte { return nil }, store.ErrNotStore},
		{"a text", true, func([]byte) []byte { return []byte("Bonjour") }, store.ErrNotStore},
		{"a long text", true, func([]byte) []byte { return bytes.Repeat([]byte("Bonjour "), 4096) }, store.ErrNotStore},
		{"zeros", true, func(b []byte) []byte { return make([]byte, len(b)) }, store.ErrNotStore},
		{"both headers", false, func(b []byte) []byte { b[20], b[pageBytes+20] = 9, 9; return b }, store.ErrNotStore},
		{"half a page", false, func(b []byte) []byte { return b[:pageBytes/2] }, store.ErrDamaged},
		{"one page", false, func(b []byte) []byte { return b[:pageBytes] }, store.ErrDamaged},
		{"half of it", false, func(b []byte) []byte { return b[:len(b)/2] }, store.ErrDamaged},
		{"all but a byte", true, func(b []byte) []byte { return b[:len(b)-1] }, store.ErrDamaged},
		{"every data page a leaf with 60000 entries", true, func(b []byte) []byte {
			return eachPage(b, func(p []byte) { binary.NativeEndian.PutUint16(p[10:], 60000) })
		}, store.ErrDamaged},
		{"every page of no type", true, func(b []byte) []byte {
			return eachPage(b, func(p []byte) { p[8] = 0x40 })
		}, store.ErrDamaged},
		{"every page thinks it is another", true, func(b []byte) []byte {
			return eachPage(b, func(p []byte) { p[0]++ })
		}, store.ErrDamaged},
		{"every page continues past the end", true, func(b []byte) []byte {
			return eachPage(b, func(p []byte) { binary.NativeEndian.PutUint32(p[12:], 1<<30) })
		}, store.ErrDamaged},
		{"a free list longer than its page", true, func(b []byte) []byte {
			binary.NativeEndian.PutUint16(freeList(b)[10:], 60000)
			return b
		}, store.ErrDamaged},
		{"a header that is free", true, func(b []byte) []byte { return firstFree(b, 1) }, store.ErrDamaged},
		{"a free page behind the end", true, func(b []byte) []byte { return firstFree(b, readPages(b).meta.pages) }, store.ErrDamaged},
		{"a page that is used and free", true, func(b []byte) []byte { return firstFree(b, rootOf(b, store.KindName)) }, store.ErrDamaged},
		{"a key twice", false, func(b []byte) []byte {
			entries := firstLeaf(b)[pageHeaderSize:]
			copy(entries, entries[elementSize:2*elementSize])
			binary.NativeEndian.PutUint32(entries[4:], binary.NativeEndian.Uint32(entries[4:])+elementSize) // it counts from the entry
			return b
		}, store.ErrDamaged},
		{"a key of another page", false, func(b []byte) []byte {
			leaf := firstLeaf(b)
			last := leaf[pageHeaderSize+(int(binary.NativeEndian.Uint16(leaf[10:]))-1)*elementSize:]
			last[binary.NativeEndian.Uint32(last[4:])] = 0xFF
			return b
		}, store.ErrDamaged},
		{"a value that ends outside", false, func(b []byte) []byte {
			binary.NativeEndian.PutUint32(firstLeaf(b)[pageHeaderSize+12:], 1<<20)
			return b
		}, store.ErrDamaged},
		{"a page in the midst torn", false, func(b []byte) []byte {
			clear(b[rootOf(b, store.KindName)*pageBytes:][:512])
			return b
		}, store.ErrDamaged},
	}
}

func eachPage(b []byte, spoil func(p []byte)) []byte {
	for at := 2 * pageBytes; at+pageBytes <= len(b); at += pageBytes {
		spoil(b[at:])
	}
	return b
}

// freeList returns the bytes of a complete store from its free list on.
func freeList(b []byte) []byte { return b[readPages(b).meta.freelist*pageBytes:] }

// firstFree makes that page the first one that is free.
func firstFree(b []byte, id uint64) []byte {
	binary.NativeEndian.PutUint64(freeList(b)[pageHeaderSize:], id)
	return b
}

// firstLeaf returns the bytes from the first page of names on.
func firstLeaf(b []byte) []byte {
	branch, err := readPages(b).read(rootOf(b, store.KindName))
	if err != nil {
		panic(err)
	}
	first, err := branch.element(0)
	if err != nil || branch.flags != branchPage {
		panic(fmt.Sprint("not a branch: ", branch.flags, err))
	}
	return b[first.child*pageBytes:]
}

// markedClean tells whether the store in a file is marked as cleanly closed.
func markedClean(t *testing.T, file string) bool {
	t.Helper()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	clean, err := readPages(whole).checkFormat()
	if err != nil {
		t.Fatal(err)
	}
	return clean
}

// readPages reads the pages of a sound store.
func readPages(b []byte) *pageFile {
	f, err := openPages(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		panic(err)
	}
	return f
}

// rootOf returns the page where the tree of a kind begins.
func rootOf(b []byte, kind store.KindID) uint64 {
	f := readPages(b)
	e, err := f.find(bucketRef{root: f.meta.root}, bucketName(kind))
	if err != nil {
		panic(err)
	}
	ref, err := e.asBucket(page{})
	if err != nil {
		panic(err)
	}
	return ref.root
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	clean, unclean := storeBytes(t)
	for _, d := range damages() {
		t.Run(d.name, func(t *testing.T) {
			whole := unclean
			if d.clean {
				whole = clean
			}
			refused(t, d.spoil(bytes.Clone(whole)), d.want)
		})
	}
}

// TestOpenTruncated cuts a store at every page.
func TestOpenTruncated(t *testing.T) {
	t.Parallel()
	clean, unclean := storeBytes(t)
	for _, whole := range [][]byte{clean, unclean} {
		for pages := 1; pages < len(whole)/pageBytes; pages++ {
			refused(t, whole[:pages*pageBytes], store.ErrDamaged)
		}
	}
}

// refused opens a file with those bytes, which must fail and not change the file.
func refused(t *testing.T, spoilt []byte, want error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, FileName)
	if err := os.WriteFile(file, spoilt, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := engine.open(dir, store.Opening{})
	if err == nil {
		t.Fatalf("%d bytes were opened: %v", len(spoilt), s.Close())
	}
	if !errors.Is(err, want) || !strings.Contains(err.Error(), file) {
		t.Errorf("error %q, want %q with the file's name", err, want)
	}
	if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, spoilt) {
		t.Errorf("the file was changed (%v)", err)
	}
}

// storeBytes returns a store of some hundred pages as a clean stop leaves it, and
// as a snapshot writes it, without the mark. Both contain only pages in use.
func storeBytes(t *testing.T) (clean, unclean []byte) {
	t.Helper()
	made, err := filledOnce()
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(made.clean), bytes.Clone(made.unclean)
}

// filledOnce makes what storeBytes returns: its 300 commits wait for the disk.
var filledOnce = sync.OnceValues(func() (made struct{ clean, unclean []byte }, err error) {
	dir, err := os.MkdirTemp("", "filled-*")
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := engine.open(dir, store.Opening{})
	if err != nil {
		return made, err
	}
	ctx := context.Background()
	for i := range 300 {
		err = errors.Join(err, s.Update(ctx, store.Act{}, func(w store.Writer) error {
			return w.Put(store.KindName, fmt.Appendf(nil, "%x", i*7919%301), make([]byte, 700))
		}))
	}
	var snapshot bytes.Buffer
	err = errors.Join(err, s.Snapshot(ctx, &snapshot, func(store.Reader) error { return nil }), s.Close())
	if err != nil {
		return made, err
	}
	whole, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		return made, err
	}
	made.clean, made.unclean = whole[:readPages(whole).meta.pages*pageBytes], snapshot.Bytes()
	return made, nil
})

func TestOpenOtherBoltFiles(t *testing.T) {
	good := encodeFormat(formatVersion)
	for _, c := range []struct {
		name string
		fill func(tx *bbolt.Tx) error
		want error
	}{
		{"without buckets", func(*bbolt.Tx) error { return nil }, store.ErrNotStore},
		{"with a bucket of its own", func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte("accounts"))
			return err
		}, store.ErrNotStore},
		{"with a meta of its own", meta1("version", []byte("1")), store.ErrNotStore},
		{"with a format of its own", meta1(formatKey, []byte("1")), store.ErrNotStore},
		{"of a newer format", meta1(formatKey, encodeFormat(formatVersion+1)), store.ErrNewer},
		{"of a newer, longer format", meta1(formatKey, append(encodeFormat(7), "more"...)), store.ErrNewer},
		{"of format 1", meta1(formatKey, encodeFormat(1)), store.ErrNotStore},
		{"of the format before", meta1(formatKey, encodeFormat(formatVersion-1)), store.ErrNotStore},
		{"of format 0", meta1(formatKey, encodeFormat(0)), store.ErrDamaged},
		{"of a longer format", meta1(formatKey, append(good, 0)), store.ErrDamaged},
		{"with a large meta", func(tx *bbolt.Tx) error {
			if err := meta1(formatKey, encodeFormat(formatVersion+1))(tx); err != nil {
				return err
			}
			for i := range 2000 {
				if err := tx.Bucket([]byte(metaBucket)).Put(fmt.Appendf(nil, "%d", i), make([]byte, 50)); err != nil {
					return err
				}
			}
			return nil
		}, store.ErrNewer},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "other")
			db, err := bbolt.Open(file, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Update(c.fill), db.Close()); err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			refused(t, content, c.want)
		})
	}
}

func meta1(key string, value []byte) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte(metaBucket))
		if err != nil {
			return err
		}
		return b.Put([]byte(key), value)
	}
}

func TestOpenInUse(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if _, err := impatient.open(dir, store.Opening{}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("a second opening: %v", err)
	}
	done := make(chan error)
	go func() {
		waiting, err := Engine{LockTimeout: time.Minute}.open(dir, store.Opening{})
		if err == nil {
			err = waiting.Close()
		}
		done <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("an opening that waits: %v", err)
	}
}

func TestOpenPlaces(t *testing.T) {
	base := t.TempDir()
	deep := filepath.Join(base, "a", "b")
	if err := open(t, deep).Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(deep)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("a new data directory: %v, %v", info.Mode(), err)
	}
	if _, err := engine.Open(filepath.Join(deep, FileName), store.Opening{}); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("a file as data directory: %v", err)
	}
	// The leftovers of an interrupted creation.
	half := filepath.Join(base, "half")
	if err := os.MkdirAll(half, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(half, FileName+".new"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, half).Close(); err != nil {
		t.Fatal(err)
	}
}

// TestOpenAfterTornHeader: a power cut during the write of a header leaves the
// other one, which is why bbolt has two. (If only the mark of a clean stop was
// lost, nothing else is; and the start after a clean stop overwrites the older
// header.)
func TestOpenAfterTornHeader(t *testing.T) {
	t.Parallel()
	clean, unclean := storeBytes(t)
	for i := range uint64(4) {
		torn := bytes.Clone([][]byte{clean, unclean}[i/2])
		dir := t.TempDir()
		torn[(readPages(torn).meta.txid+i)%2*pageBytes+30]++
		if err := os.WriteFile(filepath.Join(dir, FileName), torn, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := open(t, dir).Close(); err != nil {
			t.Fatal(err)
		}
	}
}
