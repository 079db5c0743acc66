// Package admission decides who is processed when there is too much: calls in a
// Gate, bytes of calls that are being received in a Budget.
//
// # A call's way through the gate
//
//	Enter   refuses at once who is over a rate or has too many calls at once
//	Start   takes a slot; waits for one in a queue, for as long as its class bears
//	Yield   gives the slot back while the call waits for others
//	Done    ends the call
//
// A slot stands for work of the processor. So whoever waits for something else has
// none: a body is received between Enter and Start, and a write yields before it
// waits for its group to be committed, since groups are only as large as the number
// of calls that may wait together. A stream yields while it sends.
//
// # Order
//
// Each class has a queue, and the queues are served in the order of the classes
// (gate.go). Within one, callers take turns whatever the number of their calls
// (queue.go): a thousand calls of one subject delay another's single call by one.
// A full queue pushes out the newest call of the caller who has most in it.
//
// Dear classes have few slots, and fewer still while one before them is at work: a
// page of a list takes a processor for milliseconds, and nothing interrupts it.
//
// # Shedding
//
// A call that has waited for the patience of its class is refused. In a queue
// that has not been empty for a while patience shrinks to a quarter: the queue
// then holds no burst that will pass, only delay for all who come after.
//
// # Shares
//
// Rates and numbers of calls are limited by subject, by network and in all, each
// class for itself (shares.go). What is remembered of a subject or a network is
// bounded, the one used longest ago is forgotten first: who has more networks
// at hand than are remembered meets the limits that count all.
//
// # What can never happen
//
//   - A call waits longer than its patience, or in a queue longer than its bound.
//   - A slot or a byte is kept by a call whose context has ended while it waited.
//   - Calls without a subject take a slot that one with a subject could have had:
//     classes later in the order have few.
//   - A label of a metric comes from outside.
package admission
