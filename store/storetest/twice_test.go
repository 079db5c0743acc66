package storetest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
	"github.com/acquis-eval/acquis/store/storetest"
)

// TestTwice writes in the first run only; nothing of that may remain.
func TestTwice(t *testing.T) {
	twice := storetest.Twice(memstore.New())
	ctx := context.Background()
	if err := twice.Update(ctx, store.Act{}, put); err != nil {
		t.Fatal(err)
	}
	runs := 0
	if err := twice.Update(ctx, store.Act{}, func(w store.Writer) error {
		if runs++; runs == 2 {
			return nil
		}
		if err := w.EraseEvent(9); err == nil {
			t.Error("an event that does not exist was erased")
		}
		return errors.Join(w.Delete(store.KindPersonal, []byte("a")), w.Put(store.KindPersonal, []byte("b"), nil), erase(w))
	}); err != nil || runs != 2 {
		t.Fatalf("%d runs, %v", runs, err)
	}
	err := twice.View(ctx, func(r store.Reader) error {
		events, eventsErr := r.Events(0, 9)
		if len(events) != 1 || len(events[0].GetBodySalt()) == 0 {
			t.Errorf("the journal contains %v", events)
		}
		records, err := r.Scan(store.KindPersonal, nil, nil, 9)
		if len(records) != 1 || string(records[0].Key) != "a" {
			t.Errorf("the records are %q", records)
		}
		return errors.Join(err, eventsErr)
	})
	if err := errors.Join(err, twice.Close()); err != nil {
		t.Error(err)
	}
}
