package bolt

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

// TestAtRest: reading a file at rest does not change it, even if it was not
// closed.
func TestAtRest(t *testing.T) {
	t.Parallel()
	_, unclean := storeBytes(t)
	dir := t.TempDir()
	file := filepath.Join(dir, FileName)
	if err := os.WriteFile(file, unclean, 0o600); err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(file, then, then); err != nil {
		t.Fatal(err)
	}
	a, err := engine.Look(dir)
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := a.Kinds()
	if err != nil || !slices.Equal(kinds, []store.KindID{store.KindName, store.KindEvent}) {
		t.Errorf("kinds %v, %v", kinds, err)
	}
	if found, err := a.Scan(store.KindName, nil, nil, 1000); err != nil || len(found) != 300 {
		t.Errorf("%d names, %v", len(found), err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || !info.ModTime().Equal(then) {
		t.Errorf("the file was changed: %v, %v", info.ModTime(), err)
	}
}

// TestAtRestRefuses: what a server refuses to open is refused here too.
func TestAtRestRefuses(t *testing.T) {
	t.Parallel()
	clean, unclean := storeBytes(t)
	for _, d := range damages() {
		whole := unclean
		if d.clean {
			whole = clean
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), d.spoil(slices.Clone(whole)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := engine.Look(dir); !errors.Is(err, d.want) {
			t.Errorf("%s: %v, want %v", d.name, err, d.want)
		}
	}
}

// TestForeign: exactly the data that no program of ours writes is named.
func TestForeign(t *testing.T) {
	t.Parallel()
	_, file := storeBytes(t)
	for name, c := range map[string]struct {
		write func(*bbolt.Tx) error
		want  []string
	}{
		"nothing": {func(*bbolt.Tx) error { return nil }, nil},
		"a key in meta": {
			func(tx *bbolt.Tx) error { return tx.Bucket([]byte(metaBucket)).Put([]byte("k"), nil) },
			[]string{`a key "k" in the bucket "meta"`},
		},
		"another mark of a clean stop": {
			func(tx *bbolt.Tx) error { return tx.Bucket([]byte(metaBucket)).Put([]byte(cleanKey), []byte("2")) },
			[]string{`a key "clean" in the bucket "meta"`},
		},
		"a counter of another kind": {
			func(tx *bbolt.Tx) error { return tx.Bucket(bucketName(store.KindName)).SetSequence(9) },
			[]string{`a counter in the bucket "@"`},
		},
		"a bucket": {
			func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("more")); return err },
			[]string{`a bucket "more"`},
		},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), file, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := bbolt.Open(filepath.Join(dir, FileName), 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Update(c.write), db.Close()); err != nil {
			t.Fatal(err)
		}
		a, err := engine.Look(dir)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Foreign()
		if err := errors.Join(err, a.Close()); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
