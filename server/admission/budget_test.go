package admission

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

var tight = BudgetLimits{Bytes: 100, PerCaller: 60, Waiting: 2, Patience: time.Second}

// TestBudget: the bytes of a network and of all networks are limited; waiting
// calls get bytes that are returned.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget("test", tight)
		take := func(from int, n int64) Cause { return cause(t, b.Take(t.Context(), stranger(from), n)) }
		for _, c := range []struct {
			from int
			n    int64
			want Cause
		}{
			{1, 61, TooLarge}, {1, 60, none}, {1, 1, WaitedTooLong}, {2, 41, WaitedTooLong}, {2, 40, none}, {3, 1, WaitedTooLong},
		} {
			if got := take(c.from, c.n); got != c.want {
				t.Errorf("network %d takes %d: %d, want %d", c.from, c.n, got, c.want)
			}
		}
		go func() {
			time.Sleep(time.Second / 2)
			b.Give(stranger(1), 60)
		}()
		if got := take(3, 50); got != none {
			t.Errorf("returned bytes cannot be taken: %d", got)
		}
		b.Give(stranger(2), 40)
		b.Give(stranger(3), 50)
		if b.out != 0 || len(b.held) != 0 {
			t.Errorf("%d bytes are out, of %v", b.out, b.held)
		}
	})
}

// TestBudgetOrder: small claims do not overtake a large one, but a claim that
// waits for its own network delays no other.
func TestBudgetOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget("test", tight)
		got := make(chan string, 10)
		var all sync.WaitGroup
		take := func(name string, from int, n int64) {
			all.Go(func() { got <- fmt.Sprint(name, " ", cause(t, b.Take(t.Context(), stranger(from), n)) == none) })
			synctest.Wait()
		}
		take("first", 1, 60)
		take("own network full", 1, 10)
		take("another", 2, 20)
		take("large", 3, 60)
		take("no room to wait", 4, 1)
		b.Give(stranger(2), 20)
		synctest.Wait()
		b.Give(stranger(1), 60) // both waiting claims fit now
		all.Wait()
		close(got)
		var order []string
		for g := range got {
			order = append(order, g)
		}
		if want := "[first true another true no room to wait false"; fmt.Sprint(order[:3]) != want+"]" || len(order) != 5 {
			t.Errorf("got %v", order)
		}
		for _, o := range order[3:] {
			if o != "own network full true" && o != "large true" {
				t.Errorf("got %v", order)
			}
		}
	})
}

// TestSmallClaimWaits: while a large claim waits for all bytes, a small one that
// would fit waits behind it.
func TestSmallClaimWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget("test", tight)
		if err := b.Take(t.Context(), stranger(1), 60); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		large, small := make(chan error, 1), make(chan error, 1)
		go func() { large <- b.Take(ctx, stranger(2), 60) }()
		synctest.Wait()
		go func() { small <- b.Take(t.Context(), stranger(3), 10) }()
		synctest.Wait()
		if len(small) != 0 {
			t.Error("the small claim overtakes")
		}
		cancel()
		synctest.Wait()
		if err := <-large; !errors.Is(err, context.Canceled) {
			t.Errorf("large: %v", err)
		}
		if len(small) != 1 || <-small != nil {
			t.Error("the small claim still waits after the large one is cancelled")
		}
	})
}

// TestBytesGrantedWhileLeaving is TestGrantedWhileLeaving for bytes.
func TestBytesGrantedWhileLeaving(t *testing.T) {
	b := NewBudget("test", tight)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		b.grant(stranger(1), 10)
		c := &claim{by: stranger(1), bytes: 10, ready: make(chan struct{})}
		close(c.ready)
		if err := b.wait(ctx, c); err == nil {
			b.Give(stranger(1), 10)
		}
	}
	if b.out != 0 {
		t.Errorf("%d bytes are out", b.out)
	}
}

// TestNoByteIsLost: all bytes come back, even of cancelled claims, and the limit
// is never exceeded.
func TestNoByteIsLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed, calls := rapid.Uint64().Draw(rt, "seed"), rapid.IntRange(1, 50).Draw(rt, "calls")
		synctest.Test(t, func(t *testing.T) {
			limits := tight
			limits.Waiting, limits.Patience = 10, 4*time.Millisecond
			b := NewBudget("test", limits)
			var all sync.WaitGroup
			for i := range calls {
				dice := rand.New(rand.NewPCG(seed, uint64(i)))
				all.Go(func() { hold(t, b, dice) })
			}
			all.Wait()
			if b.out != 0 || len(b.held) != 0 || b.waiting.Len() != 0 {
				t.Errorf("%d bytes are out, of %v; %d wait", b.out, b.held, b.waiting.Len())
			}
		})
	})
}

func hold(t *testing.T, b *Budget, dice *rand.Rand) {
	pause := func() { time.Sleep(time.Duration(dice.IntN(5)) * time.Millisecond) }
	pause()
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(dice.IntN(6))*time.Millisecond)
	defer cancel()
	who, n := stranger(dice.IntN(3)), int64(dice.IntN(70))
	if err := b.Take(ctx, who, n); err != nil {
		return
	}
	b.mu.Lock()
	if b.out > b.limits.Bytes || b.held[who] > b.limits.PerCaller {
		t.Errorf("%d bytes are out, %d of one caller", b.out, b.held[who])
	}
	b.mu.Unlock()
	pause()
	b.Give(who, n)
}

// stranger is a caller of whom only the network is known.
func stranger(n int) Caller { return Caller{From: network(n)} }
