package admission

import (
	"runtime"
	"time"
)

// A Class of calls has its own limits. Earlier classes are served before later ones.
type Class uint8

// The classes, in the order in which they are served.
const (
	Record  Class = iota // what assessors and juries write, and other writes
	Read                 // one resource by its name
	List                 // lists, searches, exports: many records for one call
	Check                // whether the service is healthy; without a subject
	Public               // without a subject: checkpoints, verification, descriptions
	Watch                // streams without a subject, which may stay open: of health, of reflection
	Refused              // those with invalid credentials, before they are answered
	classes
)

var classNames = [classes]string{"record", "read", "list", "check", "public", "watch", "refused"}

func (c Class) String() string { return classNames[c] }

// A Share limits the calls of one caller, or of all, in a class. 0: no limit.
type Share struct {
	AtOnce    int     // calls between Enter and Done
	PerSecond float64 // calls, in the long run
	Burst     float64 // calls that may come at once; at least 1 if there is a rate
}

// A Rule has the limits of a class.
type Rule struct {
	Running  int           // slots that it may have at once
	Beside   int           // the same while an earlier class is in use; 0: no less
	Each     int           // the same of one caller; 0: no less
	Short    time.Duration // a caller has fewer slots if theirs are kept for longer, and for longer than those of others; 0: no fewer
	Waiting  int           // calls in its queue
	Patience time.Duration // how long a call waits there

	Subject, Network, All Share
}

// Limits are those of a Gate.
type Limits struct {
	Slots   int // of all classes together
	Classes [classes]Rule
}

// DefaultLimits depend on the number of processors. Subjects have no rates,
// because they are known and take turns. No subject has so many slots that others
// wait long, because a read may take milliseconds. Checks of health have no rates
// either, or strangers on the network of a load balancer could use them up; how many
// there are at once affects no other class.
func DefaultLimits() Limits {
	n := runtime.GOMAXPROCS(0)
	few := max(1, n/2)
	l := Limits{Slots: 40 * n}
	l.Classes = [classes]Rule{
		Record:  known(512, Rule{Running: 40 * n, Each: 20 * n, Short: time.Millisecond, Waiting: 1024, Patience: 200 * time.Millisecond}),
		Read:    known(512, Rule{Running: 32 * n, Each: 16 * n, Short: time.Millisecond, Waiting: 512, Patience: 100 * time.Millisecond}),
		List:    known(128, Rule{Running: n, Beside: few, Waiting: 256, Patience: time.Second}),
		Check:   {Running: 4 * n, Waiting: 128, Patience: 100 * time.Millisecond, Network: Share{AtOnce: 64}, All: Share{AtOnce: 4096}},
		Public:  unknown(n, Rule{Running: 4 * n, Beside: few, Waiting: 128, Patience: 50 * time.Millisecond}),
		Watch:   unknown(n, Rule{Running: n, Beside: few, Waiting: 64, Patience: 50 * time.Millisecond}),
		Refused: unknown(n, Rule{Running: 2 * n, Beside: few, Waiting: 64, Patience: 50 * time.Millisecond}),
	}
	return l
}

// known: a subject may have that many calls at once, a network twice and all together four times as many.
func known(atOnce int, r Rule) Rule {
	r.Subject.AtOnce, r.Network.AtOnce, r.All.AtOnce = atOnce, 2*atOnce, 4*atOnce
	return r
}

// unknown: a network has the rate of a busy person, all together that of a
// fraction of a processor. All together may have as many calls at once as 64
// networks: a call that arrives slowly costs little more than its place.
func unknown(processors int, r Rule) Rule {
	perSecond := float64(500 * processors)
	r.Network = Share{AtOnce: 16, PerSecond: 20, Burst: 100}
	r.All = Share{AtOnce: 1024, PerSecond: perSecond, Burst: perSecond}
	return r
}

// quiet: a class without a call for that long is not active.
const quiet = 200 * time.Millisecond

// pressedAfter: a queue that has not been empty for that long is not a burst.
const pressedAfter = 500 * time.Millisecond

// each is how many slots a caller may have who keeps one for that long on average, while
// others keep theirs for so long; 0: there are no others. Long calls keep a processor for
// so long that others would wait for it, however many slots are left. What makes all
// calls long, such as a busy machine, is nobody's fault.
func (r Rule) each(kept, others time.Duration) int {
	usual := max(r.Short, others)
	if r.Short == 0 || others == 0 || kept <= usual {
		return r.Each
	}
	return max(1, int(int64(r.Each)*int64(usual)/int64(kept)))
}

// patience is how long a call waits in a queue that has not been empty for that long.
func (r Rule) patience(busy time.Duration) time.Duration {
	if busy > pressedAfter {
		return r.Patience / 4
	}
	return r.Patience
}
