package admission

import (
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A Call is what is known of a call before its body is read.
type Call struct {
	Subject string       // who calls; empty if that is not known
	From    netip.Prefix // the network of the connection
	Class   Class
}

// A Gate admits calls. It has one mutex, which is held only for a fraction of a
// microsecond.
type Gate struct {
	limits Limits
	counts counts

	mu      sync.Mutex
	shares  shares
	slots   int            // taken
	running [classes]int   // the same by class
	seen    [classes]int64 // when the last call of the class came
	queues  [classes]queue
}

// NewGate returns a gate that admits within limits.
func NewGate(limits Limits) *Gate {
	g := &Gate{limits: limits, shares: newShares()}
	for c := range g.queues {
		g.queues[c].flows = make(map[Caller]*flow)
	}
	g.counts = newCounts(g)
	return g
}

// Collectors are the gate's metrics.
func (g *Gate) Collectors() []prometheus.Collector { return g.counts.collectors() }

// Enter checks rates and numbers, and returns a ticket or a *Refusal. It never
// waits. Done must be called on the ticket.
func (g *Gate) Enter(call Call) (Ticket, error) {
	t := Ticket{gate: g, class: call.Class, subject: call.Subject, from: call.From}
	now := time.Now().UnixNano()
	g.mu.Lock()
	cause, wait := g.shares.enter(&t, &g.limits.Classes[t.class], now)
	if cause == none {
		g.seen[t.class] = now
	}
	g.mu.Unlock()
	if cause != none {
		return Ticket{}, g.refuse(t.class, cause, wait)
	}
	return t, nil
}

func (g *Gate) refuse(c Class, cause Cause, wait time.Duration) error {
	g.counts.refused[c][cause].Inc()
	if wait == 0 {
		wait = later()
	}
	return &Refusal{Class: c.String(), Cause: cause, RetryAfter: wait}
}

// start takes a slot, or a place in the queue. It returns neither if that is full.
func (g *Gate) start(t *Ticket) (w *waiter, patience time.Duration, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	q, rule := &g.queues[t.class], &g.limits.Classes[t.class]
	if q.length > 0 {
		g.serve() // an earlier class may have become quiet
	}
	if by := t.usage(); g.room(t.class) && g.roomFor(t.class, by) {
		g.take(t.class, by)
		return nil, 0, true
	}
	if q.length >= rule.Waiting {
		out := q.pushOut(t.caller())
		if out == nil {
			return nil, 0, false
		}
		out.answer <- false
	}
	now := time.Now()
	patience = rule.patience(q.busy(now))
	return q.push(t.caller(), t.usage(), now), patience, true
}

// room tells whether a call of the class may have a slot.
func (g *Gate) room(c Class) bool {
	rule := &g.limits.Classes[c]
	most := rule.Running
	if rule.Beside > 0 && g.beside(c) {
		most = rule.Beside
	}
	return g.slots < g.limits.Slots && g.running[c] < most
}

// roomFor tells the same of one caller.
func (g *Gate) roomFor(c Class, by *usage) bool {
	rule, running := &g.limits.Classes[c], int(by.running[c])
	switch {
	case rule.Each == 0:
		return true
	case by.kept[c] <= rule.Short: // all but few
		return running < rule.Each
	}
	return running < rule.each(by.kept[c], g.othersKeep(c, by))
}

// othersKeep is for how long other callers have kept their slots on average, 0 if there
// were none.
func (g *Gate) othersKeep(c Class, by *usage) time.Duration {
	now := time.Now().UnixNano()
	all, own := g.shares.all.recent[c].at(now), by.recent[c].at(now)
	calls := all.calls - own.calls
	if calls < 0.5 {
		return 0
	}
	return max(1, time.Duration((all.kept-own.kept)/calls))
}

// beside tells whether an earlier class is or was just active: its next call
// will probably come before a call that starts now has ended.
func (g *Gate) beside(c Class) bool {
	now := time.Now().UnixNano()
	for earlier := range c {
		if g.running[earlier] > 0 || now-g.seen[earlier] < int64(quiet) {
			return true
		}
	}
	return false
}

func (g *Gate) take(c Class, by *usage) {
	g.slots++
	g.running[c]++
	by.running[c]++
}

func (g *Gate) give(c Class, by *usage, kept time.Duration) {
	g.slots--
	g.running[c]--
	by.running[c]--
	by.keep(c, kept)
	g.shares.all.keep(c, kept)
	g.serve()
}

// serve gives slots to waiting calls.
func (g *Gate) serve() {
	for next := range g.queues {
		for c, q := Class(next), &g.queues[next]; q.length > 0 && g.room(c); {
			w := q.pop(func(by *usage) bool { return g.roomFor(c, by) })
			if w == nil {
				break
			}
			g.take(c, w.usage)
			w.answer <- true
		}
	}
}

// leave ends a cancelled wait, and tells whether the waiter got its slot
// meanwhile.
func (g *Gate) leave(c Class, w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.place == nil {
		return <-w.answer
	}
	g.queues[c].remove(w)
	return false
}
