package bolt

import (
	"errors"
	"fmt"
	"io"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

// atRest is a store.AtRest. It locks the data directory, if there is one, so that
// no server starts meanwhile, and never writes to the file.
type atRest struct {
	*table
	db   *bbolt.DB
	lock io.Closer // nil: the file is not in a data directory
}

// Look implements store.Engine. It always checks every page first.
func (e Engine) Look(dir string) (store.AtRest, error) {
	opts := e.options(nil)
	file, err := storeIn(dir)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(dir, opts.lockTimeout)
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

// LookAtCopy implements store.Engine.
func (e Engine) LookAtCopy(file string) (store.AtRest, error) {
	a, err := openAtRest(file, e.options(nil))
	if err != nil {
		return nil, err // never a nil *atRest in an interface
	}
	return a, nil
}

func openAtRest(file string, opts options) (*atRest, error) {
	if err := checkPages(file, true, opts.log); err != nil {
		return nil, fmt.Errorf("%w (%s)", err, file)
	}
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{ReadOnly: true, Timeout: opts.lockTimeout, NoStatistics: true})
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", file, err)
	}
	tx, err := db.Begin(false)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: begin: %w", err), db.Close())
	}
	return &atRest{table: newTable(tx), db: db}, nil
}

// Kinds implements store.AtRest.
func (a *atRest) Kinds() ([]store.KindID, error) {
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

// LastUID implements store.AtRest.
func (a *atRest) LastUID() uint64 {
	if journal := a.bucket(store.KindEvent); journal != nil {
		return journal.Sequence()
	}
	return 0
}

// Foreign implements store.AtRest: keys of the bucket "meta", and buckets of unknown
// kinds.
func (a *atRest) Foreign() ([]string, error) { return foreign(a.tx) }

// Close implements store.AtRest.
func (a *atRest) Close() error {
	err := errors.Join(a.tx.Rollback(), a.db.Close())
	if a.lock != nil {
		err = errors.Join(err, a.lock.Close())
	}
	return err
}
