package transport

import (
	"sync"
	"sync/atomic"
)

// A scratch keeps buffers for encoding answers, whose size is not known beforehand. An
// answer is sent as a copy of its exact size: a slow caller may hold it for long, and
// the budget counts its length.
type scratch struct {
	pool    sync.Pool
	largest atomic.Int64 // that was kept: the size of a new one (docs/performance.md has the gain)
}

// mostScratch is more than nearly any answer takes. Larger buffers are not kept.
const mostScratch = 2 << 20

// get returns an empty buffer.
func (s *scratch) get() *[]byte {
	if space, ok := s.pool.Get().(*[]byte); ok {
		return space
	}
	space := make([]byte, 0, s.largest.Load())
	return &space
}

// put takes a buffer back. What was written may have outgrown it.
func (s *scratch) put(space *[]byte, written []byte) {
	size := int64(cap(written))
	if size > mostScratch {
		return
	}
	for known := s.largest.Load(); size > known && !s.largest.CompareAndSwap(known, size); {
		known = s.largest.Load()
	}
	*space = written[:0]
	s.pool.Put(space)
}
