package admission

import (
	"context"
	"net/netip"
	"time"
)

// A Ticket represents one call. It is not safe for concurrent use.
type Ticket struct {
	gate    *Gate
	class   Class
	running bool
	since   time.Time // when it got its slot
	subject string
	from    netip.Prefix
	usages  [3]*usage // of the subject, the network and all
}

func (t *Ticket) caller() Caller { return CallerOf(t.subject, t.from) }

// usage is the usage of the caller.
func (t *Ticket) usage() *usage {
	if t.usages[0] != nil {
		return t.usages[0]
	}
	return t.usages[1]
}

// Start takes a slot, and may wait for it. It returns a *Refusal if there is
// none in time, or the context's error. A ticket that has a slot keeps it.
func (t *Ticket) Start(ctx context.Context) error {
	if t.running {
		return nil
	}
	w, patience, ok := t.gate.start(t)
	if !ok {
		return t.gate.refuse(t.class, QueueFull, 0)
	}
	if w != nil {
		if err := t.wait(ctx, w, patience); err != nil {
			return err
		}
	}
	t.running, t.since = true, time.Now()
	return nil
}

func (t *Ticket) wait(ctx context.Context, w *waiter, patience time.Duration) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case running := <-w.answer:
		if !running {
			return t.gate.refuse(t.class, QueueFull, 0)
		}
		return nil
	case <-timer.C:
		if t.gate.leave(t.class, w) {
			return nil
		}
		return t.gate.refuse(t.class, WaitedTooLong, 0)
	case <-ctx.Done():
		if t.gate.leave(t.class, w) {
			t.running, t.since = true, time.Now()
			t.Yield()
		}
		return ctx.Err()
	}
}

// Yield gives the slot back while the call waits for something other than the
// processor. Start takes one again, which is not necessary if little is left to
// do.
func (t *Ticket) Yield() {
	if !t.running {
		return
	}
	t.running = false
	t.gate.mu.Lock()
	defer t.gate.mu.Unlock()
	t.gate.give(t.class, t.usage(), time.Since(t.since))
}

// Held tells whether the call was admitted and has not ended.
func (t *Ticket) Held() bool { return t.gate != nil }

// Done ends the call. It may be called more than once, and on the zero Ticket.
func (t *Ticket) Done() {
	if t.gate == nil {
		return
	}
	g := t.gate
	t.gate = nil
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, u := range t.usages {
		if u != nil {
			u.atOnce[t.class]--
		}
	}
	if t.running {
		t.running = false
		g.give(t.class, t.usage(), time.Since(t.since))
	}
}
