package transport

import (
	"context"
	"errors"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// Served is nil where a listener ended because it was asked to, even before it
// had begun: a signal may come at any time.
func Served(err error) error {
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
		ErrorLog:          stdlog.New(connectionLog{log}, "", 0),
	}
}

// maxHeaderBytes is room for the longest token and then some, over either transport.
const maxHeaderBytes = 16 << 10

// ServeGRPC answers over gRPC until Stop.
func (t *Transport) ServeGRPC(l net.Listener) error { return Served(t.grpc.Serve(l)) }

// ServeREST answers over REST until Stop.
func (t *Transport) ServeREST(l net.Listener) error {
	if t.tls == nil {
		return Served(t.rest.Serve(l))
	}
	t.rest.TLSConfig = t.tls.Config("h2", "http/1.1")
	return Served(t.rest.ServeTLS(l, "", ""))
}

// SetServing is what the gRPC health service answers.
func (t *Transport) SetServing(serving bool) {
	state := healthpb.HealthCheckResponse_NOT_SERVING
	if serving {
		state = healthpb.HealthCheckResponse_SERVING
	}
	t.health.SetServingStatus("", state)
}

// connectionLog takes what the HTTP library logs of connections, without their
// addresses, which can be a person's.
type connectionLog struct{ log *slog.Logger }

var addressInText = regexp.MustCompile(`\[[0-9a-fA-F:.]+(%\w+)?\](:\d+)?|\d+\.\d+\.\d+\.\d+(:\d+)?`)

func (c connectionLog) Write(line []byte) (int, error) {
	c.log.Warn("connection", "error", addressInText.ReplaceAllString(strings.TrimSpace(string(line)), "…"))
	return len(line), nil
}

// Stop ends both doors within grace. It says that it takes no more calls, lets
// calls over REST end, which run through the services of gRPC, then those over
// gRPC, and breaks off what is left.
func (t *Transport) Stop(grace time.Duration) {
	t.health.Shutdown()
	deadline, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := t.rest.Shutdown(deadline); err != nil {
		_ = t.rest.Close() // the deadline has passed: what is left is broken off
	}
	graceful := make(chan struct{})
	go func() {
		t.grpc.GracefulStop()
		close(graceful)
	}()
	select {
	case <-graceful:
	case <-deadline.Done():
		t.grpc.Stop()
		<-graceful
	}
}

// Close ends a transport that may never have served.
func (t *Transport) Close() { t.grpc.Stop() }
