package transport

import "sync"

// A scratch keeps buffers for encoding answers, whose size is not known beforehand. An
// answer is sent as a copy of its exact size: a slow caller may hold it for long, and
// the budget counts its length.
type scratch struct{ pool sync.Pool }

// mostScratch is more than nearly any answer takes. Larger buffers are not kept.
const mostScratch = 2 << 20

// get returns an empty buffer.
func (s *scratch) get() *[]byte {
	if space, ok := s.pool.Get().(*[]byte); ok {
		return space
	}
	return new([]byte)
}

// put takes a buffer back. What was written may have outgrown it.
func (s *scratch) put(space *[]byte, written []byte) {
	if cap(written) <= mostScratch {
		*space = written[:0]
		s.pool.Put(space)
	}
}
