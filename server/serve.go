package server

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// Listeners are where a server listens.
type Listeners struct {
	GRPC net.Listener
	HTTP net.Listener
	Ops  net.Listener
}

// Serve answers calls until ctx ends or a listener fails. It then stops within
// grace: it says that it is not ready, lets calls over REST end, which run
// through the services of gRPC, then those over gRPC, and breaks off what is
// left. The caller closes the store afterwards.
func (s *Server) Serve(ctx context.Context, l Listeners, grace time.Duration) error {
	rest := s.httpServer(s.rest)
	ops := s.httpServer(s.ops)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return served(s.grpc.Serve(l.GRPC)) })
	group.Go(func() error { return served(s.serveREST(rest, l.HTTP)) })
	group.Go(func() error { return served(ops.Serve(l.Ops)) })
	group.Go(func() error { s.watchHealth(ctx); return nil })
	group.Go(func() error { s.core.accesses.run(ctx); return nil })
	group.Go(func() error { s.core.backups.run(ctx); return nil })
	if t := s.core.tokens; t != nil {
		group.Go(func() error { t.issuer.run(ctx); return nil })
	}
	group.Go(func() error {
		<-ctx.Done()
		s.stop(rest, grace)
		return ops.Close()
	})
	err := group.Wait()
	s.core.accesses.flush() // of the last calls; none is left that could add to them
	return err
}

// Close ends a server that may never have served: the goroutines that wait for its
// calls are there from New on.
func (s *Server) Close() { s.grpc.Stop() }

// served is nil where a listener ended because it was asked to, even before it
// had begun: a signal may come at any time.
func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, grpc.ErrServerStopped) {
		return nil
	}
	return err
}

func (s *Server) httpServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log.New(connectionLog{s.core.log}, "", 0),
	}
}

// maxHeaderBytes is room for the longest token and then some, over either transport.
const maxHeaderBytes = 16 << 10

func (s *Server) serveREST(rest *http.Server, l net.Listener) error {
	if s.tls == nil {
		return rest.Serve(l)
	}
	rest.TLSConfig = s.tls.config("h2", "http/1.1")
	return rest.ServeTLS(l, "", "")
}

// connectionLog takes what the HTTP library logs of connections, without their
// addresses, which can be a person's.
type connectionLog struct{ log *slog.Logger }

var addressInText = regexp.MustCompile(`\[[0-9a-fA-F:.]+(%\w+)?\](:\d+)?|\d+\.\d+\.\d+\.\d+(:\d+)?`)

func (c connectionLog) Write(line []byte) (int, error) {
	c.log.Warn("connection", "error", addressInText.ReplaceAllString(strings.TrimSpace(string(line)), "…"))
	return len(line), nil
}

func (s *Server) stop(rest *http.Server, grace time.Duration) {
	close(s.stopped)
	s.health.Shutdown()
	deadline, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := rest.Shutdown(deadline); err != nil {
		_ = rest.Close() // the deadline has passed: what is left is broken off
	}
	graceful := make(chan struct{})
	go func() {
		s.grpc.GracefulStop()
		close(graceful)
	}()
	select {
	case <-graceful:
	case <-deadline.Done():
		s.grpc.Stop()
		<-graceful
	}
}

// ready tells why the server does not want calls, if it does not.
func (s *Server) ready() error {
	select {
	case <-s.stopped:
		return errors.New("stopping")
	default:
		return errors.Join(s.core.store.Health(), s.core.notary.health())
	}
}

// watchHealth keeps the answer of the gRPC health service true.
func (s *Server) watchHealth(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		state := healthpb.HealthCheckResponse_SERVING
		if s.ready() != nil {
			state = healthpb.HealthCheckResponse_NOT_SERVING
		}
		s.health.SetServingStatus("", state)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
