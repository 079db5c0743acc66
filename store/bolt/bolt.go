// Package bolt keeps a store in one bbolt file, acquis.db in a data directory.
//
// # The idea
//
// One goroutine writes (writer.go). It takes the updates that wait, runs their
// closures one after another over the same bbolt transaction, and commits once
// for all of them: the disk is synced per group, not per caller, and an idle
// store keeps nobody waiting.
//
// # Layout
//
// A bucket per kind, named by the kind's one byte, holds its records as package
// store encodes them; the journal is kind 255, and the sequence number of its
// bucket is the last uid given (it lies in the root page, which every commit
// writes anyway). The bucket "meta" says what the file is (format.go).
//
// # What can never happen
//
// A caller is told of a write that is not on disk, or a View sees one: bbolt
// shows a commit to readers before it has synced it, so a View of a newer
// transaction than the last one synced waits (progress.go). A write after a
// failed sync: what the disk holds is then unknown, and the store stays
// read-only until it is opened anew; lack of space alone heals (faults.go). A
// damaged file brings the process down at opening, or is written to: all
// checks read it as bytes, never through the memory map (check.go). A half-made
// file under the store's name: it is made aside and renamed (open.go).
package bolt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/acquis-eval/acquis/store"
)

// FileName is the name of the store's file in its data directory.
const FileName = "acquis.db"

// Options of Open. The zero value is ready to use.
type Options struct {
	// LockTimeout bounds the wait for another process to leave the data
	// directory. Default: 2 seconds.
	LockTimeout time.Duration

	// Logger takes what operators should know. Default: none.
	Logger *slog.Logger

	// OpenFile opens the store's file for reading and writing. Tests use it to
	// put faults under the store. Default: os.OpenFile.
	OpenFile func(name string, flag int, perm os.FileMode) (*os.File, error)
}

// A Store is a store.Store in one file.
type Store struct {
	db       *bbolt.DB
	lock     io.Closer
	log      *slog.Logger
	progress *progress

	entrance sync.RWMutex // held for reading to enter the queue, for writing to close it
	closed   bool
	queue    chan *call
	stopped  chan struct{} // closed when the writer has gone
	once     sync.Once
	closeErr error

	// Owned by the writer.
	head     store.Head
	uid      uint64           // last one given
	probe    <-chan time.Time // fires when a full disk should be tried again
	unmarked bool             // the file does not say yet that it is open: there was no room
}

// View implements store.Store. fn runs in the caller's goroutine and must not
// open another transaction: bbolt may wait for ever for the first to end.
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

// Snapshot implements store.Store. The copy is a store file; one taken from a
// running store is checked whole when it is opened. While w is slow, the pages
// that the snapshot needs cannot be reused and the file grows.
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

// untilDone is a writer that takes nothing any more once its context has ended.
// It keeps what failed, of which bbolt passes on the text only.
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

// Close implements store.Store. It also waits for the Views under way. Later
// calls return what the first did.
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
