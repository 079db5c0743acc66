package listen

import (
	"sync/atomic"
	"time"
)

// A kind of frame has a budget of its own.
type kind uint8

const (
	resetFrame        kind = iota // RST_STREAM: a call was started and cancelled
	settingsFrame                 // SETTINGS and its acknowledgement
	pingFrame                     // PING, which the library must answer
	pongFrame                     // PING's acknowledgement
	windowFrame                   // WINDOW_UPDATE
	priorityFrame                 // PRIORITY
	continuationFrame             // CONTINUATION
	smallDataFrame                // DATA with almost no content
	headersFrame                  // HEADERS, which the library may refuse without limit
	otherFrame                    // all that clients need not send
	kinds
	none = kinds
)

// A budget says how many frames of a kind a connection may send. It never
// refills above most.
type budget struct {
	most      float32 // at once
	perSecond float32 // refilled with time
	perByte   float32 // refilled with each byte that is written to the peer
}

// budgets are far above what honest peers send: closing a connection by mistake
// costs calls, closing one late costs some milliseconds of work.
//
// Clients send window updates for what they read: grpc-go for each 16 KiB,
// net/http twice for each 4 KiB, the most eager ones twice for each frame.
// grpc-go measures bandwidth by a ping for each round trip with data. An answer
// has 40 bytes or more. The server's own answers to a flood, 17 bytes to a ping
// and 13 to a refused call, must not refill the budget.
var budgets = [kinds]budget{
	resetFrame:        {most: 1000, perSecond: 200},
	settingsFrame:     {most: 100, perSecond: 5},
	pingFrame:         {most: 200, perSecond: 10, perByte: 1. / 32},
	pongFrame:         {most: 200, perSecond: 10},
	windowFrame:       {most: 16_000, perSecond: 200, perByte: 1. / 20},
	priorityFrame:     {most: 200, perSecond: 10},
	continuationFrame: {most: 100, perSecond: 20},
	smallDataFrame:    {most: 4000, perSecond: 1000},
	headersFrame:      {most: 4000, perSecond: 500, perByte: 1. / 20},
	otherFrame:        {most: 200, perSecond: 10},
}

// smallData: a DATA frame that carries less counts.
const smallData = 64

// An account is what a connection has left. It reads the clock, and counts what
// was written, only if a budget is used up, which does not happen to honest
// connections.
type account struct {
	left    [kinds]float32
	at      [kinds]time.Time // when the budget was last used up; at first when the account began
	seen    [kinds]int64     // what had been written by then
	written atomic.Int64     // bytes written to the peer
	now     func() time.Time
}

func (a *account) init(now func() time.Time) {
	a.now = now
	began := now()
	for k, b := range budgets {
		a.left[k], a.at[k] = b.most, began
	}
}

// spend takes one from a budget, if there is one left.
func (a *account) spend(k kind) bool {
	if a.left[k] < 1 {
		a.refill(k)
	}
	if a.left[k] < 1 {
		return false
	}
	a.left[k]--
	return true
}

func (a *account) refill(k kind) {
	b, now, written := budgets[k], a.now(), a.written.Load()
	back := float32(now.Sub(a.at[k]).Seconds())*b.perSecond + float32(written-a.seen[k])*b.perByte
	a.earn(k, back)
	a.at[k], a.seen[k] = now, written
}

// earn gives back to a budget.
func (a *account) earn(k kind, n float32) { a.left[k] = min(a.left[k]+n, budgets[k].most) }

// request: each call adds some small frames to the budget.
func (a *account) request() {
	a.earn(smallDataFrame, 2)
	a.earn(priorityFrame, 2)
	a.earn(otherFrame, 2)
}

// data: grpc-go answers data with a ping, which the peer acknowledges; and an
// exhausted window causes a small frame.
func (a *account) data(small bool) {
	a.earn(pongFrame, 1)
	if !small {
		a.earn(smallDataFrame, 1)
	}
}
