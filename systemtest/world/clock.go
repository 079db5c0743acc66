package world

import (
	"bytes"
	"sync"
	"time"
)

// Patience is how long a test waits for something before it fails: far more than
// it takes on a busy machine.
const Patience = 2 * time.Minute

// Clock is the clock of the service, so that tests can skip a day.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is a millisecond later each time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set sets the clock.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Logs collects what the service logs.
type Logs struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	waited chan struct{} // closed when more is logged; nil: no test waits
}

// Write implements io.Writer.
func (l *Logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waited != nil {
		close(l.waited)
		l.waited = nil
	}
	return l.buf.Write(p)
}

// More is closed when more is logged.
func (l *Logs) More() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waited == nil {
		l.waited = make(chan struct{})
	}
	return l.waited
}

// String is all that was logged.
func (l *Logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
