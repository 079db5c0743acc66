package store

import "fmt"

// A Layer is one state of the records, as bytes, in an engine's transaction or in
// an Overlay over one. What it returns is borrowed: it is valid until the
// transaction ends, and must not be changed.
type Layer interface {
	// Get returns the bytes under (kind, key), or ErrNotFound.
	Get(kind KindID, key []byte) ([]byte, error)

	// Scan returns what Reader.Scan returns.
	Scan(kind KindID, prefix, after []byte, limit int) ([]Record, error)

	// Prefetch does what Reader.Prefetch says. What a layer fetched stays valid,
	// because drafts write above it: nothing below changes during a transaction.
	Prefetch(wants ...Want) error
}

// A Table is a Layer that accepts writes. It may keep key and value, so the
// caller must not change them afterwards. Deleting a record that does not exist
// does nothing.
type Table interface {
	Layer
	Put(kind KindID, key, value []byte) error
	Delete(kind KindID, key []byte) error
}

// Limits of a record, so that one mistake cannot fill a page tree or a request.
const (
	MaxKeySize   = 1 << 10
	MaxValueSize = 16 << 20
)

func checkWritable(kind KindID, key []byte) error {
	switch {
	case !kind.Writable():
		return fmt.Errorf("store: kind %d cannot be written", uint8(kind))
	case len(key) == 0 || len(key) > MaxKeySize:
		return fmt.Errorf("store: a key of kind %v has %d bytes, not 1 to %d", kind, len(key), MaxKeySize)
	}
	return nil
}
