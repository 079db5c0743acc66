package storetest_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
	"github.com/acquis-eval/acquis/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestFaulty shows the two failures: after the first the record is not there,
// after the second it is; the caller gets the same error.
func TestFaulty(t *testing.T) {
	faulty := storetest.Faulty(memstore.New())
	ctx := context.Background()
	count := func() (n int) {
		err := faulty.View(ctx, func(r store.Reader) error {
			events, err := r.Events(0, 99)
			n = len(events)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	refused := errors.New("refused")
	for _, act := range []string{"a", "b"} {
		before := count()
		for _, c := range []struct {
			what   string
			fn     func(store.Writer) error
			want   error
			events int
		}{
			{"a refusal", func(store.Writer) error { return refused }, refused, 0},
			{"no write", func(store.Writer) error { return nil }, nil, 0},
			{"first write", put, store.ErrUnknownOutcome, 0},
			{"a refusal between", func(store.Writer) error { return refused }, refused, 0},
			{"second write", put, store.ErrUnknownOutcome, 1},
			{"third write", put, nil, 2},
			{"first write, again", put, store.ErrUnknownOutcome, 2},
			{"second write, again", put, store.ErrUnknownOutcome, 3},
			{"the caller finds it", func(store.Writer) error { return nil }, nil, 3},
			{"first write of another", put, store.ErrUnknownOutcome, 3},
			{"second write of another", put, store.ErrUnknownOutcome, 4},
			{"third write of another", put, nil, 5},
			{"first erasure", erase, store.ErrUnknownOutcome, 5},
			{"second erasure", erase, store.ErrUnknownOutcome, 6},
			{"third erasure", erase, nil, 7},
		} {
			err := faulty.Update(ctx, store.Act{RPC: act}, c.fn)
			if !errors.Is(err, c.want) || count() != before+c.events {
				t.Errorf("%s: %v and %d events, want %v and %d", c.what, err, count()-before, c.want, c.events)
			}
		}
	}
	if err := faulty.Close(); err != nil {
		t.Error(err)
	}
}

func erase(w store.Writer) error { return w.EraseEvent(1) }

func put(w store.Writer) error { return w.Put(store.KindPersonal, []byte("a"), nil) }
