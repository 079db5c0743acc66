package transport

import (
	"sync"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/acquis-eval/acquis/server/admission"
	"github.com/acquis-eval/acquis/server/call"
)

// An answer over gRPC takes memory until its caller has read it: the library
// queues it while the windows of the peer are closed, and ends the call
// meanwhile. So the bytes of an answer are also taken from a budget, until the
// library releases its buffer; over REST, until they were sent. Small answers count
// too: a caller who reads nothing keeps a stream for each, with its headers.
const (
	bytesOfAStream = maxHeaderBytes + 4<<10
	takenWithin    = time.Minute // a peer that leaves an answer unread for longer is cut off
	noticed        = 1<<10 + 1   // the library tells when it releases a buffer only if that has so many bytes
)

// pack encodes an answer over gRPC and takes its bytes from the budget. The bytes of
// answers that are encoded once for all callers do not count, but their streams do.
func (v *visit) pack(answer any) (any, error) {
	encoded, err := v.codec.Marshal(answer)
	if err != nil {
		return nil, err
	}
	whole, size := noticeable(encoded), encoded.Len()
	encoded.Free()
	own := size
	if _, shared := answer.(*call.Encoded); shared {
		own = 0
	}
	l, err := v.lend(own)
	if err != nil {
		whole.Free()
		return nil, err
	}
	connection := connectionOf(v.ctx)
	l.buffer, l.late = whole, time.AfterFunc(takenWithin, func() {
		connection.cut()
		l.end()
	})
	data := whole.ReadOnlyData()[:size]
	return mem.BufferSlice{mem.NewBuffer(&data, l)}, nil
}

// noticeable returns the bytes in one buffer that is large enough: its end means
// nothing.
func noticeable(encoded mem.BufferSlice) mem.Buffer {
	pool := mem.DefaultBufferPool()
	if encoded.Len() >= noticed {
		return encoded.MaterializeToBuffer(pool)
	}
	space := pool.Get(noticed)
	encoded.CopyTo(*space)
	return mem.NewBuffer(space, pool)
}

// lend takes the bytes of an answer, and of its stream, from the budget. The answer
// to a write is always sent: its request was granted as much.
func (v *visit) lend(size int) (*loan, error) {
	l := &loan{budget: v.budgets.answersTo(v.method), by: v.caller(), bytes: int64(bytesOfAStream + size)}
	if v.class == admission.Record {
		v.ticket.Yield() // from here on the call waits for its reader
		l.bytes = l.budget.Charge(l.by, l.bytes)
		return l, nil
	}
	// A call that waits for its turn holds the bytes of its answer, and its slot so that
	// not too many do.
	var err error
	l.bytes, err = l.budget.TakeAtMost(v.ctx, l.by, l.bytes)
	v.ticket.Yield()
	return l, err
}

// A loan is the bytes of one answer. It is the pool of the buffer that the
// library gets, so that it learns when the buffer is released. The library does
// not release what is queued when a connection ends; then a timer does.
type loan struct {
	budget *admission.Budget
	by     admission.Caller
	bytes  int64
	buffer mem.Buffer
	late   *time.Timer
	once   sync.Once
}

func (l *loan) end() { l.once.Do(func() { l.budget.Give(l.by, l.bytes) }) }

// Get implements mem.BufferPool. It is never called on a loan.
func (l *loan) Get(length int) *[]byte { return mem.DefaultBufferPool().Get(length) }

// Put implements mem.BufferPool: the library has sent the answer, or dropped it.
func (l *loan) Put(*[]byte) {
	l.late.Stop()
	l.buffer.Free()
	l.end()
}
