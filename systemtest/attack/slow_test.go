package attack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"
)

// Attacks by slow connections.

// promised is the length that an unfinished message announces: a server that
// trusts it may reserve so much, and it is within the limit for messages.
const promised = 4<<20 - 1024

// unfinished opens streams whose messages never end: they announce a long
// message, send almost all of it or only a beginning, and wait.
func unfinished(role string, connections, streams, sent int) func(context.Context, *target) {
	return func(ctx context.Context, t *target) {
		crowd(connections, func(int) {
			transport := &carrier{t: t}
			defer transport.close()
			crowd(streams, func(int) {
				for ctx.Err() == nil {
					t.tried(1)
					body := &stalling{ctx: ctx, begin: []byte{0, 0, promised >> 16, promised >> 8 & 0xff, promised & 0xff}, zeros: sent}
					t.cameBefore(ctx, t.grpcOverHTTP(ctx, transport, t.keyOf(role), body))
					pause(ctx, 100*time.Millisecond)
				}
			})
		})
	}
}

// Services of the library, which need no key.
const (
	checkHealth = "/grpc.health.v1.Health/Check"
	reflect     = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
)

// unfinishedChecks opens as many checks of health as a network may, without a message.
func unfinishedChecks(ctx context.Context, t *target) {
	crowd(22, func(int) {
		for ctx.Err() == nil {
			p, err := t.greet(ctx, way{})
			for i := uint32(0); err == nil && i < 100; i++ {
				err = p.WriteHeaders(http2.HeadersFrameParam{StreamID: stream(i), BlockFragment: p.request(checkHealth, ""), EndHeaders: true})
				t.tried(1)
			}
			if p == nil {
				continue
			}
			for p.flush() == nil && ctx.Err() == nil {
				pause(ctx, 100*time.Millisecond)
				_ = p.WriteWindowUpdate(0, 1) // into the buffer
			}
			p.Close()
		}
	})
}

// A carrier is one HTTP/2 connection, also without TLS; a new one if it is
// closed.
type carrier struct {
	t *target

	mu   sync.Mutex
	conn *http.ClientConn
}

func (c *carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	conn, err := c.connected(r.Context(), r.URL.Scheme)
	if err != nil {
		return nil, err
	}
	return conn.RoundTrip(r)
}

func (c *carrier) connected(ctx context.Context, scheme string) (*http.ClientConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil && c.conn.Err() == nil {
		return c.conn, nil
	}
	var both http.Protocols
	both.SetHTTP2(true)
	both.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &both, TLSClientConfig: tlsFor("h2")}
	var err error
	c.conn, err = transport.NewClientConn(ctx, scheme, c.t.GRPC)
	return c.conn, err
}

func (c *carrier) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

// grpcOverHTTP makes a gRPC call with any body as its message.
func (t *target) grpcOverHTTP(ctx context.Context, transport http.RoundTripper, key string, body io.Reader) string {
	scheme := "http://"
	if t.TLS {
		scheme = "https://"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, scheme+t.GRPC+recordAssessments, body)
	if err != nil {
		return "malformed"
	}
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("Te", "trailers")
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		var reset http2.StreamError
		if errors.As(err, &reset) {
			return "stream reset " + reset.Code.String()
		}
		return "connection broken"
	}
	defer answer.Body.Close()
	drain(answer.Body)
	code := answer.Header.Get("Grpc-Status")
	if code == "" {
		code = answer.Trailer.Get("Grpc-Status")
	}
	return fmt.Sprintf("HTTP %d, gRPC %s", answer.StatusCode, code)
}

// A stalling body begins, and then gives a byte at intervals, or none.
type stalling struct {
	ctx   context.Context
	begin []byte
	zeros int           // after that
	every time.Duration // 0: no more bytes
}

func (s *stalling) Read(p []byte) (int, error) {
	if len(s.begin) > 0 {
		n := copy(p, s.begin)
		s.begin = s.begin[n:]
		return n, nil
	}
	if s.zeros > 0 {
		n := min(s.zeros, len(p))
		clear(p[:n])
		s.zeros -= n
		return n, nil
	}
	if s.every == 0 {
		<-s.ctx.Done()
		return 0, s.ctx.Err()
	}
	pause(s.ctx, s.every)
	return copy(p, " "), s.ctx.Err()
}

// slowly is the time between two bytes.
const slowly = 50 * time.Millisecond

// slowBodies sends calls byte by byte, from a caller who may call.
func slowBodies(ctx context.Context, t *target) {
	crowd(t.number(2, 4), func(int) {
		transport := &carrier{t: t}
		defer transport.close()
		crowd(50, func(int) {
			for ctx.Err() == nil {
				t.tried(1)
				body := &stalling{ctx: ctx, begin: []byte{0, 0, 0x10, 0, 0}, every: slowly}
				t.cameBefore(ctx, t.grpcOverHTTP(ctx, transport, t.Keys["assessor"], body))
			}
		})
	})
}

func slowBodiesREST(ctx context.Context, t *target) {
	head := "POST " + recordPath + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + t.Keys["assessor"] +
		"\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
	t.dripping(ctx, t.REST, head, " ")
}

// slowHeaders sends an endless request: one more header at intervals.
func slowHeaders(ctx context.Context, t *target) {
	t.dripping(ctx, t.REST, "GET /v1/sessions HTTP/1.1\r\nHost: localhost\r\n", "X: y\r\n")
}

// slowPrefaces sends the preface of HTTP/2 connections byte by byte.
func slowPrefaces(ctx context.Context, t *target) {
	t.dripping(ctx, t.GRPC, "", strings.Repeat(http2.ClientPreface, 2))
}

// slowFrames sends a headers frame that announces a long one, byte by byte.
func slowFrames(ctx context.Context, t *target) {
	settings := "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	headers := "\x00\x3f\xff\x01\x04\x00\x00\x00\x01"
	t.dripping(ctx, t.GRPC, http2.ClientPreface+settings+headers, "\x00")
}

// dripping opens connections again and again, writes the head of a message at
// once, and the rest byte by byte.
func (t *target) dripping(ctx context.Context, address, head, rest string) {
	crowd(t.number(100, 500), func(int) {
		for ctx.Err() == nil {
			conn, err := t.dial(ctx, address)
			if err != nil {
				t.came("no connection")
				pause(ctx, 100*time.Millisecond)
				continue
			}
			t.tried(1)
			began := time.Now()
			drip(ctx, conn, head, rest)
			t.cameBefore(ctx, fmt.Sprintf("cut after %.0f s", time.Since(began).Seconds()))
		}
	})
}

// drip writes until the server closes the connection.
func drip(ctx context.Context, conn net.Conn, head, rest string) {
	defer conn.Close()
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	context.AfterFunc(ctx, func() { conn.Close() })
	go func() {
		drain(conn)
		gone()
	}()
	_, err := conn.Write([]byte(head))
	for i := 0; err == nil && ctx.Err() == nil; i++ {
		pause(ctx, slowly)
		_, err = conn.Write([]byte{rest[i%len(rest)]})
	}
}

// idle opens connections and does nothing with them, or sends only the first
// bytes of its protocol.
func idle(address func(*target) string, words string) func(context.Context, *target) {
	return func(ctx context.Context, t *target) {
		crowd(20, func(int) {
			var conns []net.Conn
			for range idleConnections / 20 {
				conn, err := t.dial(ctx, address(t))
				if err != nil {
					t.cameBefore(ctx, "no connection")
					continue
				}
				t.tried(1)
				_, _ = conn.Write([]byte(words)) // a closed connection is noticed below
				conns = append(conns, conn)
			}
			crowd(len(conns), func(i int) { t.sit(ctx, conns[i]) })
		})
	}
}

const idleConnections = 2000

// sit waits on a connection until it is closed.
func (t *target) sit(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	drain(conn)
	t.cameBefore(ctx, "cut")
}

func grpcDoor(t *target) string { return t.GRPC }
func restDoor(t *target) string { return t.REST }
func opsDoor(t *target) string {
	if t.Ops == "" {
		return t.REST // the null server has no such listener
	}
	return t.Ops
}

var firstWords = http2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// unreadREST requests one page many times on a connection, and reads no answer.
func unreadREST(ctx context.Context, t *target) {
	request := bytes.Repeat([]byte("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"), 100)
	crowd(t.number(50, 200), func(int) {
		for ctx.Err() == nil {
			conn, err := t.dial(ctx, t.REST)
			if err != nil {
				t.came("no connection")
				pause(ctx, 100*time.Millisecond)
				continue
			}
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetReadBuffer(4096) // best effort
			}
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			for err == nil {
				t.tried(100)
				_, err = conn.Write(request) // blocks when the server stops reading
			}
			stop()
			conn.Close()
			t.cameBefore(ctx, "connection cut")
		}
	})
}

// handshakes begins TLS again and again, without any request.
func handshakes(ctx context.Context, t *target) {
	t.rush(ctx, 8, func(ctx context.Context, i int) string {
		address := t.GRPC
		if i%2 == 0 {
			address = t.REST
		}
		conn, err := t.dial(ctx, address, "h2")
		if err != nil {
			return "refused"
		}
		conn.Close()
		return "shaken"
	})
}
