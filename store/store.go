package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// A Store keeps records and the journal of what changed them.
type Store interface {
	// View runs fn on one consistent, durable state: what fn reads was
	// acknowledged to its writer, or is so before View returns.
	View(ctx context.Context, fn func(Reader) error) error

	// Update runs fn and, where it returns nil, makes its writes and one event
	// for act durable together before it returns nil itself. An error or panic
	// of fn discards its writes; Update returns that error unchanged.
	//
	// All updates behave as if run one after another, each seeing those before
	// it. fn may run more than once, so it must touch nothing but its writer
	// and variables that it sets anew at each run. An fn that writes nothing
	// leaves no event, nor does one that writes only what is silent
	// (KindID.Silent), which becomes durable all the same.
	//
	// Where ctx ends first, Update returns its error and the outcome is
	// unknown: the update happened whole or not at all.
	Update(ctx context.Context, act Act, fn func(Writer) error) error

	// Changed returns a number for those who keep what they read of a kind.
	// Each commit that wrote or deleted a record of the kind makes it grow,
	// before any View sees that commit and before its Update returns, whether
	// or not the caller of that Update is still there. So all Views that begin
	// after Changed has returned n and end before it returns more read the same
	// records of the kind.
	//
	// It grows as well when a commit fails so that the store takes no writes any
	// more, and when the store is closed: who reads anew then learns it. It may
	// grow without need; an engine that cannot tell returns more each time.
	Changed(kind KindID) uint64

	// Wait returns once an event with a sequence above after is durable.
	Wait(ctx context.Context, after uint64) error

	// Snapshot writes a consistent copy of the whole store, as the engine
	// would open it, while reading and writing go on. It holds every write
	// that was acknowledged before the call. look sees the state that is
	// copied; an error of it, or the end of ctx, ends the copy. While w is
	// slow the store may grow: write to a local file, then send that.
	Snapshot(ctx context.Context, w io.Writer, look func(Reader) error) error

	// Health returns nil while the store takes writes, else why it does not.
	Health() error

	// Close waits for the updates under way and leaves a clean store. A View that
	// begins meanwhile reads, or returns ErrClosed.
	Close() error
}

// An Act says who does what, for the event of an Update.
type Act struct {
	Actor    string    // subject of the caller: "assessor-1"
	RPC      string    // "acquis.v1.SessionService/RecordAssessments"
	Resource string    // name of the resource acted on; no personal data
	Kind     EventKind // what kind of act, for those who list events
	Time     time.Time // when the act was made; the event is never earlier than the last one
}

// EventKind is the kind under which an event is listed.
type EventKind = storepb.EventBody_Kind_Enum

// A Reader reads records of one state. What it returns is the caller's own.
type Reader interface {
	// Get returns the record under (kind, key), or ErrNotFound.
	Get(kind KindID, key []byte) ([]byte, error)

	// Scan returns the records of a kind whose keys start with prefix and lie
	// strictly behind after (nil: from the first), in key order, at most limit.
	Scan(kind KindID, prefix, after []byte, limit int) ([]Record, error)

	// Prefetch announces the next calls of Get and Scan. An engine for which each
	// read is a round trip fetches all of them in one, except what it already has,
	// and answers those calls from what it fetched. Other engines may do nothing.
	// In both cases Get and Scan return the same as without it; an Update sees what
	// it writes after a Prefetch. An announced call need not be made.
	Prefetch(wants ...Want) error

	// LastEvent returns the sequence of the event that last wrote the record
	// under (kind, key), or ErrNotFound. Records of kinds that are not
	// journaled, and those written by the Update under way, have none.
	LastEvent(kind KindID, key []byte) (uint64, error)

	// Events returns events with a sequence above after, in order, at most limit.
	Events(after uint64, limit int) ([]*storepb.Event, error)
}

// A Writer reads and writes in an Update; it reads its own writes.
type Writer interface {
	Reader

	// Put writes the record under (kind, key). The store keeps no reference. A key
	// that ends in an identifier given in this Update has no record yet; if it has
	// one, Update returns ErrUIDInUse.
	Put(kind KindID, key, value []byte) error

	// Delete removes the record under (kind, key), if any.
	Delete(kind KindID, key []byte) error

	// EraseEvent removes the body of an earlier event and its salt, for good.
	// Sequence, time, digest and stub stay, and with them the leaf and every
	// proof. It is an error unless all that the event wrote may be erased.
	EraseEvent(sequence uint64) error

	// NewUID returns an identifier above all that were given before, in this Update
	// or in an earlier one that wrote something: one that fails or writes nothing
	// gives its identifiers back. Behind MaxUID there is none: ErrUIDsUsedUp.
	NewUID() (uint64, error)
}

// A Record is what Scan finds.
type Record struct {
	Key   []byte
	Value []byte
}

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotFound: no record under that key.
	ErrNotFound = errors.New("store: no such record")
	// ErrReadOnly: the store takes no writes; Health says why.
	ErrReadOnly = errors.New("store: read-only")
	// ErrNoRoom: read-only, because there is no room; it takes writes again by
	// itself once there is.
	ErrNoRoom = fmt.Errorf("%w: no room", ErrReadOnly)
	// ErrUnknownOutcome: the write may or may not have happened.
	ErrUnknownOutcome = errors.New("store: outcome unknown")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store: closed")
)
