package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Listeners are the listeners of a server.
type Listeners struct {
	GRPC net.Listener
	HTTP net.Listener
	Ops  net.Listener
}

// Serve answers calls until ctx ends or a listener fails. It then stops within
// grace: it reports that it is not ready, waits for calls over REST, which run
// through the services of gRPC, then for those over gRPC, and cuts off the
// rest. The caller closes the store afterwards.
func (s *Server) Serve(ctx context.Context, l Listeners, grace time.Duration) error {
	overGRPC, overREST := s.transport.GuardGRPC(l.GRPC), s.transport.GuardREST(l.HTTP)
	s.registry.MustRegister(slices.Concat(overGRPC.Collectors(), overREST.Collectors())...)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.transport.ServeGRPC(overGRPC) })
	group.Go(func() error { return s.transport.ServeREST(overREST) })
	group.Go(func() error { return servedOps(s.ops.Serve(l.Ops)) })
	group.Go(func() error { s.watchHealth(ctx); return nil })
	group.Go(func() error { s.services.Run(ctx); return nil })
	group.Go(func() error { s.backups.Run(ctx); return nil })
	group.Go(func() error { s.authn.Run(ctx); return nil })
	group.Go(func() error {
		<-ctx.Done()
		close(s.stopped)
		s.cutOff = s.transport.Stop(grace)
		return s.ops.Close()
	})
	err := group.Wait()
	s.services.Flush() // of the last calls; no call is left that could add more
	return err
}

// CutOff returns how many calls were cut off when the server stopped,
// because they had not ended within its grace. It is known once Serve has
// returned.
func (s *Server) CutOff() int { return s.cutOff }

// servedOps is nil if the operations listener ended because it was closed.
func servedOps(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close ends a server that may never have served: the goroutines for its calls
// run from New on.
func (s *Server) Close() { s.transport.Close() }

// ready returns why the server does not accept calls, or nil.
func (s *Server) ready() error {
	select {
	case <-s.stopped:
		return errors.New("stopping")
	default:
		return errors.Join(s.store.Health(), s.notary.Health())
	}
}

// watchHealth keeps the status of the gRPC health service current.
func (s *Server) watchHealth(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		s.transport.SetServing(s.ready() == nil)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
