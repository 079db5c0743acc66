package bolt

import (
	"errors"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

// TestACopyThatDiffers: a compaction notices every lost or altered record before
// it replaces anything.
func TestACopyThatDiffers(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	change(t, s, func(w store.Writer) error {
		_, err := w.NewUID()
		return errors.Join(err, w.Put(store.KindName, []byte("a"), []byte("1")), w.Put(store.KindName, []byte("b"), []byte("2")))
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, FileName)
	names, journal := []byte{byte(store.KindName)}, []byte{byte(store.KindEvent)}
	for name, alter := range map[string]func(tx *bbolt.Tx) error{
		"nothing":            func(*bbolt.Tx) error { return nil },
		"a record less":      func(tx *bbolt.Tx) error { return tx.Bucket(names).Delete([]byte("b")) },
		"a record more":      func(tx *bbolt.Tx) error { return tx.Bucket(names).Put([]byte("c"), nil) },
		"another value":      func(tx *bbolt.Tx) error { return tx.Bucket(names).Put([]byte("a"), []byte("2")) },
		"another last uid":   func(tx *bbolt.Tx) error { return tx.Bucket(journal).SetSequence(9) },
		"a kind less":        func(tx *bbolt.Tx) error { return tx.DeleteBucket(names) },
		"a kind more":        func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte{200}); return err },
		"a kind more, first": func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte{1}); return err },
	} {
		made := filepath.Join(t.TempDir(), "copy")
		if err := copyStore(made, file, engine.options(nil)); err != nil {
			t.Fatal(err)
		}
		db, err := bbolt.Open(made, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Update(alter), db.Close()); err != nil {
			t.Fatal(err)
		}
		if err := sameStore(made, file, engine.options(nil)); errors.Is(err, errDiffers) != (name != "nothing") {
			t.Errorf("with %s: %v", name, err)
		}
	}
}
