package store

import (
	"errors"
	"io"
	"log/slog"
)

// An Engine keeps stores, each at a place: a data directory, for instance. A Store
// is what serves; the rest is done to a store that nobody serves. One holds a place
// at a time, be it to serve, to look or to change it: others get ErrInUse.
//
// What is no store, is damaged, or was written by a newer program is refused with
// ErrNotStore, ErrDamaged or ErrNewer, and stays as it is.
type Engine interface {
	// Open opens the store at a place to serve it, and makes an empty one if there
	// is none.
	Open(place string, how Opening) (Store, error)

	// Look opens the store at a place to be read as it lies, or returns ErrNoStore.
	// All of it is checked first, and nothing is changed.
	Look(place string) (AtRest, error)

	// LookAtCopy is Look for a file that holds what Snapshot wrote, whatever follows
	// that in the file, or for a copy that Replace named. A copy is held by nobody.
	LookAtCopy(file string) (AtRest, error)

	// Restore makes what Snapshot wrote, and write writes, the store at a place
	// where there is none. It may leave it to who opens that to refuse it.
	Restore(place string, write func(io.Writer) error) error

	// Replace puts another store in the place of the one that is there, if any,
	// whole or not at all. fill makes it at made, a place for that alone; old is a
	// copy of the one that is there, "" if there is none, even of one that cannot be
	// opened. If fill fails or what it made is no sound store, nothing changes. The
	// old store is kept as the copy that is returned, "" for none.
	Replace(place string, fill func(made, old string) error) (kept string, err error)

	// Compact writes the store at a place anew, whole or not at all, or returns
	// ErrNoStore. Nothing of what was deleted or erased is left in it, nor comes into
	// its later Snapshots; all else is as it was.
	Compact(place string) (Compaction, error)
}

// An Opening says how to open a store. The zero value is ready to use.
type Opening struct {
	// Log takes what operators should know; nil: nobody.
	Log *slog.Logger
	// Existing makes Open return ErrNoStore rather than make a store.
	Existing bool
}

// AtRest is a store that nobody serves: a Layer of exactly the bytes that are stored.
type AtRest interface {
	Layer

	// Kinds lists the kinds of which something is stored, in order.
	Kinds() ([]KindID, error)

	// LastUID returns the last identifier that the store gave.
	LastUID() uint64

	// Foreign lists, in words, what is of no kind and no program of ours writes.
	Foreign() ([]string, error)

	// Close leaves the store as it was found.
	Close() error
}

// A Compaction is what Compact did.
type Compaction struct {
	What          string // for people: the name of a file
	Before, After int64  // bytes
}

// Errors of engines.
var (
	// ErrInUse: somebody else holds the place.
	ErrInUse = errors.New("store: the data directory is in use by another process")
	// ErrNoStore: there is nothing to look at.
	ErrNoStore = errors.New("store: the data directory holds no store")
	// ErrNotStore: what is there is something else.
	ErrNotStore = errors.New("store: the file is not an Acquis store")
	// ErrNewer: it has a format that this program does not know.
	ErrNewer = errors.New("store: the file was written by a newer program")
	// ErrDamaged: it was a store, but is cut short or corrupt.
	ErrDamaged = errors.New("store: the file is damaged")
)
