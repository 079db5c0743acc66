package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

// compactTx limits the memory of one transaction of a compaction.
const compactTx = 64 << 20

// Compact implements store.Engine. Erased data is readable in unused pages until they
// are reused. The new file is compared with the old one, record by record, before it
// replaces it in one step. Both need room on the disk; otherwise the old one stays.
func (e Engine) Compact(dir string) (c store.Compaction, err error) {
	opts := e.options(nil)
	file, err := storeIn(dir)
	if err != nil {
		return c, err
	}
	lock, err := lockDir(dir, opts.lockTimeout)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	c.What = file
	if c.Before, err = sizeOf(file); err != nil {
		return c, err
	}
	if err := compactLocked(file, opts); err != nil {
		return c, err
	}
	c.After, err = sizeOf(file)
	return c, err
}

func sizeOf(file string) (int64, error) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func compactLocked(file string, opts options) error {
	if err := check(file, opts.log); err != nil {
		return fmt.Errorf("%w (%s)", err, file)
	}
	made := file + ".new"
	if err := removeUnfinished(filepath.Dir(file)); err != nil {
		return err
	}
	if err := copyStore(made, file, opts); err != nil {
		return errors.Join(fmt.Errorf("store: compact: %w", err), os.Remove(made))
	}
	if err := sameStore(made, file, opts); err != nil {
		return errors.Join(fmt.Errorf("store: compact: %w", err), os.Remove(made))
	}
	return swap(made, file)
}

// swap puts a new file in place of the old one, if there is one.
func swap(made, file string) error {
	if err := os.Rename(made, file); err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}

// sameStore checks that a copy is sound and has the same records as the store.
func sameStore(copied, file string, opts options) (err error) {
	if err := checkPages(copied, true, opts.log); err != nil {
		return fmt.Errorf("the copy: %w", err)
	}
	readOnly := &bbolt.Options{ReadOnly: true, Timeout: opts.lockTimeout}
	from, err := bbolt.Open(file, 0o600, readOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := bbolt.Open(copied, 0o600, readOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return from.View(func(a *bbolt.Tx) error {
		return to.View(func(b *bbolt.Tx) error { return sameBuckets(a, b) })
	})
}

// errDiffers: the copy has other records.
var errDiffers = errors.New("the copy differs from the store")

func sameBuckets(a, b *bbolt.Tx) error {
	ca, cb := a.Cursor(), b.Cursor()
	name, _ := ca.First()
	for other, _ := cb.First(); name != nil || other != nil; other, _ = cb.Next() {
		if !bytes.Equal(name, other) {
			return fmt.Errorf("%w: bucket %q", errDiffers, name)
		}
		if string(name) != metaBucket { // which differs in the mark of a clean stop
			if err := sameRecords(a.Bucket(name), b.Bucket(name)); err != nil {
				return fmt.Errorf("%w in bucket %x", err, name)
			}
		}
		name, _ = ca.Next()
	}
	return nil
}

func sameRecords(a, b *bbolt.Bucket) error {
	if a.Sequence() != b.Sequence() {
		return errDiffers
	}
	ca, cb := a.Cursor(), b.Cursor()
	k, v := ca.First()
	for k2, v2 := cb.First(); k != nil || k2 != nil; k2, v2 = cb.Next() {
		if !bytes.Equal(k, k2) || !bytes.Equal(v, v2) {
			return fmt.Errorf("%w at record %x", errDiffers, k)
		}
		k, v = ca.Next()
	}
	return nil
}

func copyStore(made, file string, opts options) (err error) {
	from, err := bbolt.Open(file, 0o600, &bbolt.Options{ReadOnly: true, Timeout: opts.lockTimeout})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := bbolt.Open(made, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if err := bbolt.Compact(to, from, compactTx); err != nil {
		return err
	}
	return to.Update(func(tx *bbolt.Tx) error { return setClean(tx, true) })
}
