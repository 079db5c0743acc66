package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// A Store keeps records and the journal of their changes.
type Store interface {
	// View runs fn on one consistent, durable state: every write that fn sees is
	// acknowledged to its writer before View returns.
	View(ctx context.Context, fn func(Reader) error) error

	// Update runs fn. If fn returns nil, Update makes its writes and one event
	// for act durable together, and then returns nil. An error or panic of fn
	// discards its writes; Update returns that error unchanged.
	//
	// All updates behave as if run one after another, each seeing those before
	// it. fn may run more than once, so it must change nothing but its writer and
	// variables that it sets again at each run. If fn writes nothing, there is no
	// event; if it writes only silent records (KindID.Silent), there is no event
	// either, but the writes become durable.
	//
	// If ctx ends first, Update returns its error and the outcome is unknown: the
	// update happened completely or not at all.
	Update(ctx context.Context, act Act, fn func(Writer) error) error

	// Changed returns a number for callers that cache records of a kind. Each
	// commit that wrote or deleted a record of the kind increases it, before any
	// View sees that commit and before its Update returns, even if the caller of
	// that Update is gone. So all Views that begin after Changed has returned n
	// and end before it returns more read the same records of the kind.
	//
	// It also increases when a commit fails so that the store accepts no more
	// writes, and when the store is closed: callers then read again and get the
	// error. It may increase without need; an engine that cannot tell returns
	// more each time.
	Changed(kind KindID) uint64

	// Wait returns once an event with a sequence above after is durable.
	Wait(ctx context.Context, after uint64) error

	// Snapshot writes a consistent copy of the whole store, as the engine would
	// open it, while reading and writing continue. It includes every write that
	// was acknowledged before the call. look reads the state that is copied; an
	// error of it, or the end of ctx, ends the copy. While w is slow the store
	// may grow: write to a local file, then send that.
	Snapshot(ctx context.Context, w io.Writer, look func(Reader) error) error

	// Health returns nil while the store accepts writes, otherwise why it does
	// not.
	Health() error

	// Close waits for running updates and closes the store cleanly. A View that
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

// A Reader reads records of one state. The caller owns what it returns.
type Reader interface {
	// Get returns the record under (kind, key), or ErrNotFound.
	Get(kind KindID, key []byte) ([]byte, error)

	// Scan returns the records of a kind whose keys start with prefix and are
	// strictly after after (nil: from the first), in key order, at most limit.
	Scan(kind KindID, prefix, after []byte, limit int) ([]Record, error)

	// Prefetch announces the next calls of Get and Scan. An engine for which each
	// read is a round trip fetches all of them in one, except what it already has,
	// and answers those calls from what it fetched. Other engines may do nothing.
	// In both cases Get and Scan return the same as without it; an Update sees what
	// it writes after a Prefetch. An announced call need not be made.
	Prefetch(wants ...Want) error

	// LastEvent returns the sequence of the event that last wrote the record
	// under (kind, key), or ErrNotFound. It finds none for kinds that are not
	// journaled, and for records that the running Update wrote.
	LastEvent(kind KindID, key []byte) (uint64, error)

	// Events returns events with a sequence above after, in order, at most limit.
	Events(after uint64, limit int) ([]*storepb.Event, error)
}

// A Writer reads and writes in an Update; it reads its own writes.
type Writer interface {
	Reader

	// Put writes the record under (kind, key). The store keeps no reference. A
	// key that ends in an identifier given in this Update must be new; if it has
	// a record, Update returns ErrUIDInUse.
	Put(kind KindID, key, value []byte) error

	// Delete removes the record under (kind, key), if any.
	Delete(kind KindID, key []byte) error

	// EraseEvent permanently removes the body of an earlier event and its salt.
	// Sequence, time, digest and stub stay, and with them the leaf and every
	// proof. It is an error unless everything that the event wrote may be erased.
	EraseEvent(sequence uint64) error

	// NewUID returns an identifier above all that were given before, in this
	// Update or in an earlier one that wrote something: an Update that fails or
	// writes nothing gives its identifiers back. After MaxUID it returns
	// ErrUIDsUsedUp.
	NewUID() (uint64, error)
}

// A Record is what Scan finds.
type Record struct {
	Key   []byte
	Value []byte
}

// Errors that callers distinguish with errors.Is.
var (
	// ErrNotFound: no record under that key.
	ErrNotFound = errors.New("store: no such record")
	// ErrReadOnly: the store accepts no writes; Health says why.
	ErrReadOnly = errors.New("store: read-only")
	// ErrNoRoom: read-only because there is no room; the store accepts writes
	// again by itself once there is.
	ErrNoRoom = fmt.Errorf("%w: no room", ErrReadOnly)
	// ErrUnknownOutcome: the write may or may not have happened.
	ErrUnknownOutcome = errors.New("store: outcome unknown")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store: closed")
)
