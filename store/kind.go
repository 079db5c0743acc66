package store

import (
	"fmt"

	"google.golang.org/protobuf/proto"
)

// Kinds returns the kinds that this program knows, in order.
func Kinds() []KindID {
	var known []KindID
	for k := range kinds {
		if KindID(k).Known() {
			known = append(known, KindID(k))
		}
	}
	return known
}

// Known tells whether this program knows the kind. A store may hold others, which
// a later one wrote.
func (k KindID) Known() bool { return kinds[k].name != "" }

// String returns a name for people; it is not stored.
func (k KindID) String() string {
	if !k.Known() {
		return fmt.Sprintf("kind-%d", uint8(k))
	}
	return kinds[k].name
}

// Journaled tells whether records of the kind have an envelope and appear in
// events. The others can be rebuilt or forgotten.
func (k KindID) Journaled() bool { return k > 0 && k < firstUnjournaled }

// Index tells whether the kind is an index: each of its records follows from one
// of the truth, as IndexOf says.
func (k KindID) Index() bool { return kinds[k].index }

// Silent tells whether records of the kind leave no event by themselves. A
// checkpoint speaks of the journal: an event for it would outdate it at once.
func (k KindID) Silent() bool { return kinds[k].silent }

// Once tells whether records of the kind are written once and never rewritten: what
// is done adds another.
func (k KindID) Once() bool { return kinds[k].once }

// Amended tells whether records of the kind are only rewritten to add how they
// ended. Each keeps its salt, so that what it was before can be held against the
// digest of then.
func (k KindID) Amended() bool { return kinds[k].amended }

// Writable tells whether closures may write records of the kind.
func (k KindID) Writable() bool { return k < firstReserved && k.Known() }

// Sequential tells whether new records of the kind come last in key order. An
// engine may pack them densely, because nothing will be put between them.
func (k KindID) Sequential() bool { return kinds[k].sequential }

// NewMessage returns an empty message of the type that a kind holds, or nil where
// it holds none or this program knows no such kind.
func NewMessage(k KindID) proto.Message {
	if kinds[k].records == nil {
		return nil
	}
	return kinds[k].records.newMessage()
}
