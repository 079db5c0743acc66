package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// restoreDir is where a store is made that will replace another: a directory in
// the data directory, so that it is on the same disk, and a data directory
// itself until then.
const restoreDir = "restore.partial"

// Replace puts another store into the data directory dir in one step. The store
// must not be open elsewhere, and cannot be opened meanwhile.
//
// fill makes the new store in made, a data directory; old is the file of the
// existing store, empty if there is none. Every page of the new store is
// checked. The old store is kept beside it, under the returned name.
func Replace(dir string, opts Options, fill func(made, old string) error) (kept string, err error) {
	opts = opts.withDefaults()
	if err := makeDir(dir); err != nil {
		return "", err
	}
	lock, err := lockDir(dir, opts.LockTimeout)
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
	file, old := filepath.Join(dir, FileName), ""
	if _, err := os.Lstat(file); err == nil {
		old = file
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := fill(made, old); err != nil {
		return "", err
	}
	if err := durable(filepath.Join(made, FileName), opts); err != nil {
		return "", err
	}
	if kept, err = keep(old); err != nil {
		return "", err
	}
	return kept, swap(filepath.Join(made, FileName), file)
}

// durable checks a new file, and syncs it.
func durable(file string, opts Options) error {
	if err := checkPages(file, true, opts.Logger); err != nil {
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
