package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// compactTx bounds what one transaction of a compaction holds in memory.
const compactTx = 64 << 20

// Compact writes the store in the data directory dir anew, without the pages
// that hold nothing any more: what was erased stays readable in those until
// they are used again. Nobody may have the store open. The new file takes the
// place of the old one whole, or not at all; it needs room for both.
func Compact(dir string, opts Options) error {
	opts = opts.withDefaults()
	file := filepath.Join(dir, FileName)
	if _, err := os.Lstat(file); err != nil {
		return fmt.Errorf("store: compact: %w", err)
	}
	lock, err := lockDir(dir, opts.LockTimeout)
	if err != nil {
		return err
	}
	return errors.Join(compactLocked(file, opts), lock.Close())
}

func compactLocked(file string, opts Options) error {
	if err := check(file, opts.Logger); err != nil {
		return fmt.Errorf("%w (%s)", err, file)
	}
	made := file + ".new"
	if err := os.Remove(made); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := copyStore(made, file, opts); err != nil {
		return errors.Join(fmt.Errorf("store: compact: %w", err), os.Remove(made))
	}
	if err := os.Rename(made, file); err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}

func copyStore(made, file string, opts Options) (err error) {
	from, err := bbolt.Open(file, 0o600, &bbolt.Options{ReadOnly: true, Timeout: opts.LockTimeout})
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
