package store_test

import (
	"errors"
	"testing"

	"github.com/acquis-eval/acquis/store"
)

// TestUIDsEnd: identifiers end well before the counter would overflow, and none
// is given after the last.
func TestUIDsEnd(t *testing.T) {
	d := store.NewDraft(nothing{}, store.MaxUID-1)
	if uid, err := d.NewUID(); uid != store.MaxUID || err != nil {
		t.Errorf("the last one: %d, %v", uid, err)
	}
	for _, last := range []uint64{store.MaxUID, store.MaxUID + 1, 1<<64 - 1} {
		d := store.NewDraft(nothing{}, last)
		if uid, err := d.NewUID(); uid != 0 || !errors.Is(err, store.ErrUIDsUsedUp) || d.LastUID() != last {
			t.Errorf("after %d: %d, %v, then %d", last, uid, err, d.LastUID())
		}
	}
}
