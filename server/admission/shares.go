package admission

import (
	"math"
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// remembered is how many subjects, and how many networks, are remembered: some
// megabytes.
const remembered = 16_384

// A usage is what one caller, or all together, use in each class.
type usage struct {
	atOnce  [classes]int32
	running [classes]int32         // slots
	kept    [classes]time.Duration // for how long a slot is kept, on average
	recent  [classes]recent
	// due is when, at the rate of its share, the calls so far should have come: a
	// bucket that needs one number (the generic cell rate algorithm).
	due [classes]int64
}

// check tells how long a call must wait for its rate, and whether there are too
// many at once.
func (u *usage) check(c Class, s Share, now int64) (wait time.Duration, full bool) {
	if s.AtOnce > 0 && int(u.atOnce[c]) >= s.AtOnce {
		return 0, true
	}
	if s.PerSecond <= 0 {
		return 0, false
	}
	step := float64(time.Second) / s.PerSecond
	early := float64(max(u.due[c], now)-now) - (max(1, s.Burst)-1)*step
	return time.Duration(max(0, early)), false
}

func (u *usage) take(c Class, s Share, now int64) {
	u.atOnce[c]++
	if s.PerSecond > 0 {
		u.due[c] = max(u.due[c], now) + int64(float64(time.Second)/s.PerSecond)
	}
}

// keep counts a slot that was kept for that long. The average rises quickly and
// falls slowly, so that many short calls do not make up for a few long ones.
func (u *usage) keep(c Class, kept time.Duration) {
	apart := kept - u.kept[c]
	if apart < 0 {
		apart /= 8
	}
	u.kept[c] += apart / 8
	now := time.Now().UnixNano()
	u.recent[c] = u.recent[c].at(now)
	u.recent[c].calls++
	u.recent[c].kept += float64(kept)
}

// recent calls, and for how long they kept their slots together, in nanoseconds. Both
// fall by half in a second.
type recent struct {
	calls, kept float64
	since       int64
}

func (r recent) at(now int64) recent {
	fraction := math.Exp2(-float64(now-r.since) / float64(time.Second))
	return recent{r.calls * fraction, r.kept * fraction, now}
}

// usages remembers the most recent callers. A caller that is dropped while it has
// calls starts again from zero; its running calls end on its old usage.
type usages[K comparable] struct {
	*simplelru.LRU[K, *usage]
}

func newUsages[K comparable]() usages[K] {
	lru, err := simplelru.NewLRU[K, *usage](remembered, nil)
	if err != nil {
		panic(err) // only a size below 1 is refused
	}
	return usages[K]{lru}
}

func (u usages[K]) of(key K) *usage {
	found, ok := u.Get(key)
	if !ok {
		found = new(usage)
		u.Add(key, found)
	}
	return found
}

// shares holds all usages. It is not safe for concurrent use.
type shares struct {
	subjects usages[string]
	networks usages[netip.Prefix]
	all      *usage
}

func newShares() shares {
	return shares{newUsages[string](), newUsages[netip.Prefix](), new(usage)}
}

// enter takes a call's part of each share, or of none; then it returns the
// cause, and when there will be room, if that is known.
func (s *shares) enter(t *Ticket, r *Rule, now int64) (Cause, time.Duration) {
	if t.subject != "" {
		t.usages[0] = s.subjects.of(t.subject)
	}
	t.usages[1], t.usages[2] = s.networks.of(t.from), s.all
	limits := [...]*Share{&r.Subject, &r.Network, &r.All}
	for i, u := range t.usages {
		if u == nil {
			continue
		}
		if wait, full := u.check(t.class, *limits[i], now); full {
			return SubjectAtOnce + Cause(i), 0
		} else if wait > 0 {
			return SubjectRate + Cause(i), wait
		}
	}
	for i, u := range t.usages {
		if u != nil {
			u.take(t.class, *limits[i], now)
		}
	}
	return none, 0
}
