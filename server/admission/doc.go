// Package admission decides what is processed under overload: a Gate for calls,
// a Budget for the bytes of requests that are being received.
//
// # A call's way through the gate
//
//	Enter   refuses at once if a rate is exceeded or there are too many calls at once
//	Start   takes a slot; waits for one in a queue, at most for the patience of its class
//	Yield   gives the slot back while the call waits for others
//	Done    ends the call
//
// A slot stands for processor work. So a call that waits for something else has
// none: a body is received between Enter and Start, and a write yields before
// it waits for the commit, because a group can only be as large as the number
// of calls that wait together. A stream yields while it sends.
//
// # Order
//
// Each class has a queue, and the queues are served in the order of the classes
// (gate.go). Within a queue, callers take turns, however many calls they have
// (queue.go): a thousand calls of one subject delay another subject's call by
// one. A full queue drops the newest call of the caller with the most calls in
// it.
//
// Expensive classes have few slots, and even fewer while an earlier class is
// active: a page of a list uses a processor for milliseconds, without
// interruption. For the same reason a caller whose slots are kept for longer than
// those of others has fewer of them (Rule.Short): a hundred connections that each ask
// for a grid with a megabyte of comments get one or two. Alone, or if all calls are
// long because the machine is busy, nobody has fewer.
//
// # Shedding
//
// A call is refused when it has waited for the patience of its class. If a
// queue has not been empty for a while, patience shrinks to a quarter: then it
// is not a burst, and a long queue would only delay everybody.
//
// # Shares
//
// Rates and numbers of calls are limited by subject, by network and in total,
// for each class separately (shares.go). A limited number of subjects and
// networks is remembered, the least recently used are forgotten first. An
// attacker with more networks is subject to the total limits.
//
// # What can never happen
//
//   - A call waits longer than its patience, or in a queue longer than its bound.
//   - A call whose context ended while it waited keeps a slot or a byte.
//   - Calls without a subject crowd out calls with one: later classes have few slots.
//   - A label of a metric comes from outside.
package admission
