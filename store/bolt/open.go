package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

// queueSize lets callers queue their update and sleep once, not twice. More
// than a group would only make the queue longer.
const queueSize = maxGroup

// Open implements store.Engine. Nothing is written before the file was checked: always
// the pages that bbolt trusts at once, and every page if the last stop was not clean or
// the file is small.
func (e Engine) Open(dir string, how store.Opening) (store.Store, error) {
	s, err := e.open(dir, how)
	if err != nil {
		return nil, err // never a nil *Store in an interface
	}
	return s, nil
}

func (e Engine) open(dir string, how store.Opening) (*Store, error) {
	opts := e.options(how.Log)
	if how.Existing {
		if _, err := storeIn(dir); err != nil {
			return nil, err
		}
	}
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	lock, err := lockDir(dir, opts.lockTimeout)
	if err != nil {
		return nil, err
	}
	s, err := openLocked(dir, opts)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s.lock = lock
	return s, nil
}

func openLocked(dir string, opts options) (*Store, error) {
	file := filepath.Join(dir, FileName)
	if err := removeUnfinished(dir); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		if err := create(file); err != nil {
			return nil, fmt.Errorf("store: create %s: %w", file, err)
		}
	}
	if err := check(file, opts.log); err != nil {
		return nil, fmt.Errorf("%w (%s)", err, file)
	}
	if err := renewHeader(file); err != nil && !noRoom(err) {
		return nil, fmt.Errorf("store: header: %w (%s)", err, file)
	}
	db, err := bbolt.Open(file, 0o600, boltOptions(opts))
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", file, err)
	}
	s := &Store{db: db, log: opts.log, queue: make(chan *call, queueSize), stopped: make(chan struct{})}
	if err := s.start(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	go s.write()
	return s, nil
}

// renewHeader writes the newest header again, unchanged, and syncs it. If an
// earlier sync of it failed, the kernel shows it and treats it as written, but
// the disk may still have the header before. The next commit overwrites the
// other header; if the power failed then, no acknowledged state would be left.
func renewHeader(file string) (err error) {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	pages, err := openPages(f, info.Size())
	if err != nil {
		return err
	}
	header := make([]byte, pages.meta.pageSize)
	at := int64(pages.meta.txid%2) * int64(len(header)) // bbolt takes turns
	if _, err := f.ReadAt(header, at); err != nil {
		return err
	}
	if _, err := f.WriteAt(header, at); err != nil {
		return err
	}
	return f.Sync()
}

func boltOptions(opts options) *bbolt.Options {
	return &bbolt.Options{
		// The directory is already locked, but a bbolt tool may have locked the file.
		Timeout:         opts.lockTimeout,
		FreelistType:    bbolt.FreelistMapType,
		NoFreelistSync:  true, // markClean writes it (docs/performance.md has the gain)
		InitialMmapSize: mapSize,
		OpenFile:        opts.openFile,
		NoStatistics:    true, // they would lock at every View, and are not used
	}
}

// start reads the head of the journal and records that the store is open. That
// commit also makes durable what a killed process had written but not synced,
// which readers would otherwise see. If there is no room for it, the store
// still opens: it serves reads, and the first commit that finds room records
// it.
func (s *Store) start() error {
	id, err := s.loadHead()
	if err != nil {
		return fmt.Errorf("store: start: %w", err)
	}
	opened, err := s.markOpen()
	switch {
	case err == nil:
		s.progress = newProgress(opened, s.head.Sequence)
		return nil
	case !noRoom(err) || s.newestTx() != id:
		return fmt.Errorf("store: start: %w", err)
	}
	if err := s.db.Sync(); err != nil {
		return fmt.Errorf("store: start: %w", err)
	}
	s.unmarked = true
	s.progress = newProgress(id, s.head.Sequence)
	s.setFull(err)
	return nil
}

// loadHead returns the transaction of the head.
func (s *Store) loadHead() (id int, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		id = tx.ID()
		strange, err := foreign(tx)
		if err != nil {
			return err
		}
		t := newTable(tx)
		journal := t.bucket(store.KindEvent)
		if journal == nil {
			s.warn(0, strange)
			return nil
		}
		given, inUse, err := loadUID(t, journal)
		if err != nil {
			return err
		}
		s.uid = max(given, inUse)
		s.head, err = store.LoadHead(t, lastSequence(journal))
		if err == nil {
			s.warn(given, strange)
		}
		return err
	})
	return id, err
}

func (s *Store) markOpen() (id int, err error) {
	err = s.db.Update(func(tx *bbolt.Tx) error {
		id = tx.ID()
		return setClean(tx, false)
	})
	return id, err
}

// markClean records that the store is closed, unless it is unknown what the
// disk has. It also writes the free list, so that the next opening need not
// compute it from every page. Views still run, and those that see this commit
// must know that it is durable.
func (s *Store) markClean() error {
	if s.progress.failure() != nil {
		return nil //nolint:nilerr // every caller got the failure; here it only means: no mark
	}
	s.db.NoFreelistSync = false
	var id int
	err := s.db.Update(func(tx *bbolt.Tx) error {
		id = tx.ID()
		return setClean(tx, true)
	})
	if err != nil {
		return fmt.Errorf("store: the mark of a clean stop: %w", err)
	}
	s.progress.synced(id, s.head.Sequence, new(kindSet))
	return nil
}

// create makes an empty store under another name and renames it, so that a
// crash leaves either no store or a complete one.
func create(file string) error {
	made := file + ".new"
	db, err := bbolt.Open(made, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		meta, err := tx.CreateBucket([]byte(metaBucket))
		if err != nil {
			return err
		}
		if err := meta.Put([]byte(formatKey), encodeFormat(formatVersion)); err != nil {
			return err
		}
		return setClean(tx, true)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return swap(made, file)
}

// makeDir creates the data directory, only for its owner, because it has
// personal data.
func makeDir(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("store: %s is not a directory", dir)
	case err == nil:
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("store: data directory: %w", err)
	}
	return syncDir(filepath.Dir(filepath.Clean(dir)))
}

// syncDir makes changes of names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
