package admission

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// A load describes the calls of simulated callers: how often they come and how
// long they take.
type load struct {
	call  Call
	every time.Duration
	work  time.Duration
}

// A result is the outcome of a load's calls.
type result struct {
	waits   []time.Duration // of those that were admitted, in order
	refused int
}

func (r *result) quantile(q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(r.waits))
	return sorted[int(q*float64(len(sorted)-1))]
}

// simulate runs loads in virtual time, on as many processors as there are slots.
func simulate(t *testing.T, limits Limits, length time.Duration, loads ...load) []result {
	results := make([]result, len(loads))
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(limits)
		var mu sync.Mutex
		var all sync.WaitGroup
		for i, l := range loads {
			all.Go(func() {
				for range length / l.every {
					all.Go(func() {
						began := time.Now()
						ticket, err := tryAdmit(t.Context(), g, l.call)
						mu.Lock()
						if err != nil {
							results[i].refused++
						} else {
							results[i].waits = append(results[i].waits, time.Since(began))
						}
						mu.Unlock()
						if err == nil {
							time.Sleep(l.work)
						}
						ticket.Done()
					})
					time.Sleep(l.every)
				}
			})
		}
		all.Wait()
		checkEmpty(t, g)
	})
	return results
}

// TestOverload: three times as many calls as there are slots for. Admitted calls
// have waited no longer than patience permits, which shrinks; slots are never
// idle; another caller of the class and an earlier class are hardly affected.
func TestOverload(t *testing.T) {
	const length = 10 * time.Second
	limits := small()
	for c := range limits.Classes {
		limits.Classes[c].Patience = 100 * time.Millisecond
	}
	r := simulate(t, limits, length,
		load{by("flood", Read), 333 * time.Microsecond, 2 * time.Millisecond}, // 2 slots serve 1000 in a second
		load{by("modest", Read), 50 * time.Millisecond, 2 * time.Millisecond},
		load{by("jury", Record), 50 * time.Millisecond, 2 * time.Millisecond},
	)
	flood, modest, jury := &r[0], &r[1], &r[2]
	if got := slices.Max(flood.waits); got > 100*time.Millisecond {
		t.Errorf("a call waited %v", got)
	}
	late := slices.Clone(flood.waits[len(flood.waits)/2:])
	if got := slices.Max(late); got > 25*time.Millisecond {
		t.Errorf("under lasting pressure a call waited %v", got)
	}
	if served := len(flood.waits) + len(modest.waits) + len(jury.waits); served < 9_500 {
		t.Errorf("%d calls were served where 10000 could be", served)
	}
	for _, bystander := range []*result{modest, jury} {
		if bystander.refused > 0 || bystander.quantile(1) > 4*time.Millisecond {
			t.Errorf("of a bystander %d were refused, one waited %v", bystander.refused, bystander.quantile(1))
		}
	}
}

// TestListsBesideJuries: any number of expensive calls takes from juries only the
// slots that lists have while another class is active.
func TestListsBesideJuries(t *testing.T) {
	r := simulate(t, small(), time.Second,
		load{by("lists", List), time.Millisecond, 50 * time.Millisecond},
		load{by("jury", Record), 10 * time.Millisecond, 5 * time.Millisecond},
	)
	// Both slots may be taken by lists when the first juries come, which cannot
	// be undone.
	if jury := &r[1]; jury.refused > 0 || jury.quantile(0.9) > 0 || jury.quantile(1) > 50*time.Millisecond {
		t.Errorf("of the juries %d were refused, nine of ten waited %v, one %v", jury.refused, jury.quantile(0.9), jury.quantile(1))
	}
}

// TestNoSlotIsLost: all slots come back, even of cancelled calls, and the limit
// is never exceeded.
func TestNoSlotIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		calls := rapid.IntRange(1, 60).Draw(rt, "calls")
		waiting := rapid.IntRange(0, 5).Draw(rt, "waiting")
		synctest.Test(t, func(t *testing.T) {
			limits := small()
			for c := range limits.Classes {
				r := &limits.Classes[c]
				r.Waiting, r.Patience = waiting, 3*time.Millisecond
				r.Subject, r.All = Share{AtOnce: 5}, Share{AtOnce: 20}
			}
			g := NewGate(limits)
			var all sync.WaitGroup
			for i := range calls {
				dice := rand.New(rand.NewPCG(seed, uint64(i)))
				all.Go(func() { live(t, g, dice) })
			}
			all.Wait()
			checkEmpty(t, g)
		})
	})
}

// live makes one call, which may be cancelled at any moment.
func live(t *testing.T, g *Gate, dice *rand.Rand) {
	pause := func() { time.Sleep(time.Duration(dice.IntN(5)) * time.Millisecond) }
	pause()
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(dice.IntN(6))*time.Millisecond)
	defer cancel()
	call := Call{Subject: fmt.Sprint(dice.IntN(4)), From: network(dice.IntN(3)), Class: Class(dice.IntN(int(classes)))}
	ticket, err := g.Enter(call)
	if err != nil {
		return
	}
	defer ticket.Done()
	for range dice.IntN(4) {
		if err := ticket.Start(ctx); err != nil {
			return
		}
		g.mu.Lock()
		if g.slots > g.limits.Slots || g.slots < 1 {
			t.Errorf("%d slots are out", g.slots)
		}
		g.mu.Unlock()
		pause()
		ticket.Yield()
		pause()
	}
}
