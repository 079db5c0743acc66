package cache

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/acquis-eval/acquis/store"
)

// changing is a store of one record, whose number is its content. It may change
// just after a View has read it.
type changing struct {
	store.Store
	number uint64
	after  func()
}

func (c *changing) Changed(store.KindID) uint64 { return c.number }

func (c *changing) View(_ context.Context, fn func(store.Reader) error) error {
	defer c.after()
	return fn(nil)
}

// TestUnchanged: a value that changes after it was read, and before it is cached,
// is read again.
func TestUnchanged(t *testing.T) {
	st, views := &changing{number: 1}, 0
	kept := New[string, uint64](st, store.KindKey)
	get := func() uint64 {
		value, err := kept.Get(t.Context(), "a", func(store.Reader) (uint64, error) { views++; return st.number, nil })
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	st.after = func() { st.number++ }
	get()
	st.after = func() {}
	for range 3 {
		if got := get(); got != 2 || views != 2 {
			t.Errorf("%d after %d views, want 2 after 2", got, views)
		}
	}
	st.number = 3
	if got := get(); got != 3 {
		t.Errorf("%d, want 3", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := kept.Get(ended, "a", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who has left is answered: %v", err)
	}
}

// TestUnchangedIsBounded: an error is not cached, and the number of cached values
// is limited.
func TestUnchangedIsBounded(t *testing.T) {
	st := &changing{after: func() {}}
	kept := New[string, int](st, store.KindKey)
	for n := range mostUnchanged + 9 {
		for _, err := range []error{store.ErrNotFound, nil} {
			if _, got := kept.Get(t.Context(), strconv.Itoa(n), func(store.Reader) (int, error) { return n, err }); !errors.Is(got, err) {
				t.Fatal(got)
			}
		}
	}
	if n := kept.values.Len(); n != mostUnchanged {
		t.Errorf("%d are cached", n)
	}
}
