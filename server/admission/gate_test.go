package admission

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small is a gate of two slots, of which lists and unknown callers have one while
// other classes are active.
func small() Limits {
	l := Limits{Slots: 2}
	for c := range l.Classes {
		l.Classes[c] = Rule{Running: 2, Waiting: 1000, Patience: time.Hour}
	}
	for _, c := range []Class{List, Public, Refused} {
		l.Classes[c].Beside = 1
	}
	return l
}

func by(subject string, c Class) Call { return Call{Subject: subject, Class: c} }

func network(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
}

// cause returns why an error refuses; none if there is no error.
func cause(t *testing.T, err error) Cause {
	t.Helper()
	var r *Refusal
	if err == nil {
		return none
	} else if !errors.As(err, &r) {
		t.Fatalf("%v is not a refusal", err)
	}
	return r.Cause
}

func admit(t *testing.T, g *Gate, c Call) *Ticket {
	t.Helper()
	ticket, err := tryAdmit(t.Context(), g, c)
	if err != nil {
		t.Fatal(err)
	}
	return &ticket
}

// A crowd makes calls, each caller in a goroutine, and records in which order
// calls got slots.
type crowd struct {
	*testing.T
	gate *Gate
	mu   sync.Mutex
	got  []string
	all  sync.WaitGroup
}

// call makes a call that takes that long, and records its name.
func (c *crowd) call(name string, call Call, work time.Duration) {
	c.all.Go(func() {
		ticket, err := tryAdmit(c.Context(), c.gate, call)
		if err != nil {
			name += ": " + cause(c.T, err).String()
		}
		c.mu.Lock()
		c.got = append(c.got, name)
		c.mu.Unlock()
		if err == nil {
			time.Sleep(work)
		}
		ticket.Done()
	})
	synctest.Wait()
}

// names lists the calls that got a slot or were refused, in order.
func (c *crowd) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

func (c *crowd) empty() {
	c.all.Wait()
	checkEmpty(c.T, c.gate)
}

// checkEmpty: no slot, place or number is still in use.
func checkEmpty(t *testing.T, g *Gate) {
	t.Helper()
	if g.slots != 0 || g.running != [classes]int{} {
		t.Errorf("%d slots are taken, by class %v", g.slots, g.running)
	}
	for c := range g.queues {
		if q := &g.queues[c]; q.length != 0 || len(q.flows) != 0 || q.turns.Len() != 0 || !q.since.IsZero() {
			t.Errorf("%v: the queue has %d waiters of %d callers", Class(c), q.length, len(q.flows))
		}
	}
	for _, u := range append(append(g.shares.subjects.Values(), g.shares.networks.Values()...), g.shares.all) {
		if u.atOnce != [classes]int32{} {
			t.Errorf("%v calls are still counted", u.atOnce)
		}
	}
}

// TestTurns: a thousand calls of one caller do not delay the one of another,
// whether they are known or not.
func TestTurns(t *testing.T) {
	for _, c := range []struct{ many, one Call }{
		{by("a", Read), by("b", Read)},
		{Call{From: network(1), Class: Public}, Call{From: network(2), Class: Public}},
	} {
		synctest.Test(t, func(t *testing.T) {
			crowd := &crowd{T: t, gate: NewGate(small())}
			for i := range 1000 {
				crowd.call(fmt.Sprint(i), c.many, time.Millisecond)
			}
			crowd.call("one", c.one, time.Millisecond)
			crowd.empty()
			if at := slices.Index(crowd.names(), "one"); at > 4 {
				t.Errorf("the one call came after %d of the others", at)
			}
		})
	}
}

// TestOrder: classes are served in their order, in any order of arrival.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := small()
		limits.Slots = 1
		crowd := &crowd{T: t, gate: NewGate(limits)}
		crowd.call("busy", by("x", Record), time.Second)
		for _, c := range []Class{Refused, Public, List, Read, Record} {
			crowd.call(c.String(), by("x", c), time.Second)
		}
		crowd.empty()
		if want := []string{"busy", "record", "read", "list", "public", "refused"}; !slices.Equal(crowd.names(), want) {
			t.Errorf("got %v", crowd.names())
		}
	})
}

// TestBeside: an expensive class has few slots while another is active, and all
// of its own if it is alone.
func TestBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(small())
		crowd := &crowd{T: t, gate: g}
		time.Sleep(quiet)
		first := admit(t, g, by("x", List))
		second := admit(t, g, by("x", List))
		crowd.call("record", by("x", Record), time.Second)
		crowd.call("list", by("x", List), time.Second)
		first.Done()
		synctest.Wait()
		if want := []string{"record"}; !slices.Equal(crowd.names(), want) {
			t.Errorf("one list beside: got %v", crowd.names())
		}
		second.Done()
		synctest.Wait()
		if want := []string{"record", "list"}; !slices.Equal(crowd.names(), want) {
			t.Errorf("none beside: got %v", crowd.names())
		}
		crowd.empty()
	})
}

// TestAloneAgain: when no earlier call has come for a while, waiting lists get all their slots.
func TestAloneAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(small())
		record := admit(t, g, by("x", Record))
		crowd := &crowd{T: t, gate: g}
		for range 3 {
			crowd.call("list", by("x", List), time.Second)
		}
		if len(crowd.names()) != 1 {
			t.Errorf("%d lists run beside a record", len(crowd.names()))
		}
		record.Done()
		synctest.Wait()
		if len(crowd.names()) != 1 {
			t.Errorf("%d lists run when a record has just ended", len(crowd.names()))
		}
		time.Sleep(time.Second) // the list ends
		synctest.Wait()
		if len(crowd.names()) != 3 {
			t.Errorf("%d lists run alone", len(crowd.names()))
		}
		crowd.empty()
	})
}

// TestFullQueue: a full queue refuses a call of the caller with the most calls in
// it, so never one of a caller without any, unless no other has more.
func TestFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := small()
		limits.Classes[Read].Waiting = 4
		g := NewGate(limits)
		busy := []*Ticket{admit(t, g, by("x", Read)), admit(t, g, by("x", Read))}
		crowd := &crowd{T: t, gate: g}
		for i := range 6 {
			crowd.call(fmt.Sprint("a", i), by("a", Read), 0)
		}
		for _, name := range []string{"b", "c", "d", "e"} {
			crowd.call(name, by(name, Read), 0)
		}
		want := []string{"a4: queue_full", "a5: queue_full", "a3: queue_full", "a2: queue_full", "a1: queue_full", "e: queue_full"}
		if !slices.Equal(crowd.names(), want) {
			t.Errorf("refused %v", crowd.names())
		}
		for _, b := range busy {
			b.Done()
		}
		crowd.empty()
		served := slices.Sorted(slices.Values(crowd.names()[len(want):]))
		if want := []string{"a0", "b", "c", "d"}; !slices.Equal(served, want) {
			t.Errorf("served %v", served)
		}
	})
}

// TestYield: calls that wait for something other than the processor have no slot,
// so any number of them can wait together, and need not wait again to end.
func TestYield(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(small())
		group, committed := make(chan struct{}, 64), make(chan struct{})
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				ticket, err := tryAdmit(t.Context(), g, by("x", Record))
				if err != nil {
					t.Error(err)
				}
				defer ticket.Done()
				ticket.Yield()
				ticket.Yield()
				group <- struct{}{}
				<-committed
			})
		}
		synctest.Wait()
		if len(group) != 64 {
			t.Errorf("%d calls wait in one group", len(group))
		}
		stream := admit(t, g, by("x", Record))
		for range 3 {
			stream.Yield()
			if err := stream.Start(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := stream.Start(t.Context()); err != nil || g.slots != 1 {
			t.Errorf("started twice: %v, %d slots", err, g.slots)
		}
		stream.Done()
		stream.Done()
		close(committed)
		all.Wait()
		checkEmpty(t, g)
		new(Ticket).Done()
	})
}

// TestContextEnds: a call that is cancelled while it waits gets the context's
// error, and leaves its place.
func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(small())
		busy := []*Ticket{admit(t, g, by("x", Read)), admit(t, g, by("x", Read))}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := tryAdmit(ctx, g, by("x", Read)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Admit: %v", err)
		}
		for _, b := range busy {
			b.Done()
		}
		checkEmpty(t, g)
	})
}

// TestFirstStaysFirst: a call that has waited since its class had few slots gets
// the next free slot before a new call.
func TestFirstStaysFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(small())
		record := admit(t, g, by("x", Record))
		record.Done()
		crowd := &crowd{T: t, gate: g}
		for _, name := range []string{"running", "waiting"} {
			crowd.call(name, by("a", List), time.Minute)
		}
		time.Sleep(quiet)
		crowd.call("newcomer", by("b", List), 0)
		if want := []string{"running", "waiting"}; !slices.Equal(crowd.names(), want) {
			t.Errorf("got %v", crowd.names())
		}
		crowd.empty()
	})
}

// TestGrantedWhileLeaving: a slot granted at the moment in which the call is
// cancelled is given back. Either may be seen first, hence the number of tries.
func TestGrantedWhileLeaving(t *testing.T) {
	g := NewGate(small())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		busy := []*Ticket{admit(t, g, by("x", Read)), admit(t, g, by("x", Read))}
		ticket, err := g.Enter(by("x", Read))
		if err != nil {
			t.Fatal(err)
		}
		w, patience, _ := g.start(&ticket)
		busy[0].Done()
		if err := ticket.wait(ctx, w, patience); err == nil {
			ticket.running = true // as Start would have it
		} else if g.running[Read] != 1 {
			t.Errorf("%d slots are taken", g.running[Read])
		}
		ticket.Done()
		busy[1].Done()
	}
	checkEmpty(t, g)
}

// tryAdmit is Enter and Start.
func tryAdmit(ctx context.Context, g *Gate, call Call) (Ticket, error) {
	t, err := g.Enter(call)
	if err != nil {
		return t, err
	}
	if err := t.Start(ctx); err != nil {
		t.Done()
		return Ticket{}, err
	}
	return t, nil
}
