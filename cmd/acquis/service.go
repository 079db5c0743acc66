package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/acquis-eval/acquis/backup"
	"github.com/acquis-eval/acquis/credential"
	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/rules/retention"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/services"
	"github.com/acquis-eval/acquis/server/transport"
	"github.com/acquis-eval/acquis/store"
)

// config is everything needed to build a service.
type config struct {
	Engine                      store.Engine
	HTTPAddr, GRPCAddr, OpsAddr string
	DataDir                     string
	SigningKeyFile              string            // empty: of the environment, else in the data directory
	Origin                      string            // of the journal; empty: as the store has it
	Issuer                      credential.Issuer // of attestations
	First                       authn.Secret      // the first key, if the store is empty
	Limits                      transport.Limits
	Attempts                    authn.AttemptLimits
	NoReflection                bool
	Backups                     backup.Settings
	Retention                   retention.Periods
	Zone                        *time.Location      // in which days begin and end
	TLS                         *authn.Certificates // nil: plain text
	OIDC                        *authn.OIDC         // nil: keys only
	Log                         *slog.Logger
	Now                         func() time.Time // nil: the machine's clock
}

// A service is everything that serve runs, ready to start.
type service struct {
	store     store.Store
	server    *server.Server
	listeners server.Listeners
	scheme    string // of REST
	first     authn.Secret
	isNew     bool // the store was empty: first is its key now
}

// open makes a service. It listens before it opens the store, so that nothing is
// written if a port is taken.
func open(ctx context.Context, c config) (_ *service, err error) {
	s := &service{first: c.First, scheme: "http"}
	if c.TLS != nil {
		s.scheme = "https"
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.listeners, err = listenAt(c); err != nil {
		return nil, err
	}
	if s.store, err = c.Engine.Open(c.DataDir, store.Opening{Log: c.Log}); err != nil {
		return nil, err
	}
	embedded, err := referentiel.Embedded()
	if err != nil {
		return nil, err
	}
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	if s.isNew, err = services.Bootstrap(ctx, s.store, embedded, c.First, now()); err != nil {
		return nil, err
	}
	key, err := signingKey(c.SigningKeyFile, c.DataDir, c.Log)
	if err != nil {
		return nil, err
	}
	s.server, err = server.New(server.Options{
		Store: s.store, Log: c.Log.Handler(), Limits: c.Limits, Attempts: c.Attempts, NoReflection: c.NoReflection, OIDC: c.OIDC, TLS: c.TLS, Now: now,
		Signing: notary.Signing{Key: key, Origin: c.Origin}, Issuer: c.Issuer, Retention: c.Retention, Zone: c.Zone,
		Backups: c.Backups,
	})
	return s, err
}

func listenAt(c config) (l server.Listeners, err error) {
	for _, want := range []struct {
		address  string
		listener *net.Listener
	}{{c.HTTPAddr, &l.HTTP}, {c.GRPCAddr, &l.GRPC}, {c.OpsAddr, &l.Ops}} {
		if *want.listener, err = net.Listen("tcp", want.address); err != nil {
			return l, err
		}
	}
	return l, nil
}

// close closes what is open, the store last, so that nothing still writes to it.
func (s *service) close() error {
	var errs []error
	for _, l := range []net.Listener{s.listeners.HTTP, s.listeners.GRPC, s.listeners.Ops} {
		if l == nil {
			continue
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) { // Serve has closed its own
			errs = append(errs, err)
		}
	}
	if s.server != nil {
		s.server.Close()
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}

func (s *service) httpAddr() string { return s.listeners.HTTP.Addr().String() }
func (s *service) grpcAddr() string { return s.listeners.GRPC.Addr().String() }
func (s *service) opsAddr() string  { return s.listeners.Ops.Addr().String() }

// announce prints the addresses and, for a new store, the first key. It cannot be
// printed again, because only its digest is stored. A key that came from the
// environment is not printed.
func (s *service) announce(out io.Writer, dataDir string, given bool) error {
	text := fmt.Sprintf(`Acquis %s
  REST        %s://%s
  gRPC        %s
  operations  http://%s
  data        %s
`, versionOf(), s.scheme, s.httpAddr(), s.grpcAddr(), s.opsAddr(), dataDir)
	switch {
	case s.isNew && given:
		text += fmt.Sprintf("\nThe store is new. Its first key, with the role ADMIN, is the one in %s.\n", bootstrapVariable)
	case s.isNew:
		text += fmt.Sprintf(`
The store is new. This is its first key, with the role ADMIN. Save it now: it is not shown again.
In another shell, run:

    export ACQUIS_KEY=%s
    curl -H "Authorization: Bearer $ACQUIS_KEY" %s://%s/v1/referentiels/marketing

`, s.first, s.scheme, reachable(s.listeners.HTTP.Addr()))
	}
	if _, err := io.WriteString(out, text); err != nil && s.isNew && !given {
		return fmt.Errorf("the first key could not be printed (%w), so nobody has it: remove %s, which contains nothing else yet, and start again", err, dataDir)
	}
	return nil
}

// reachable is the address at which a caller on this machine can connect:
// 0.0.0.0, as in a container, is not such an address.
func reachable(listening net.Addr) string {
	if tcp, ok := listening.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	return listening.String()
}
