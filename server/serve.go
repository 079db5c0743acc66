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
	s.services.Flush() // of the last calls; none is left that could add to them
	return err
}

// CutOff tells how many calls were cut off when the server stopped, because
// they had not ended within its grace. It is known once Serve has returned.
func (s *Server) CutOff() int { return s.cutOff }

// servedOps is nil if the operations listener ended because it was asked to.
func servedOps(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close ends a server that may never have served: the goroutines that wait for its
// calls are there from New on.
func (s *Server) Close() { s.transport.Close() }

// ready tells why the server does not want calls, if it does not.
func (s *Server) ready() error {
	select {
	case <-s.stopped:
		return errors.New("stopping")
	default:
		return errors.Join(s.store.Health(), s.notary.Health())
	}
}

// watchHealth keeps the answer of the gRPC health service true.
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
