package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acquis-eval/acquis/store"
)

func changedTests() []test {
	return []test{
		{"every commit that writes or deletes makes its kinds grow before its Update returns", testChanged},
		{"Views that begin and end at one number read the same", testChangedViews},
		{"what was kept at a number is never older than what was acknowledged", testKept},
		{"an update whose caller left counts too", testChangedAlone},
		{"closing makes every kind grow", testChangedClosed},
	}
}

func testChanged(f *fixture) {
	f.personal("a")
	key := []byte("a")
	for _, kind := range []store.KindID{store.KindKey, store.KindCurrent, store.KindName, store.KindCheckpoint, store.KindIdempotency} {
		for what, fn := range map[string]func(store.Writer) error{
			"put":    func(w store.Writer) error { return w.Put(kind, key, []byte("1")) },
			"delete": func(w store.Writer) error { return w.Delete(kind, key) },
		} {
			f.update(func(w store.Writer) error { return w.Put(kind, key, []byte("0")) })
			before := f.Changed(kind)
			f.update(fn)
			if after := f.Changed(kind); after <= before {
				f.Errorf("kind %v, %s: %d, then %d", kind, what, before, after)
			}
		}
	}
	before := f.Changed(store.KindEvent)
	f.update(func(w store.Writer) error { return w.EraseEvent(1) })
	if after := f.Changed(store.KindEvent); after <= before {
		f.Errorf("the journal: %d, then %d", before, after)
	}
}

// whileChanging calls look again and again, by a few callers, while records change in
// every way: 60 times, or as often as an engine can that waits for no disk. More
// callers would only keep the writer waiting for a processor.
func (f *fixture) whileChanging(look func()) {
	var stop atomic.Bool
	began := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := uint64(1); n <= 60 || time.Since(began) < 100*time.Millisecond; n++ {
			ctx, cancel := context.WithCancel(context.Background())
			err := f.Update(ctx, act(), func(w store.Writer) error {
				if n%3 == 0 {
					cancel()
				}
				return set(w, "a", n)
			})
			cancel()
			if n%3 != 0 {
				f.ok(err)
			}
		}
		stop.Store(true)
	}()
	each(16, func(int) {
		for !stop.Load() {
			look()
		}
	})
	<-done
}

func testChangedViews(f *fixture) {
	var mu sync.Mutex
	read := map[uint64]uint64{} // what was read at each number
	f.whileChanging(func() {
		var value uint64
		before := f.Changed(store.KindSession)
		f.view(func(r store.Reader) (err error) { value, err = get(r, "a"); return err })
		if f.Changed(store.KindSession) != before {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if other, ok := read[before]; ok && other != value {
			f.Errorf("at %d both %d and %d were read", before, other, value)
		}
		read[before] = value
	})
}

// testKept: a caller that uses a cached value as long as the number stays sees
// its own writes, like a caller that reads again.
func testKept(f *fixture) {
	type kept struct{ number, value uint64 }
	const rounds = 5
	var caches [callers]atomic.Pointer[kept] // of each caller's record
	read := func(i int) uint64 {
		number := f.Changed(store.KindSession)
		if k := caches[i].Load(); k != nil && k.number == number {
			return k.value
		}
		k := &kept{number: number}
		f.view(func(r store.Reader) (err error) { k.value, err = get(r, fmt.Sprint(i)); return err })
		caches[i].Store(k)
		return k.value
	}
	each(callers, func(i int) {
		for n := uint64(1); n <= rounds; n++ {
			f.update(func(w store.Writer) error { return set(w, fmt.Sprint(i), n) })
			for range 3 {
				if got := read(i); got != n {
					f.Errorf("%d was acknowledged, %d was kept", n, got)
				}
				read((i + 1) % callers) // another caller's cache, filled at any time
			}
		}
	})
}

func testChangedAlone(f *fixture) {
	before := f.Changed(store.KindKey)
	ctx, cancel := context.WithCancel(context.Background())
	_ = f.Update(ctx, act(), func(w store.Writer) error { // its outcome is unknown
		cancel()
		return w.Put(store.KindKey, []byte("a"), []byte("1"))
	})
	f.put("z=1") // a later update comes after it
	f.view(func(r store.Reader) error {
		_, err := r.Get(store.KindKey, []byte("a"))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if after := f.Changed(store.KindKey); after <= before {
			f.Errorf("the write is seen: %d, then %d", before, after)
		}
		return err
	})
}

func testChangedClosed(f *fixture) {
	st := f.Store
	before := st.Changed(store.KindKey)
	f.reopen()
	if after := st.Changed(store.KindKey); after <= before {
		f.Errorf("%d, then %d", before, after)
	}
}
