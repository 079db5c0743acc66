package admission

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// BudgetLimits bound the bytes of calls that are being received and answered.
type BudgetLimits struct {
	Bytes     int64         // in all
	PerCaller int64         // of one caller; what one call may take at most
	Waiting   int           // calls that wait for bytes
	Patience  time.Duration // how long they do
}

// Defaults of the budgets, so that neither unknown callers nor large requests
// can use up the memory of others. The largest request, decoded, must fit into
// PerCaller.
var (
	SmallBudget       = BudgetLimits{Bytes: 64 << 20, PerCaller: 16 << 20, Waiting: 256, Patience: 100 * time.Millisecond}
	LargeBudget       = BudgetLimits{Bytes: 128 << 20, PerCaller: 40 << 20, Waiting: 64, Patience: 100 * time.Millisecond}
	SmallPublicBudget = BudgetLimits{Bytes: 16 << 20, PerCaller: 640 << 10, Waiting: 64, Patience: 50 * time.Millisecond}
	LargePublicBudget = BudgetLimits{Bytes: 16 << 20, PerCaller: 1 << 20, Waiting: 64, Patience: 50 * time.Millisecond}

	AnswersBudget       = BudgetLimits{Bytes: 96 << 20, PerCaller: 16 << 20, Waiting: 256, Patience: 200 * time.Millisecond}
	PublicAnswersBudget = BudgetLimits{Bytes: 32 << 20, PerCaller: 1 << 20, Waiting: 64, Patience: 50 * time.Millisecond}
	RefusalsBudget      = BudgetLimits{Bytes: 32 << 20, PerCaller: 1 << 20} // nothing waits for a refusal
)

// A Budget grants bytes before they are used. Calls wait in the order of their
// arrival, so that small ones cannot delay a large one forever; but no call waits
// behind one that waits only for its own caller's bytes.
type Budget struct {
	name    string
	limits  BudgetLimits
	refused *prometheus.CounterVec // by cause
	taken   prometheus.GaugeFunc

	mu      sync.Mutex
	out     int64
	held    map[Caller]int64 // by caller, if any
	waiting list.List        // of *claim, the first in front
}

// A claim waits for bytes.
type claim struct {
	by    Caller
	bytes int64
	place *list.Element // nil when it has been granted or has left
	ready chan struct{}
}

// NewBudget returns an unused budget. The name is its label in metrics.
func NewBudget(name string, limits BudgetLimits) *Budget {
	b := &Budget{name: name, limits: limits, held: make(map[Caller]int64)}
	labels := prometheus.Labels{"budget": name}
	b.refused = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "acquis_bytes_shed_total", ConstLabels: labels,
		Help: "Calls refused because their request found no memory, by the limit that refused them.",
	}, []string{"cause"})
	b.taken = prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "acquis_bytes_taken", Help: "Bytes of memory that calls hold, by budget.", ConstLabels: labels,
	}, func() float64 {
		b.mu.Lock()
		defer b.mu.Unlock()
		return float64(b.out)
	})
	return b
}

// Collectors are the budget's metrics.
func (b *Budget) Collectors() []prometheus.Collector {
	return []prometheus.Collector{b.refused, b.taken}
}

// Take takes n bytes for a call, and may wait for them. It returns a *Refusal
// if there are none in time, or the context's error. They must be returned by
// Give with the same caller and number.
func (b *Budget) Take(ctx context.Context, by Caller, n int64) error {
	if n > min(b.limits.PerCaller, b.limits.Bytes) {
		return b.refuse(TooLarge, 0)
	}
	b.mu.Lock()
	if b.fits(by, n) && !b.owed() {
		b.grant(by, n)
		b.mu.Unlock()
		return nil
	}
	if b.waiting.Len() >= b.limits.Waiting {
		b.mu.Unlock()
		return b.refuse(QueueFull, later())
	}
	c := &claim{by: by, bytes: n, ready: make(chan struct{})}
	c.place = b.waiting.PushBack(c)
	b.mu.Unlock()
	return b.wait(ctx, c)
}

// TakeAtMost is Take for sizes that may be larger than the limit of one caller:
// it takes at most that limit, and returns how much must be given back.
func (b *Budget) TakeAtMost(ctx context.Context, by Caller, n int64) (taken int64, err error) {
	n = min(n, b.limits.PerCaller, b.limits.Bytes)
	return n, b.Take(ctx, by, n)
}

// Charge takes bytes that are already in use, whatever the limits. They count
// for later calls.
func (b *Budget) Charge(by Caller, n int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.grant(by, n)
	return n
}

func (b *Budget) wait(ctx context.Context, c *claim) error {
	timer := time.NewTimer(b.limits.Patience)
	defer timer.Stop()
	select {
	case <-c.ready:
		return nil
	case <-timer.C:
		if b.leave(c) {
			return nil
		}
		return b.refuse(WaitedTooLong, later())
	case <-ctx.Done():
		if b.leave(c) {
			b.Give(c.by, c.bytes)
		}
		return ctx.Err()
	}
}

// leave ends a cancelled wait, and tells whether its bytes were granted
// meanwhile.
func (b *Budget) leave(c *claim) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.place == nil {
		return true
	}
	b.waiting.Remove(c.place)
	b.serve() // those behind it may need less
	return false
}

// Give gives back what Take took.
func (b *Budget) Give(by Caller, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.out -= n
	if b.held[by] -= n; b.held[by] == 0 {
		delete(b.held, by)
	}
	b.serve()
}

// serve grants what is waited for, in order.
func (b *Budget) serve() {
	for e := b.waiting.Front(); e != nil; {
		c := e.Value.(*claim)
		next := e.Next()
		if b.out+c.bytes > b.limits.Bytes {
			return
		}
		if b.fits(c.by, c.bytes) {
			b.waiting.Remove(e)
			c.place = nil
			b.grant(c.by, c.bytes)
			close(c.ready)
		}
		e = next
	}
}

func (b *Budget) fits(by Caller, n int64) bool {
	return b.out+n <= b.limits.Bytes && b.held[by]+n <= b.limits.PerCaller
}

// owed tells whether a call waits for bytes of other callers: a new call must
// not overtake it.
func (b *Budget) owed() bool {
	for e := b.waiting.Front(); e != nil; e = e.Next() {
		if c := e.Value.(*claim); b.held[c.by]+c.bytes <= b.limits.PerCaller {
			return true
		}
	}
	return false
}

func (b *Budget) grant(by Caller, n int64) {
	b.out += n
	b.held[by] += n
}

func (b *Budget) refuse(cause Cause, wait time.Duration) error {
	b.refused.WithLabelValues(cause.String()).Inc()
	return &Refusal{Class: b.name, Cause: cause, RetryAfter: wait}
}
