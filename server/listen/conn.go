package listen

import (
	"container/list"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// errFlood ends a connection whose peer has used up a budget of frames.
var errFlood = errors.New("listen: too many control frames")

// A conn counts the frames that are read from it. Read must not run more than
// once at a time; neither library does so.
//
// It has no method ConnectionState on purpose: otherwise net/http would treat
// it as its own TLS and not serve HTTP/2 on it.
type conn struct {
	net.Conn // the socket, or TLS over it: deadlines and addresses
	listener *Listener
	from     netip.Prefix
	socket   *socket
	tls      *tls.Conn // nil for plain text
	frames   frames
	began    int64 // the watcher's turn at Accept
	accepted time.Time
	place    *list.Element // among the unproven; nil: it is none. The listener guards it

	proven atomic.Bool // an authenticated call was made

	opened   atomic.Bool // the first bytes above TLS have arrived
	unopened sync.Once   // counts a failed handshake
	left     atomic.Bool // the listener no longer counts it
}

func newConn(l *Listener, raw net.Conn, from netip.Prefix) *conn {
	c := &conn{
		listener: l,
		from:     from,
		socket:   &socket{Conn: raw, turn: &l.turn},
		began:    l.turn.Load(),
		accepted: time.Now(),
	}
	c.Conn = c.socket
	if l.tls != nil {
		c.tls = tls.Server(c.socket, l.tls)
		c.Conn = c.tls
	}
	c.frames.init(time.Now)
	return c
}

// handshake runs the TLS handshake if it has not run yet. It ends at the latest
// when the watcher closes the connection.
func (c *conn) handshake() error {
	if c.tls == nil {
		return nil
	}
	err := c.tls.Handshake()
	if err != nil && !c.tls.ConnectionState().HandshakeComplete {
		c.unopened.Do(func() {
			c.listener.counts.cut.WithLabelValues(cutHandshake).Inc()
			c.explain(err)
		})
	}
	return err
}

// explain answers plain HTTP on a TLS port: a wrong scheme in a URL is a common
// mistake, and a broken connection explains nothing.
func (c *conn) explain(handshake error) {
	var record tls.RecordHeaderError
	if !errors.As(handshake, &record) || !isMethod(string(record.RecordHeader[:])) {
		return
	}
	_, _ = io.WriteString(c.socket, "HTTP/1.0 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"+PlainOverTLS)
}

// PlainOverTLS is the answer to plain HTTP on a port of TLS, in the form that
// every error over REST has.
const PlainOverTLS = `{"code":3,"message":"request: this port expects TLS: use https","details":[` +
	`{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"MALFORMED_REQUEST","domain":"acquis.eval"},` +
	`{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[` +
	`{"field":"request","description":"this port expects TLS: use https","reason":"MALFORMED_REQUEST"}]}]}`

// isMethod tells whether five bytes are the beginning of an HTTP request.
func isMethod(begin string) bool {
	switch begin {
	case "GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO":
		return true
	}
	return false
}

// Read returns what the peer has sent, or an error if it floods.
func (c *conn) Read(p []byte) (int, error) {
	if err := c.handshake(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if n == 0 {
		return n, err
	}
	if flooded := c.frames.read(p[:n]); flooded != none {
		c.listener.punish(c.from)
		c.cut(cutFloods[flooded])
		return 0, errFlood
	}
	if c.frames.begun() && !c.opened.Load() {
		c.opened.Store(true)
	}
	return n, err
}

// Write counts bytes before it writes them, because the peer may answer before
// Write has returned.
func (c *conn) Write(p []byte) (int, error) {
	if err := c.handshake(); err != nil {
		return 0, err
	}
	c.frames.written.Add(int64(len(p)))
	return c.Conn.Write(p)
}

// CloseWrite allows net/http to end an answer early so that it is still read.
func (c *conn) CloseWrite() error {
	if c.tls != nil {
		return c.tls.CloseWrite()
	}
	if half, ok := c.socket.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close may be called more than once.
func (c *conn) Close() error {
	err := c.Conn.Close()
	c.leave("")
	return err
}

// cut closes a connection at once. It closes the socket, because closing TLS
// would send an alert and wait for a peer that does not read.
func (c *conn) cut(cause string) {
	c.leave(cause)
	abort(c.socket.Conn)
}

// CutUnread closes a connection whose peer leaves an answer unread.
func (c *conn) CutUnread() { c.cut(cutUnread) }

// Prove records an authenticated call: the connection will not be closed to make
// room.
func (c *conn) Prove() {
	if c.proven.CompareAndSwap(false, true) {
		c.listener.prove(c)
	}
}

// leave makes room for another connection, once. If there is a cause, it is
// counted.
func (c *conn) leave(cause string) {
	if !c.left.CompareAndSwap(false, true) {
		return
	}
	if cause != "" {
		c.listener.counts.cut.WithLabelValues(cause).Inc()
	}
	c.listener.leave(c)
}

// piece is how many bytes are written to a socket at once, which a slow reader
// must read within Limits.Stall. Answers are seldom larger.
const piece = 32 << 10

// A socket records when a waiting Write began.
type socket struct {
	net.Conn
	turn  *atomic.Int64
	since atomic.Int64 // the turn in which the piece being written began; 0: none
}

func (s *socket) Write(p []byte) (n int, err error) {
	defer s.since.Store(0)
	for {
		s.since.Store(s.turn.Load())
		m, err := s.Conn.Write(p[n:min(n+piece, len(p))])
		n += m
		if err != nil || n == len(p) {
			return n, err
		}
	}
}
