package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/acquis-eval/acquis/store"
)

// restoreDir is where a store is made that will replace another: a directory in
// the data directory, so that it is on the same disk, and a data directory
// itself until then.
const restoreDir = "restore.partial"

// Replace implements store.Engine. Every page of the new store is checked. The old one
// is kept beside it.
func (e Engine) Replace(dir string, fill func(made, old string) error) (kept string, err error) {
	opts := e.options(nil)
	if err := makeDir(dir); err != nil {
		return "", err
	}
	lock, err := lockDir(dir, opts.lockTimeout)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	made := filepath.Join(dir, restoreDir)
	if err := removeUnfinished(dir); err != nil {
		return "", err
	}
	if err := os.Mkdir(made, 0o700); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(made)) }()
	old, err := storeIn(dir)
	if err != nil && !errors.Is(err, store.ErrNoStore) {
		return "", err
	}
	if err := fill(made, old); err != nil {
		return "", err
	}
	filled, err := storeIn(made)
	if err != nil {
		return "", err
	}
	if err := durable(filled, opts); err != nil {
		return "", err
	}
	if kept, err = keep(old); err != nil {
		return "", err
	}
	return kept, swap(filled, filepath.Join(dir, FileName))
}

// durable checks a new file, and syncs it.
func durable(file string, opts options) error {
	if err := checkPages(file, true, opts.log); err != nil {
		return fmt.Errorf("%w (%s)", err, file)
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// keep gives a file a second name, so that it stays when its first name is replaced.
func keep(old string) (kept string, err error) {
	if old == "" {
		return "", nil
	}
	kept = old + ".replaced-" + time.Now().UTC().Format("20060102T150405.000Z")
	if err := os.Link(old, kept); err != nil {
		return "", fmt.Errorf("the previous store cannot be renamed: %w", err)
	}
	return kept, nil
}

// removeUnfinished removes the files of an interrupted restore or compaction,
// which have personal data. The caller has the lock.
func removeUnfinished(dir string) error {
	err := os.Remove(filepath.Join(dir, FileName+".new"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, os.RemoveAll(filepath.Join(dir, restoreDir)))
}
