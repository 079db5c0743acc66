package bolt

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

// ErrNoStore means that the directory has no store.
var ErrNoStore = errors.New("store: the data directory holds no store")

// AtRest is a store opened for reading while no server runs: a store.Layer of
// exactly the stored bytes. It locks the data directory, if there is one, so
// that no server starts meanwhile, and never writes to the file.
type AtRest struct {
	*table
	db   *bbolt.DB
	lock io.Closer // nil: the file is not in a data directory
}

// OpenAtRest opens the store in the data directory dir for reading. Every page
// is checked first, whatever the size of the file and however it was closed.
func OpenAtRest(dir string, opts Options) (*AtRest, error) {
	opts = opts.withDefaults()
	file := filepath.Join(dir, FileName)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w (%s)", ErrNoStore, dir)
	}
	lock, err := lockDir(dir, opts.LockTimeout)
	if err != nil {
		return nil, err
	}
	a, err := openAtRest(file, opts)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	a.lock = lock
	return a, nil
}

// OpenFile opens a copy of a store, such as a backup, for reading: a file of
// any name outside a data directory. Every page is checked first.
func OpenFile(file string, opts Options) (*AtRest, error) {
	return openAtRest(file, opts.withDefaults())
}

func openAtRest(file string, opts Options) (*AtRest, error) {
	if err := checkPages(file, true, opts.Logger); err != nil {
		return nil, fmt.Errorf("%w (%s)", err, file)
	}
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{ReadOnly: true, Timeout: opts.LockTimeout, NoStatistics: true})
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", file, err)
	}
	tx, err := db.Begin(false)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: begin: %w", err), db.Close())
	}
	return &AtRest{table: newTable(tx), db: db}, nil
}

// Kinds lists the kinds with stored records, in order.
func (a *AtRest) Kinds() ([]store.KindID, error) {
	var kinds []store.KindID
	err := a.tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
		if len(name) != 1 {
			return nil // "meta", or what Foreign lists
		}
		if k, _ := b.Cursor().First(); k != nil {
			kinds = append(kinds, store.KindID(name[0]))
		}
		return nil
	})
	return kinds, err
}

// LastUID returns the last identifier that was assigned.
func (a *AtRest) LastUID() uint64 {
	if journal := a.bucket(store.KindEvent); journal != nil {
		return journal.Sequence()
	}
	return 0
}

// Foreign lists data in the file that no version of this program writes: keys
// of the bucket "meta", and buckets of unknown kinds.
func (a *AtRest) Foreign() ([]string, error) { return foreign(a.tx) }

// Close closes the file, which is unchanged.
func (a *AtRest) Close() error {
	err := errors.Join(a.tx.Rollback(), a.db.Close())
	if a.lock != nil {
		err = errors.Join(err, a.lock.Close())
	}
	return err
}
