package listen

import "time"

// turnsPerLimit is the precision of time: limits are accurate to an eighth.
const turnsPerLimit = 8

// watch closes connections that have not opened in time or have stalled, until
// the listener and all of them are closed. Time is counted in turns, so that
// Write need not read the clock.
func (l *Listener) watch() {
	length := max(min(l.limits.Opening, l.limits.Stall)/turnsPerLimit, time.Millisecond)
	ticker := time.NewTicker(length)
	defer ticker.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-ticker.C:
		}
		turn := l.turn.Add(1)
		for c, cause := range l.overdue(turn, length) {
			c.cut(cause)
		}
	}
}

// overdue returns the connections that must be closed, and why. A limit counts
// full turns, without the turn in which it began.
func (l *Listener) overdue(turn int64, length time.Duration) map[*conn]string {
	opening, stall := int64(l.limits.Opening/length), int64(l.limits.Stall/length)
	causes := make(map[*conn]string)
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		if since := c.socket.since.Load(); since != 0 && turn-since > stall {
			causes[c] = cutStalled
		} else if !c.opened.Load() && turn-c.began > opening {
			causes[c] = cutOpening
		}
	}
	return causes
}
