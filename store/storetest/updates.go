package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/acquis-eval/acquis/store"
)

var errRefused = errors.New("storetest: refused")

func updateTests() []test {
	return []test{
		{"writes of all kinds become durable together", testAtomic},
		{"an error of fn discards its writes and is returned unchanged", testError},
		{"a panic of fn discards its writes", testPanic},
		{"nobody else sees writes before Update returns", testInvisible},
		{"one that fails does not disturb its neighbours", testNeighbours},
		{"an fn that writes nothing leaves no event", testNoEvent},
		{"an fn that writes only silent records leaves no event, but its writes are durable", testSilent},
		{"if ctx has ended before, fn is not run", testEndedContext},
		{"if ctx ends, the update happened completely or not at all", testContext},
		{"writes out of bounds are refused", testBounds},
	}
}

func testAtomic(f *fixture) {
	f.update(func(w store.Writer) error {
		return errors.Join(
			w.Put(store.KindSession, []byte("a"), []byte("1")),
			w.Put(store.KindCandidacy, []byte("a"), []byte("2")),
			w.Put(store.KindIdempotency, []byte("a"), []byte("3")))
	})
	f.reopen()
	f.view(func(r store.Reader) error {
		for kind, want := range map[store.KindID]string{store.KindSession: "1", store.KindCandidacy: "2", store.KindIdempotency: "3"} {
			if got, err := r.Get(kind, []byte("a")); err != nil || string(got) != want {
				f.Errorf("Get(%v) = %q, %v", kind, got, err)
			}
		}
		return nil
	})
	if n := len(f.events()); n != 1 {
		f.Errorf("%d events, want 1", n)
	}
}

func testError(f *fixture) {
	f.put("a=1")
	err := f.Update(context.Background(), act(), func(w store.Writer) error {
		return errors.Join(putAll(w, "a=9", "b=9"), errRefused)
	})
	f.is(err, errRefused)
	// Unchanged means the same value: servers compare and convert it.
	if err := f.Update(context.Background(), act(), func(store.Writer) error { return errRefused }); err != errRefused { //nolint:errorlint // as said
		f.Errorf("error %#v, want the very one", err)
	}
	if err := f.View(context.Background(), func(store.Reader) error { return errRefused }); err != errRefused { //nolint:errorlint // as said
		f.Errorf("error %#v of a View, want the very one", err)
	}
	f.wantAll("a=1")
	if n := len(f.events()); n != 1 {
		f.Errorf("%d events, want 1", n)
	}
}

func testPanic(f *fixture) {
	err := f.panics(func(w store.Writer) error {
		f.ok(putAll(w, "a=1"))
		panic("storetest")
	})
	if err == nil {
		f.Error("an update that panicked returned nil")
	}
	f.put("b=2")
	f.wantAll("b=2")
	if n := len(f.events()); n != 1 {
		f.Errorf("%d events, want 1", n)
	}
}

// panics runs an update that panics. The engine may return an error or pass the
// panic on to the caller.
func (f *fixture) panics(fn func(store.Writer) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return f.Update(context.Background(), act(), fn)
}

func testInvisible(f *fixture) {
	f.put("a=1")
	wrote, looked := make(chan struct{}, 2), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- f.Update(context.Background(), act(), func(w store.Writer) error {
			err := putAll(w, "a=2", "b=2")
			wrote <- struct{}{}
			<-looked
			return err
		})
	}()
	<-wrote
	f.wantAll("a=1")
	close(looked)
	f.ok(<-done)
	f.wantAll("a=2 b=2")
}

func testNeighbours(f *fixture) {
	errs := make([]error, callers)
	each(callers, func(i int) {
		write := func(w store.Writer) error {
			err := set(w, fmt.Sprintf("%02d", i), uint64(i))
			switch i % 3 {
			case 1:
				return errRefused
			case 2:
				panic("storetest")
			}
			return err
		}
		errs[i] = f.panics(write)
	})
	want := 0
	for i, err := range errs {
		switch i % 3 {
		case 0:
			f.ok(err)
			want++
		case 1:
			f.is(err, errRefused)
		case 2:
			if err == nil {
				f.Error("an update that panicked returned nil")
			}
		}
	}
	f.view(func(r store.Reader) error {
		for i := range callers {
			_, err := r.Get(store.KindSession, fmt.Appendf(nil, "%02d", i))
			if (err == nil) != (i%3 == 0) {
				f.Errorf("record of caller %d: %v", i, err)
			}
		}
		return nil
	})
	if n := len(f.events()); n != want {
		f.Errorf("%d events, want %d", n, want)
	}
}

func testNoEvent(f *fixture) {
	f.put("a=1")
	f.update(func(w store.Writer) error { _, err := all(w); return err })
	f.update(func(w store.Writer) error { return w.Delete(store.KindSession, []byte("none")) })
	if n := len(f.events()); n != 1 {
		f.Errorf("%d events, want 1", n)
	}
}

func testSilent(f *fixture) {
	checkpoint := func(value string) func(store.Writer) error {
		return func(w store.Writer) error { return w.Put(store.KindCheckpoint, []byte("a"), []byte(value)) }
	}
	want := func(value string) {
		f.Helper()
		f.view(func(r store.Reader) error {
			got, err := r.Get(store.KindCheckpoint, []byte("a"))
			if string(got) != value {
				f.Errorf("checkpoint %q, want %q", got, value)
			}
			return err
		})
	}
	f.update(checkpoint("0"))
	f.put("a=1")
	f.update(checkpoint("1"))
	want("1")
	f.reopen()
	want("1")
	if n := len(f.events()); n != 1 {
		f.Errorf("%d events, want 1", n)
	}
	f.update(func(w store.Writer) error { return errors.Join(checkpoint("2")(w), putAll(w, "a=2")) })
	want("2")
	events := f.events()
	CheckJournal(f, events)
	if len(events) != 2 {
		f.Errorf("%d events, want 2", len(events))
	}
}

func testEndedContext(f *fixture) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f.is(f.Update(ctx, act(), func(store.Writer) error { f.Error("fn ran"); return nil }), context.Canceled)
	f.is(f.View(ctx, func(store.Reader) error { f.Error("fn ran"); return nil }), context.Canceled)
}

func testContext(f *fixture) {
	var done [callers]bool
	each(callers, func(i int) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		err := f.Update(ctx, act(), func(w store.Writer) error {
			if i%2 == 0 {
				cancel() // as early as a running caller can leave
			}
			return putAll(w, fmt.Sprintf("a%02d=1", i), fmt.Sprintf("b%02d=1", i))
		})
		done[i] = err == nil
		if err != nil {
			f.is(err, context.Canceled)
		}
	})
	// A later update comes after all those whose callers left.
	f.put("z=1")
	f.view(func(r store.Reader) error {
		for i, done := range done {
			a, errA := r.Get(store.KindSession, fmt.Appendf(nil, "a%02d", i))
			b, errB := r.Get(store.KindSession, fmt.Appendf(nil, "b%02d", i))
			if string(a) != string(b) || done && errors.Join(errA, errB) != nil {
				f.Errorf("caller %d, acknowledged %v: halves %q %v, %q %v", i, done, a, errA, b, errB)
			}
		}
		return nil
	})
}

func testBounds(f *fixture) {
	f.update(func(w store.Writer) error {
		for what, err := range map[string]error{
			"an empty key":  w.Put(store.KindSession, nil, nil),
			"a long key":    w.Put(store.KindSession, make([]byte, store.MaxKeySize+1), nil),
			"a large value": w.Put(store.KindSession, []byte("a"), make([]byte, store.MaxValueSize+1)),
			"the journal":   w.Put(store.KindEvent, number(7), nil),
			"kind 0":        w.Put(0, []byte("a"), nil),
		} {
			if err == nil {
				f.Errorf("%s was accepted", what)
			}
		}
		return putAll(w, strings.Repeat("k", store.MaxKeySize)+"=1")
	})
	f.wantAll(strings.Repeat("k", store.MaxKeySize) + "=1")
}
