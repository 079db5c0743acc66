package listen

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Limits bound the connections of one listener. All must be positive.
type Limits struct {
	Connections int           // at once, in total
	PerNetwork  int           // at once, from one network
	Openings    int           // from one network per second; 4 times as many may come at once
	Opening     time.Duration // from Accept to the first bytes above TLS
	Stall       time.Duration // a peer that reads nothing for that long is cut off
}

// DefaultLimits suit a service that is called directly. Behind a proxy all
// connections come from one network, so PerNetwork and Openings must be raised
// to what the proxy opens.
var DefaultLimits = Limits{
	Connections: 4096, PerNetwork: 256, Openings: 200,
	Opening: 10 * time.Second, Stall: 30 * time.Second,
}

// A Listener accepts connections within limits.
type Listener struct {
	inner  net.Listener
	limits Limits
	tls    *tls.Config
	counts counts

	turn atomic.Int64  // the watcher's count of turns, from 1
	done chan struct{} // closed when the listener and all connections are

	mu       sync.Mutex
	closed   bool
	conns    map[*conn]struct{}
	unproven list.List // of *conn, the oldest in front
	networks *networks
}

// New returns a listener over inner, which it then owns. The door is its name in
// metrics. With a config it terminates TLS, with the protocols of NextProtos; nil
// means plain text.
//
// It must be closed even if it is never served.
func New(inner net.Listener, door string, limits Limits, config *tls.Config) *Listener {
	l := &Listener{
		inner:    inner,
		limits:   limits,
		tls:      config,
		counts:   newCounts(door),
		done:     make(chan struct{}),
		conns:    make(map[*conn]struct{}),
		networks: newNetworks(limits),
	}
	l.turn.Store(1)
	go l.watch()
	return l
}

// Addr is the address of the inner listener.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// Collectors are the listener's metrics.
func (l *Listener) Collectors() []prometheus.Collector { return l.counts.collectors() }

// Accept returns the next connection that is within the limits.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		raw, err := l.inner.Accept()
		if err != nil {
			return nil, err
		}
		c, instead, cause := l.admit(raw)
		if instead != nil {
			instead.cut(cutForRoom)
		}
		if c != nil {
			return c, nil
		}
		abort(raw)
		if cause == "" {
			return nil, net.ErrClosed
		}
		l.counts.refused.WithLabelValues(cause).Inc()
	}
}

// admit returns a connection, and the one that is closed for it if any, or the
// cause why it is refused; no cause if the listener was closed meanwhile.
func (l *Listener) admit(raw net.Conn) (c, instead *conn, cause string) {
	from := Network(raw.RemoteAddr())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, ""
	}
	c = newConn(l, raw, from)
	if instead, cause = l.inTheWay(c); cause != "" {
		return nil, nil, cause
	}
	if cause := l.networks.enter(from, c.accepted); cause != "" {
		return nil, nil, cause
	}
	if instead != nil {
		l.forgetUnproven(instead)
	}
	l.conns[c] = struct{}{}
	c.place = l.unproven.PushBack(c)
	l.counts.open.Inc()
	return c, instead, ""
}

// settling is how long a new connection is not closed to make room, so that its
// peer can make an authenticated call.
const settling = time.Second

// inTheWay returns the connection that is closed for a new one, if any: the
// oldest one without an authenticated call, of the network that is full.
// Otherwise idle connections would keep out callers with work to do.
func (l *Listener) inTheWay(c *conn) (instead *conn, cause string) {
	network := l.networks.full(c.from)
	switch {
	case network:
		cause = refusedNetwork
	case len(l.conns) >= l.limits.Connections:
		cause = refusedAll
	default:
		return nil, ""
	}
	for e := l.unproven.Front(); e != nil; e = e.Next() {
		old := e.Value.(*conn)
		if c.accepted.Sub(old.accepted) < settling {
			break
		}
		if !network || old.from == c.from {
			return old, ""
		}
	}
	return nil, cause
}

// prove marks a connection as one that is not closed to make room.
func (l *Listener) prove(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetUnproven(c)
}

func (l *Listener) forgetUnproven(c *conn) {
	if c.place != nil {
		l.unproven.Remove(c.place)
		c.place = nil
	}
}

// leave removes a connection that has been closed.
func (l *Listener) leave(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	l.forgetUnproven(c)
	l.networks.leave(c.from)
	l.counts.open.Dec()
	l.finish()
}

// punish takes openings from a network that has flooded a connection.
func (l *Listener) punish(from netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.networks.punish(from, time.Now())
}

// Open returns how many connections are open.
func (l *Listener) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// Close stops Accept. Open connections stay.
func (l *Listener) Close() error {
	l.mu.Lock()
	l.closed = true
	l.finish()
	l.mu.Unlock()
	return l.inner.Close()
}

// finish ends the watcher if there is nothing left to watch.
func (l *Listener) finish() {
	if !l.closed || len(l.conns) > 0 {
		return
	}
	select {
	case <-l.done:
	default:
		close(l.done)
	}
}

// abort closes a connection and drops unsent data, so that the kernel does not
// keep it.
func abort(raw net.Conn) {
	if tcp, ok := raw.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // if it fails the connection is closed the slow way
	}
	_ = raw.Close()
}
