package linear

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// A linHistory is what callers requested and got, and when.
type linHistory struct {
	seed    uint64
	each    int // candidacies that a group goes through
	started time.Time

	mu         sync.Mutex
	grown      *sync.Cond
	operations []porcupine.Operation
	made       int // calls that have ended, also those that left no trace
	unknown    int // calls left open
	repeated   int // calls that were made more than once
	trouble    []string
	events     int // in the journal: before the calls, after the end those of the calls
}

// newLinHistory makes everything that the callers will use.
func newLinHistory(w *world.World, each int) *linHistory {
	w.T.Helper()
	h := &linHistory{seed: rand.Uint64(), each: each, started: time.Now()}
	h.grown = sync.NewCond(&h.mu)
	prepareLin(w, h.candidacies())
	h.events = w.Events()
	return h
}

func (h *linHistory) candidacies() (names []string) {
	for group := range linGroups {
		for n := range h.each {
			names = append(names, linName(group, n))
		}
	}
	return names
}

func linName(group, n int) string { return fmt.Sprintf("l-%d-%d", group, n) }

func (h *linHistory) now() int64 { return int64(time.Since(h.started)) }

// add records a call that began then and ends now; one without an answer stays
// open.
func (h *linHistory) add(caller int, c linCall, began int64, a linAnswer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ended := h.now()
	if a.unknown {
		h.unknown++
		ended = linOpen
	}
	h.operations = append(h.operations, porcupine.Operation{ClientId: caller, Input: c, Call: began, Output: a, Return: ended})
}

// linOpen is a time after the end of every history.
const linOpen = int64(time.Hour)

// linTries are enough for every repeated request.
const linTries = 50

// ended counts a call that has ended, and keeps answers that no call may get.
func (h *linHistory) ended(tries int, a world.Answer, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.made++
	if tries > 1 {
		h.repeated++
	}
	expected := slices.Contains([]string{"OK", "FAILED_PRECONDITION", "INVALID_ARGUMENT", "ABORTED"}, a.Code)
	if known && !expected || tries >= linTries {
		h.trouble = append(h.trouble, a.Raw)
	}
	h.grown.Broadcast()
}

// reaches waits until that many calls have ended.
func (h *linHistory) reaches(calls int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.made < calls {
		h.grown.Wait()
	}
}

// A linPlace is where the service is at present: after a kill it is in another
// process.
type linPlace struct {
	mu     sync.Mutex
	moved  *sync.Cond
	world  *world.World
	stays  bool         // it is never killed
	sick   *world.World // it has refused a call because its store accepts no writes
	closed bool         // all calls have ended
}

func newLinPlace(w *world.World, stays bool) *linPlace {
	p := &linPlace{world: w, stays: stays}
	p.moved = sync.NewCond(&p.mu)
	return p
}

func (p *linPlace) now() *world.World {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.world
}

func (p *linPlace) move(w *world.World) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.world = w
	p.moved.Broadcast()
}

// after returns the service that follows one that has ended.
func (p *linPlace) after(gone *world.World) *world.World {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.world == gone && !p.stays {
		p.moved.Wait()
	}
	return p.world
}

// refused reports that the service refused a call because its store accepts no
// writes, and returns the one that follows it, or the same when it works again.
func (p *linPlace) refused(w *world.World) *world.World {
	p.mu.Lock()
	p.sick = w
	p.moved.Broadcast()
	p.mu.Unlock()
	return p.after(w)
}

// waitRefused waits until the service has refused a call because of its store, or
// all calls have ended.
func (p *linPlace) waitRefused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.sick != p.world && !p.closed {
		p.moved.Wait()
	}
	return !p.closed
}

// close reports that all calls have ended.
func (p *linPlace) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.moved.Broadcast()
}

// linHabits are probabilities of the less common actions of a caller.
type linHabits struct {
	leaves  float64 // before the answer
	givesUp float64 // after no answer, instead of repeating the request
}

// A linCaller is one of the concurrent callers.
type linCaller struct {
	*linHistory
	place  *linPlace
	habits linHabits
	id     int
	random *rand.Rand
	seen   linGrid // last
}

// play lets all callers make their calls; the channel is closed at the end.
func (h *linHistory) play(ctx context.Context, place *linPlace, habits linHabits) <-chan struct{} {
	var callers sync.WaitGroup
	for id := range linGroups * linCallers {
		c := &linCaller{linHistory: h, place: place, habits: habits, id: id, random: rand.New(rand.NewPCG(h.seed, uint64(id)))}
		callers.Go(func() {
			for n := range h.each {
				c.seen = linGrid{}
				for i := range linCalls {
					c.call(ctx, c.choose(linName(id/linCallers, n), i))
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		callers.Wait()
		close(done)
	}()
	return done
}

// choose draws the next call, considering the grid that the caller saw last.
// Juries wait until there is something to decide.
func (c *linCaller) choose(candidacy string, i int) linCall {
	call := linCall{candidacy: candidacy, assessor: c.random.IntN(linAssessors)}
	named := 1 + c.random.IntN(1<<linCriteria-1)
	for criterion := range linCriteria {
		if named>>criterion&1 == 1 {
			call.verdicts[criterion] = []string{linMet, linMet, linNotMet}[c.random.IntN(3)]
		}
	}
	acts := []string{
		"grid", "grid", "grid", "grid", "record", "record", "record", "record", "record", "record",
		"retract", "settle", "settle", "settle", "withdraw", "reinstate", "reinstate", "ledger", "decisions",
	}
	switch {
	case i >= linCalls*3/4: // the juries decide what can be decided now
		acts = []string{"grid", "grid", "deliberate", "deliberate", "settle", "reinstate", "ledger", "decisions"}
	case c.seen.state == "WITHDRAWN":
		acts = []string{"reinstate", "reinstate", "grid", "record", "deliberate"}
	case i > linCalls/2 && c.seen.state == "ENROLLED" && c.seen.open() == 0:
		acts = []string{"deliberate", "deliberate", "grid", "record"}
	}
	call.act, call.etag = acts[c.random.IntN(len(acts))], c.seen.etag
	if call.act == "deliberate" && call.etag == "" {
		call.act = "grid"
	}
	return call
}

// open counts the criteria of a grid that prevent a decision.
func (g linGrid) open() (n int) {
	for _, status := range g.status {
		if status != linMet && status != linNotMet {
			n++
		}
	}
	return n
}

// call makes a call, repeats it if necessary, and records its result.
func (c *linCaller) call(ctx context.Context, call linCall) {
	request := call.request(fmt.Sprintf("jury-%d", 1+c.random.IntN(2)), c.random.IntN(3) == 0)
	w, began := c.place.now(), c.now()
	last, inFlight := began, false
	a, known, over := c.hasty(ctx, request, w)
	tries := 1
	for ; !known; tries++ {
		inFlight = inFlight || !over
		if call.reads() || tries == linTries || c.random.Float64() < c.habits.givesUp {
			break
		}
		switch {
		case over && a.Reason() == "":
			w = c.place.after(w)
		case a.Reason() == "READ_ONLY":
			w = c.place.refused(w)
		}
		last = c.now()
		a, known, over = request.send(ctx, w)
	}
	read := call.read(a)
	if call.act == "grid" && known {
		c.seen = read.grid
	}
	switch {
	case !known && call.reads():
	case !known:
		c.add(c.id, call, began, linAnswer{unknown: true})
	case a.Code == "OK":
		c.add(c.id, call, began, read)
	default:
		// Refusals are not stored: this one belongs to the last try only. What an
		// earlier try may still do is recorded separately.
		c.add(c.id, call, last, read)
		if inFlight {
			c.add(c.id, call, began, linAnswer{unknown: true})
		}
	}
	c.ended(tries, a, known)
}

// hasty sends a request, and sometimes leaves before the answer.
func (c *linCaller) hasty(ctx context.Context, r linRequest, w *world.World) (a world.Answer, known, over bool) {
	if c.random.Float64() >= c.habits.leaves {
		return r.send(ctx, w)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(c.random.IntN(40000))*time.Microsecond)
	defer cancel()
	return r.send(ctx, w)
}
