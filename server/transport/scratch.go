package transport

import "sync"

// A scratch keeps space in which answers are written while nobody knows yet how long
// they get. What is sent is a copy of just their size: callers take their time with it,
// and what is lent to them for that long must be what it takes.
type scratch struct{ pool sync.Pool }

// mostScratch is more than a page of any list. Larger space is not kept.
const mostScratch = 2 << 20

// get returns empty space.
func (s *scratch) get() *[]byte {
	if space, ok := s.pool.Get().(*[]byte); ok {
		return space
	}
	return new([]byte)
}

// put takes space back, which what was written may have outgrown.
func (s *scratch) put(space *[]byte, written []byte) {
	if cap(written) <= mostScratch {
		*space = written[:0]
		s.pool.Put(space)
	}
}
