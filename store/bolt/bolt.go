// Package bolt keeps a store in one bbolt file, acquis.db in a data directory.
//
// # The idea
//
// One goroutine writes (writer.go). It takes the waiting updates, runs their
// closures one after another on the same bbolt transaction, and commits once
// for all of them: the disk is synced per group, not per caller, and on an idle
// store nobody waits for a group.
//
// # Layout
//
// A bucket per kind, named by the kind's one byte, has its records as package
// store encodes them. The journal is kind 255, and the sequence number of its
// bucket is the last assigned uid (it is in the root page, which every commit
// writes anyway). The bucket "meta" describes the file (format.go).
//
// # What can never happen
//
// A write that is not on disk is acknowledged, or seen by a View: bbolt shows a
// commit to readers before it has synced it, so a View of a transaction newer
// than the last synced one waits (progress.go). A write after a failed sync: it
// is then unknown what the disk has, and the store stays read-only until it is
// opened again; only after a lack of space it recovers (faults.go). A damaged
// file crashes the process when it is opened, or is written to: all checks read
// it as bytes, never through the memory map (check.go). An incomplete file has
// the store's name: it is created under another name and renamed (open.go).
package bolt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/acquis-eval/acquis/store"
)

// A Store is a store.Store in one file.
type Store struct {
	db       *bbolt.DB
	lock     io.Closer
	log      *slog.Logger
	progress *progress

	entrance sync.RWMutex // held for reading to enter the queue, for writing to close it
	closed   bool
	queue    chan *call
	stopped  chan struct{} // closed when the writer has ended
	once     sync.Once
	closeErr error

	// Owned by the writer.
	head     store.Head
	uid      uint64           // last one assigned
	probe    <-chan time.Time // fires when the store should try a full disk again
	unmarked bool             // the file does not record yet that it is open: there was no room
}

// View implements store.Store. fn runs in the caller's goroutine and must not
// open another transaction, because bbolt might block forever.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // a read transaction has nothing to lose
	r := store.NewReader(newTable(tx))
	defer r.End()
	return fn(r)
}

// begin opens a read transaction on a durable state.
func (s *Store) begin(ctx context.Context) (*bbolt.Tx, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	tx, err := s.db.Begin(false)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return nil, store.ErrClosed
	} else if err != nil {
		return nil, fmt.Errorf("store: begin: %w", err)
	}
	if err := s.progress.waitTx(ctx, tx.ID()); err != nil {
		tx.Rollback() //nolint:errcheck // as in View
		return nil, err
	}
	return tx, nil
}

// Changed implements store.Store.
func (s *Store) Changed(kind store.KindID) uint64 { return s.progress.kinds[kind].Load() }

// Wait implements store.Store.
func (s *Store) Wait(ctx context.Context, after uint64) error {
	return s.progress.waitEvent(ctx, after)
}

// Snapshot implements store.Store. The copy is a store file. If the store is
// running, every page of the copy is checked when it is opened. While w is
// slow, the pages of the snapshot cannot be reused and the file grows.
func (s *Store) Snapshot(ctx context.Context, w io.Writer, look func(store.Reader) error) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // as in View
	r := store.NewReader(newTable(tx))
	defer r.End()
	if err := look(r); err != nil {
		return err
	}
	to := &untilDone{ctx: ctx, to: w}
	if _, err := tx.WriteTo(to); err != nil {
		return fmt.Errorf("store: snapshot: %w", cmp.Or(to.failed, err))
	}
	return nil
}

// untilDone is a writer that fails once its context has ended. It keeps the
// error, of which bbolt returns only the text.
type untilDone struct {
	ctx    context.Context
	to     io.Writer
	failed error
}

func (u *untilDone) Write(p []byte) (n int, err error) {
	if err = u.ctx.Err(); err == nil {
		n, err = u.to.Write(p)
	}
	u.failed = err
	return n, err
}

// Health implements store.Store.
func (s *Store) Health() error { return s.progress.health() }

// Close implements store.Store. It also waits for running Views. Later calls
// return the result of the first.
func (s *Store) Close() error {
	s.once.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *Store) close() error {
	s.entrance.Lock()
	s.closed = true
	close(s.queue)
	s.entrance.Unlock()
	<-s.stopped
	err := s.markClean()
	s.progress.close()
	return errors.Join(err, s.db.Close(), s.lock.Close())
}
