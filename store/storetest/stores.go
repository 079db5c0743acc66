package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/acquis-eval/acquis/store"
)

func storeTests() []test {
	return []test{
		{"Wait returns once there is an event above after", testWait},
		{"Wait ends with its context and with the store", testWaitEnds},
		{"Snapshot writes a consistent copy while writing goes on", testSnapshot},
		{"Health returns nil while the store takes writes", testHealth},
		{"Close waits for the updates under way", testClose},
		{"Close is not delayed by an endless series of Views", testCloseViews},
		{"a closed store refuses everything with ErrClosed", testClosed},
	}
}

func testWait(f *fixture) {
	ctx := context.Background()
	f.put("a=1")
	f.ok(f.Wait(ctx, 0))
	woken := make(chan error)
	go func() { woken <- f.Wait(ctx, 1) }()
	select {
	case err := <-woken:
		f.Fatalf("Wait returned before the event: %v", err)
	case <-time.After(10 * time.Millisecond):
	}
	f.update(func(store.Writer) error { return nil }) // no event
	f.put("a=2")
	f.ok(<-woken)
	f.reopen()
	f.ok(f.Wait(ctx, 1))
}

func testWaitEnds(f *fixture) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	f.is(f.Wait(ctx, 0), context.DeadlineExceeded)
	woken := make(chan error)
	st := f.Store
	go func() { woken <- st.Wait(context.Background(), 0) }()
	f.reopen()
	f.is(<-woken, store.ErrClosed)
}

func testSnapshot(f *fixture) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for n := uint64(1); ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			f.update(func(w store.Writer) error {
				f.ok(set(w, "first", n))
				f.ok(set(w, fmt.Sprintf("n%08d", n), n))
				return set(w, "last", n)
			})
		}
	}()
	f.ok(f.Wait(context.Background(), 3))
	given := f.uid(true)
	var snapshot bytes.Buffer
	var seen uint64
	f.ok(f.Snapshot(context.Background(), &snapshot, func(r store.Reader) (err error) {
		seen, err = get(r, "last")
		return err
	}))
	close(stop)
	<-done

	other := &fixture{T: f.T, engine: f.engine, place: f.TempDir()}
	f.ok(f.engine.Restore(other.place, copyOf(snapshot.Bytes())))
	other.open()
	defer func() { f.ok(other.Close()) }()
	var n uint64
	other.view(func(r store.Reader) (err error) {
		n, err = get(r, "first")
		f.ok(err)
		last, err := get(r, "last")
		records, scanErr := r.Scan(store.KindSession, []byte("n"), nil, 1<<20)
		f.ok(scanErr)
		if n < 3 || last != n || n != seen || uint64(len(records)) != n {
			f.Errorf("a snapshot of %d, %d and %d records", n, last, len(records))
		}
		return err
	})
	events := other.events()
	CheckJournal(f, events)
	if diff := cmp.Diff(f.events()[:n+1], events, protocmp.Transform()); diff != "" {
		f.Error(diff)
	}
	if next := other.uid(true); next <= given {
		f.Errorf("a snapshot gives identifier %d after %d", next, given)
	}
	testSnapshotEnds(f)
}

// testSnapshotEnds: the reason why a copy ended is returned, and the store
// continues to work.
func testSnapshotEnds(f *fixture) {
	refused := errors.New("seen enough")
	f.is(f.Snapshot(context.Background(), io.Discard, func(store.Reader) error { return refused }), refused)
	ctx, cancel := context.WithCancel(context.Background())
	f.is(f.Snapshot(ctx, io.Discard, func(store.Reader) error { cancel(); return nil }), context.Canceled)
	f.put("it=goes on")
}

func testHealth(f *fixture) {
	f.ok(f.Health())
	f.put("a=1")
	f.ok(f.Health())
}

func testClose(f *fixture) {
	errs := make([]error, callers)
	st := f.Store
	running := make(chan struct{}, 2*callers)
	done := make(chan struct{})
	go func() {
		defer close(done)
		each(callers, func(i int) {
			errs[i] = st.Update(context.Background(), act(), func(w store.Writer) error {
				running <- struct{}{}
				return set(w, fmt.Sprintf("%02d", i), 1)
			})
		})
	}()
	<-running
	f.reopen()
	<-done
	f.view(func(r store.Reader) error {
		for i, err := range errs {
			n, getErr := get(r, fmt.Sprintf("%02d", i))
			f.ok(getErr)
			if err != nil {
				f.is(err, store.ErrClosed)
			}
			if (err == nil) != (n == 1) {
				f.Errorf("update %d returned %v, its record has %d", i, err, n)
			}
		}
		return nil
	})
}

func testCloseViews(f *fixture) {
	f.put("a=1")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // an engine that hangs should say so
	defer cancel()
	st := f.Store
	var viewed atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		each(callers, func(int) {
			err := error(nil)
			for err == nil {
				err = st.View(ctx, func(r store.Reader) error { _, err := get(r, "n"); return err })
				viewed.Add(1)
			}
			f.is(err, store.ErrClosed)
		})
	}()
	for viewed.Load() < callers {
		runtime.Gosched()
	}
	f.reopen()
	<-done
}

func testClosed(f *fixture) {
	ctx, st := context.Background(), f.Store
	f.reopen()
	f.is(st.View(ctx, func(store.Reader) error { return nil }), store.ErrClosed)
	f.is(st.Update(ctx, act(), func(store.Writer) error { return nil }), store.ErrClosed)
	f.is(st.Wait(ctx, 0), store.ErrClosed)
	f.is(st.Snapshot(ctx, io.Discard, func(store.Reader) error { return nil }), store.ErrClosed)
	f.is(st.Health(), store.ErrClosed)
	f.ok(st.Close())
}
