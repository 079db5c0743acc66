package transport

import (
	"context"
	"crypto/tls"
	"errors"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/acquis-eval/acquis/server/listen"
)

// served is nil if a listener was asked to end, even before it had started: a
// signal may come at any time.
func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, grpc.ErrServerStopped) {
		return nil
	}
	return err
}

// NewHTTPServer returns a server with limits for unknown callers.
func NewHTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,

		DisableGeneralOptionsHandler: true, // otherwise the library itself would answer OPTIONS *
		ErrorLog:                     stdlog.New(connectionLog{log, newLines(log)}, "", 0),
	}
}

// maxHeaderBytes has room for more than the longest token, over REST and gRPC.
const maxHeaderBytes = 16 << 10

// Guard adds the limits of connections, handshakes and control frames to a
// listener. The listener terminates TLS, because frames can only be counted
// above it. Its metrics exist until it is closed.
func (t *Transport) guard(l net.Listener, door string, protocols ...string) *listen.Listener {
	var config *tls.Config
	if t.tls != nil {
		config = t.tls.Config(protocols...)
	}
	return listen.New(l, door, t.limits.Listen, config)
}

// GuardGRPC guards the listener of gRPC.
func (t *Transport) GuardGRPC(l net.Listener) *listen.Listener { return t.guard(l, "grpc", "h2") }

// GuardREST guards the listener of REST.
func (t *Transport) GuardREST(l net.Listener) *listen.Listener {
	return t.guard(l, "rest", "h2", "http/1.1")
}

// ServeGRPC serves gRPC until Stop.
func (t *Transport) ServeGRPC(l *listen.Listener) error { return served(t.grpc.Serve(l)) }

// ServeREST serves REST until Stop.
func (t *Transport) ServeREST(l *listen.Listener) error {
	return served(t.rest.Serve(explaining{l, t}))
}

// newREST is the HTTP server of REST. The listener terminates TLS, so the
// library must serve "unencrypted" HTTP/2; in plain text, only HTTP/1 is
// served.
func (t *Transport) newREST(handler http.Handler) *http.Server {
	rest := NewHTTPServer(handler, t.log)
	rest.MaxHeaderBytes = 2 * maxHeaderBytes // above the limit, withinHeaders answers; above this, the library
	rest.Protocols = new(http.Protocols)
	rest.Protocols.SetHTTP1(true)
	rest.Protocols.SetUnencryptedHTTP2(t.tls != nil)
	rest.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerStream: streamWindow, MaxReceiveBufferPerConnection: connWindow,
	}
	rest.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, fromKey{}, origin{c, listen.Network(c.RemoteAddr())})
	}
	return rest
}

type fromKey struct{}

// An origin is the connection of a call over REST.
type origin struct {
	conn net.Conn
	from netip.Prefix
}

// fromOf returns the network of a call over REST, by its connection.
func fromOf(ctx context.Context) netip.Prefix {
	o, _ := ctx.Value(fromKey{}).(origin)
	return o.from
}

// Limits of one connection. Windows have a fixed size, otherwise the gRPC
// library would let a stream buffer as much as the connection can carry.
const (
	maxStreams   = 100
	streamWindow = 64 << 10
	connWindow   = 1 << 20
)

// SetServing sets the answer of the gRPC health service.
func (t *Transport) SetServing(serving bool) {
	state := healthpb.HealthCheckResponse_NOT_SERVING
	if serving {
		state = healthpb.HealthCheckResponse_SERVING
	}
	t.health.SetServingStatus("", state)
}

// connectionLog writes what the HTTP library logs about connections, without
// addresses, which can belong to a person. Because unknown callers can cause
// such lines, only some per second are written.
type connectionLog struct {
	log   *slog.Logger
	lines *lines
}

var addressInText = regexp.MustCompile(`\[[0-9a-fA-F:.]+(%\w+)?\](:\d+)?|\d+\.\d+\.\d+\.\d+(:\d+)?`)

func (c connectionLog) Write(line []byte) (int, error) {
	if !c.lines.room("connection", time.Now().Unix()) {
		return len(line), nil
	}
	c.log.Warn("connection", "error", addressInText.ReplaceAllString(strings.TrimSpace(string(line)), "…"))
	return len(line), nil
}

// Stop ends REST and gRPC within grace: no new calls are accepted, running ones
// may end, and the rest is cut off. It returns how many calls were.
func (t *Transport) Stop(grace time.Duration) (cutOff int) {
	t.log.Info("stopping: no new calls are accepted", "calls", t.inside.Load(), "grace", grace.String())
	t.health.Shutdown()
	deadline, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var doors sync.WaitGroup
	doors.Go(func() { _ = t.rest.Shutdown(deadline) }) // what it leaves is closed below
	doors.Go(t.grpc.GracefulStop)
	ended := make(chan struct{})
	go func() { doors.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-deadline.Done():
	}
	if deadline.Err() != nil {
		t.breaking.Store(true) // before anything ends by it, so that each call is told why
		cutOff = int(t.inside.Load())
		t.grpc.Stop()
		_ = t.rest.Close()
		<-ended
	}
	t.letGo()
	return cutOff
}

// letGo waits a moment for the handlers of calls that were cut off: their
// contexts have ended, and the store is closed next.
func (t *Transport) letGo() {
	for end := time.Now().Add(time.Second); t.inside.Load() > 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
}

// Close ends a transport, even if it was never served.
func (t *Transport) Close() { t.grpc.Stop() }
