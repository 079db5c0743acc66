package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/acquis-eval/acquis/store"
)

func serialTests() []test {
	return []test{
		{"no update is lost", testCounter},
		{"every state is consistent", testTransfers},
		{"a closure sees no phantom", testPhantoms},
		{"no write skew", testWriteSkew},
		{"an acknowledged write is seen by every later call", testRealTime},
	}
}

// testCounter: every caller adds one, and gets its own number.
func testCounter(f *fixture) {
	const rounds = 5
	var told [callers*rounds + 1]atomic.Bool
	each(callers, func(int) {
		for range rounds {
			var n uint64
			f.update(func(w store.Writer) (err error) {
				if n, err = get(w, "n"); err != nil {
					return err
				}
				n++
				return set(w, "n", n)
			})
			if told[n].Swap(true) {
				f.Errorf("%d was returned twice", n)
			}
		}
	})
	f.view(func(r store.Reader) error {
		n, err := get(r, "n")
		if n != callers*rounds {
			f.Errorf("%d, want %d", n, callers*rounds)
		}
		return err
	})
}

// testTransfers: sums move between accounts; nobody ever sees one in transit.
func testTransfers(f *fixture) {
	const accounts, total = 8, 800
	f.update(func(w store.Writer) error {
		for i := range accounts {
			f.ok(set(w, fmt.Sprint(i), total/accounts))
		}
		return nil
	})
	sum := func(r store.Reader) (err error) {
		var got uint64
		for i := range accounts {
			n, err := get(r, fmt.Sprint(i))
			if err != nil {
				return err
			}
			got += n
		}
		if got != total {
			f.Errorf("a state holds %d, want %d", got, total)
		}
		return nil
	}
	each(callers, func(i int) {
		from, to := fmt.Sprint(i%accounts), fmt.Sprint((i*3+1)%accounts)
		for range 4 {
			f.update(func(w store.Writer) error {
				f.ok(sum(w))
				return move(w, from, to)
			})
			f.view(sum)
		}
	})
	f.reopen()
	f.view(sum)
}

func move(w store.Writer, from, to string) error {
	n, err := get(w, from)
	if err != nil || n == 0 {
		return err
	}
	if err := set(w, from, n-1); err != nil {
		return err
	}
	if n, err = get(w, to); err != nil {
		return err
	}
	return set(w, to, n+1)
}

// testPhantoms: many callers insert only if a prefix is empty; one of them does.
func testPhantoms(f *fixture) {
	const places = 8
	var won [places]atomic.Int32
	each(callers, func(i int) {
		for place := range places {
			inserted := false
			f.update(func(w store.Writer) error {
				inserted = false
				records, err := w.Scan(store.KindSession, fmt.Appendf(nil, "%d/", place), nil, 1)
				if err != nil || len(records) > 0 {
					return err
				}
				inserted = true
				return set(w, fmt.Sprintf("%d/%02d", place, i), 1)
			})
			if inserted {
				won[place].Add(1)
			}
		}
	})
	for place := range won {
		if n := won[place].Load(); n != 1 {
			f.Errorf("%d callers found place %d empty", n, place)
		}
	}
}

// testWriteSkew: each of two on duty may leave if the other stays. If both decide
// on the same state and write separately, both leave.
func testWriteSkew(f *fixture) {
	for round := range 10 {
		a, b := fmt.Sprintf("%d/a", round), fmt.Sprintf("%d/b", round)
		f.put(a+"=on", b+"=on")
		each(callers, func(i int) {
			self := []byte([]string{a, b}[i%2])
			f.update(func(w store.Writer) error {
				on, err := list(w, fmt.Sprintf("%d/", round), "", 9)
				if err != nil || strings.Count(on, "=on") < 2 {
					return err
				}
				return w.Put(store.KindSession, self, []byte("off"))
			})
		})
		f.view(func(r store.Reader) error {
			on, err := list(r, fmt.Sprintf("%d/", round), "", 9)
			if strings.Count(on, "=on") != 1 {
				f.Errorf("on duty: %q", on)
			}
			return err
		})
	}
}

// testRealTime: a caller that got 7 never sees less than 7 again.
func testRealTime(f *fixture) {
	var newest atomic.Uint64
	each(callers, func(i int) {
		for range 4 {
			before := newest.Load()
			var n uint64
			f.ok(f.View(context.Background(), func(r store.Reader) (err error) {
				n, err = get(r, "n")
				return err
			}))
			if n < before {
				f.Errorf("a View met %d after %d was acknowledged", n, before)
			}
			raise(&newest, n) // what a View saw is durable: all later ones see it too
			if i%4 == 0 {
				f.update(func(w store.Writer) (err error) {
					if n, err = get(w, "n"); err != nil {
						return err
					}
					n++
					return set(w, "n", n)
				})
				raise(&newest, n)
			}
		}
	})
}

func raise(to *atomic.Uint64, n uint64) {
	for old := to.Load(); old < n && !to.CompareAndSwap(old, n); old = to.Load() {
	}
}
