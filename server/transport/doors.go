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

// served is nil where a listener ended because it was asked to, even before it
// had begun: a signal may come at any time.
func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, grpc.ErrServerStopped) {
		return nil
	}
	return err
}

// NewHTTPServer is one that strangers may reach.
func NewHTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,

		DisableGeneralOptionsHandler: true, // else OPTIONS * is answered before the door
		ErrorLog:                     stdlog.New(connectionLog{log, newLines(log)}, "", 0),
	}
}

// maxHeaderBytes is room for the longest token and then some, over either transport.
const maxHeaderBytes = 16 << 10

// Guard puts the bounds of a door before its listener: connections, handshakes,
// control frames. The listener ends TLS, since the frames can be counted only
// above it. Its collectors are counted until it is closed.
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

// ServeGRPC answers over gRPC until Stop.
func (t *Transport) ServeGRPC(l *listen.Listener) error { return served(t.grpc.Serve(l)) }

// ServeREST answers over REST until Stop.
func (t *Transport) ServeREST(l *listen.Listener) error { return served(t.rest.Serve(l)) }

// newREST is the HTTP server of REST. Above a listener that ends TLS, the library
// calls HTTP/2 unencrypted; in plain text, only HTTP/1 is spoken.
func (t *Transport) newREST(handler http.Handler) *http.Server {
	rest := NewHTTPServer(handler, t.log)
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

// fromOf tells whence a call over REST comes, by its connection.
func fromOf(ctx context.Context) netip.Prefix {
	o, _ := ctx.Value(fromKey{}).(origin)
	return o.from
}

// What one connection may hold. Windows have a fixed size: else the gRPC library
// lets a stream hold as much as the connection could carry.
const (
	maxStreams   = 100
	streamWindow = 64 << 10
	connWindow   = 1 << 20
)

// SetServing is what the gRPC health service answers.
func (t *Transport) SetServing(serving bool) {
	state := healthpb.HealthCheckResponse_NOT_SERVING
	if serving {
		state = healthpb.HealthCheckResponse_SERVING
	}
	t.health.SetServingStatus("", state)
}

// connectionLog takes what the HTTP library logs of connections, without their
// addresses, which can be a person's. Strangers cause such lines: some in each second
// are written.
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

// Stop ends both doors within grace: no new calls are taken, those under way may
// end, and what is left then is broken off. It tells how many calls were.
func (t *Transport) Stop(grace time.Duration) (brokenOff int) {
	t.log.Info("stopping: no new calls are accepted", "calls", t.inside.Load(), "grace", grace.String())
	t.health.Shutdown()
	deadline, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var doors sync.WaitGroup
	doors.Go(func() {
		if t.rest.Shutdown(deadline) != nil {
			_ = t.rest.Close()
		}
	})
	doors.Go(t.grpc.GracefulStop)
	ended := make(chan struct{})
	go func() { doors.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-deadline.Done():
		t.breaking.Store(true)
		brokenOff = int(t.inside.Load())
		t.grpc.Stop()
		_ = t.rest.Close()
		<-ended
	}
	t.letGo()
	return brokenOff
}

// letGo waits a moment for the handlers of calls that were broken off: their
// contexts have ended, and the store is closed next.
func (t *Transport) letGo() {
	for end := time.Now().Add(time.Second); t.inside.Load() > 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
}

// Close ends a transport that may never have served.
func (t *Transport) Close() { t.grpc.Stop() }
