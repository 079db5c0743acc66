package store

import (
	"errors"
	"io"
	"log/slog"
)

// An Engine manages stores. Each has a place, such as a data directory. Open serves a
// store; the other methods work on a store that is not being served. Only one caller
// can use a place at a time; all others get ErrInUse.
//
// Something that is not a store, is damaged, or was written by a newer program is
// rejected with ErrNotStore, ErrDamaged or ErrNewer, and not changed.
type Engine interface {
	// Open opens the store at a place for serving. If there is none, it creates an
	// empty one.
	Open(place string, how Opening) (Store, error)

	// Look opens the store at a place for reading the stored bytes, or returns
	// ErrNoStore. It checks the whole store first, and changes nothing.
	Look(place string) (AtRest, error)

	// LookAtCopy opens, for reading as Look does, a file that begins with the output
	// of Snapshot, or a copy that Replace named. Any number of callers can read a copy.
	LookAtCopy(file string) (AtRest, error)

	// Restore creates a store from the output of Snapshot, which write writes, at a
	// place without a store. The output may be checked only when the store is opened.
	Restore(place string, write func(io.Writer) error) error

	// Replace replaces the store at a place, if any, in one step. fill creates the new
	// store at made, a temporary place. old is a copy of the present store, even if it
	// cannot be opened; "" if there is none. If fill fails, or did not make a sound
	// store, nothing changes. The present store is kept as a copy, whose name is
	// returned; "" if there was none.
	Replace(place string, fill func(made, old string) error) (kept string, err error)

	// Compact rewrites the store at a place in one step, or returns ErrNoStore. After
	// it, neither the store nor its later Snapshots contain anything that was deleted
	// or erased. Everything else stays the same.
	Compact(place string) (Compaction, error)
}

// An Opening says how to open a store. The zero value is ready to use.
type Opening struct {
	// Log gets what operators should know. Default: none.
	Log *slog.Logger
	// Existing makes Open return ErrNoStore instead of creating a store.
	Existing bool
}

// AtRest is a store that is not being served: a Layer of exactly the stored bytes.
type AtRest interface {
	Layer

	// Kinds lists the kinds with stored records, in order.
	Kinds() ([]KindID, error)

	// LastUID returns the last identifier that was assigned.
	LastUID() uint64

	// Foreign describes data that no version of this program writes.
	Foreign() ([]string, error)

	// Close releases the place. The store has not changed.
	Close() error
}

// A Compaction is what Compact did.
type Compaction struct {
	What          string // for people: the name of a file
	Before, After int64  // bytes
}

// Errors of engines.
var (
	// ErrInUse: somebody else uses the place.
	ErrInUse = errors.New("store: the data directory is in use by another process")
	// ErrNoStore: the place has no store.
	ErrNoStore = errors.New("store: the data directory holds no store")
	// ErrNotStore: the file is something else.
	ErrNotStore = errors.New("store: the file is not an Acquis store")
	// ErrNewer: it has a format that this program does not know.
	ErrNewer = errors.New("store: the file was written by a newer program")
	// ErrDamaged: the file is a store, but truncated or corrupt.
	ErrDamaged = errors.New("store: the file is damaged")
)
