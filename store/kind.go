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

// Known tells whether this program knows the kind. A store may have others, which
// a later program wrote.
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

// Index tells whether the kind is an index: each of its records is derived from
// one of primary data, as IndexOf says.
func (k KindID) Index() bool { return kinds[k].index }

// Silent tells whether records of the kind leave no event by themselves. A
// checkpoint describes the journal: an event for it would make it outdated at
// once.
func (k KindID) Silent() bool { return kinds[k].silent }

// Once tells whether records of the kind are written once and never rewritten:
// each act adds another.
func (k KindID) Once() bool { return kinds[k].once }

// Amended tells whether records of the kind are only rewritten to add how they
// ended. Each keeps its salt, so that its earlier content can be compared with
// the earlier digest.
func (k KindID) Amended() bool { return kinds[k].amended }

// Writable tells whether closures may write records of the kind.
func (k KindID) Writable() bool { return k < firstReserved && k.Known() }

// Sequential tells whether new records of the kind come last in key order. An
// engine may pack them densely, because nothing will be inserted between them.
func (k KindID) Sequential() bool { return kinds[k].sequential }

// NewMessage returns an empty message of the type that a kind stores, or nil if
// it stores none or this program does not know the kind.
func NewMessage(k KindID) proto.Message {
	if kinds[k].records == nil {
		return nil
	}
	return kinds[k].records.newMessage()
}
