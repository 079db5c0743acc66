package store

import (
	"errors"
	"fmt"
)

// MaxUID is the highest identifier that a store gives: more than any will need,
// and far below the number after which a counter begins again at 0.
const MaxUID = 1 << 60

// Errors of identifiers. Neither happens in a store that nobody tampered with.
var (
	// ErrUIDsUsedUp: the store has given all identifiers up to MaxUID.
	ErrUIDsUsedUp = errors.New("store: no identifier is left")
	// ErrUIDInUse: a record already has an identifier that should be new.
	ErrUIDInUse = errors.New("store: a record already has this identifier")
)

// uids gives identifiers to one draft. It is a plain value: an engine that drops
// the draft gives the same identifiers again, so that the last one given always
// belongs to a stored record.
type uids struct{ before, last uint64 }

func (u *uids) next() (uint64, error) {
	if u.last >= MaxUID {
		return 0, fmt.Errorf("%w: the last one is %d", ErrUIDsUsedUp, u.last)
	}
	u.last++
	return u.last, nil
}

// gave tells whether the key ends in an identifier that this draft was given. If
// there is already a record with that key, somebody set the counter of
// identifiers back (Draft.changes). Keys of other forms, such as ids of API keys,
// are far above MaxUID as numbers.
func (u *uids) gave(kind KindID, key []byte) bool {
	if u.last == u.before || !kind.Journaled() {
		return false
	}
	uid := LastUID(key)
	return u.before < uid && uid <= u.last
}

// LastUID returns the last identifier given, to this draft or before it. It is
// the engine's counter once the draft is stored.
func (d *Draft) LastUID() uint64 { return d.uids.last }
