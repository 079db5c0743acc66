package admission

import (
	"container/list"
	"time"
)

// A queue is the queue of a class: its callers take turns. It is not safe for
// concurrent use.
type queue struct {
	flows  map[Caller]*flow
	turns  list.List // of *flow, the next in front
	length int       // waiters in all
	since  time.Time // when it was last empty; zero while it is
}

// A flow has the waiting calls of one caller.
type flow struct {
	caller  Caller
	waiters list.List // of *waiter, the first in front
	turn    *list.Element
}

// A waiter waits for a slot.
type waiter struct {
	flow   *flow
	usage  *usage        // of its caller
	place  *list.Element // nil when it has been answered or has left
	answer chan bool     // takes one: whether it has a slot, or was pushed out
}

// push adds a waiter.
func (q *queue) push(c Caller, by *usage, now time.Time) *waiter {
	if q.length == 0 {
		q.since = now
	}
	f, ok := q.flows[c]
	if !ok {
		f = &flow{caller: c}
		f.turn = q.turns.PushBack(f)
		q.flows[c] = f
	}
	w := &waiter{flow: f, usage: by, answer: make(chan bool, 1)}
	w.place = f.waiters.PushBack(w)
	q.length++
	return w
}

// pop takes the first waiter of the next caller who may have a slot; nil if
// none may.
func (q *queue) pop(may func(*usage) bool) *waiter {
	for turn := q.turns.Front(); turn != nil; turn = turn.Next() {
		f := turn.Value.(*flow)
		w := f.waiters.Front().Value.(*waiter)
		if !may(w.usage) {
			continue
		}
		q.turns.MoveToBack(f.turn)
		q.remove(w)
		return w
	}
	return nil
}

// pushOut takes the newest waiter of the caller with the most waiters, if that
// is more than c would have. A full queue is rare and bounded, so a linear
// search is enough.
func (q *queue) pushOut(c Caller) *waiter {
	var most *flow
	for _, f := range q.flows {
		if most == nil || f.waiters.Len() > most.waiters.Len() {
			most = f
		}
	}
	would := 1
	if f, ok := q.flows[c]; ok {
		would += f.waiters.Len()
	}
	if most == nil || most.waiters.Len() <= would {
		return nil
	}
	w := most.waiters.Back().Value.(*waiter)
	q.remove(w)
	return w
}

func (q *queue) remove(w *waiter) {
	w.flow.waiters.Remove(w.place)
	w.place = nil
	if w.flow.waiters.Len() == 0 {
		q.turns.Remove(w.flow.turn)
		delete(q.flows, w.flow.caller)
	}
	if q.length--; q.length == 0 {
		q.since = time.Time{}
	}
}

// busy is how long the queue has not been empty.
func (q *queue) busy(now time.Time) time.Duration {
	if q.since.IsZero() {
		return 0
	}
	return now.Sub(q.since)
}
