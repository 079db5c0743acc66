package transport

import (
	"sync"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/acquis-eval/acquis/server/admission"
	"github.com/acquis-eval/acquis/server/call"
)

// An answer over gRPC takes memory until its caller has taken it: the library
// queues it whole, for as long as the windows of the peer are shut, and ends the
// call meanwhile. So the bytes of an answer are lent too, until the library lets go
// of its buffer. Over REST they are until the handler has written them.
const (
	smallAnswer = 4 << 10     // less is not counted
	takenWithin = time.Minute // a peer that leaves an answer for longer is cut off
)

// pack encodes an answer over gRPC and borrows its bytes. What is encoded once for
// all callers costs nothing more.
func (v *visit) pack(answer any) (any, error) {
	if _, shared := answer.(*call.Encoded); shared {
		return answer, nil
	}
	encoded, err := v.codec.Marshal(answer)
	if err != nil || encoded.Len() < smallAnswer {
		return encoded, err
	}
	whole := encoded.MaterializeToBuffer(mem.DefaultBufferPool())
	encoded.Free()
	l, err := v.lend(whole.Len())
	if err != nil {
		whole.Free()
		return nil, err
	}
	connection := connectionOf(v.ctx)
	l.buffer, l.late = whole, time.AfterFunc(takenWithin, func() {
		connection.cut()
		l.end()
	})
	data := whole.ReadOnlyData()
	return mem.BufferSlice{mem.NewBuffer(&data, l)}, nil
}

// lend takes the bytes of an answer from the budget. What was written is told
// whatever it costs: the request was lent as much.
func (v *visit) lend(size int) (*loan, error) {
	v.ticket.Yield() // from here on the call waits for its caller
	l := &loan{budget: v.budgets.answersTo(v.public), by: v.caller(), bytes: int64(size)}
	if v.class == admission.Record {
		l.bytes = l.budget.Charge(l.by, l.bytes)
		return l, nil
	}
	var err error
	l.bytes, err = l.budget.TakeAtMost(v.ctx, l.by, l.bytes)
	return l, err
}

// A loan is the bytes of one answer. It is the pool of the buffer that the library
// gets, which tells when that is let go of. The library does not of what is queued
// when a connection ends; then the clock does.
type loan struct {
	budget *admission.Budget
	by     admission.Caller
	bytes  int64
	buffer mem.Buffer
	late   *time.Timer
	once   sync.Once
}

func (l *loan) end() { l.once.Do(func() { l.budget.Give(l.by, l.bytes) }) }

// Get implements mem.BufferPool. Nobody gets anything from a loan.
func (l *loan) Get(length int) *[]byte { return mem.DefaultBufferPool().Get(length) }

// Put implements mem.BufferPool: the library has sent the answer, or dropped it.
func (l *loan) Put(*[]byte) {
	l.late.Stop()
	l.buffer.Free()
	l.end()
}
