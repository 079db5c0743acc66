package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/gen/openapi"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/cache"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/server/transport"
	"github.com/acquis-eval/acquis/store"
)

// Options say what a server works with.
type Options struct {
	Store        store.Store
	Log          slog.Handler
	Limits       transport.Limits
	Attempts     authn.AttemptLimits // bad credentials in a minute
	NoReflection bool                // gRPC reflection is off
	AccessDelay  time.Duration       // that somebody read a file is journaled at most so much later; 0: 5 seconds
	Signing      Signing
	Issuer       Issuer
	OIDC         *authn.OIDC         // whose tokens are taken; nil: keys only
	TLS          *authn.Certificates // of both doors; nil: plain text
	Now          func() time.Time    // the clock; nil: the machine's

	Retention Retention // what a purge may erase; nothing by default
	Backups   Backups
}

// A Server answers over gRPC and REST, and tells operators how it is.
type Server struct {
	core      *core
	transport *transport.Transport
	ops       *http.Server
	registry  *prometheus.Registry
	brokenOff int           // calls, when it stopped
	stopped   chan struct{} // closed when it no longer wants calls
}

// New builds a server; Serve runs it. The store must have been bootstrapped; New
// enters the signing key there if it is new, and compares the journal with its
// last checkpoint.
func New(o Options) (*Server, error) {
	validate, err := contract.NewValidator()
	if err != nil {
		return nil, err
	}
	c, err := newCore(o)
	if err != nil {
		return nil, err
	}
	doors, err := transport.New(transport.Options{
		Limits: o.Limits, Contract: c.contract, Validate: validate, Authn: c.authn, Log: c.log, TLS: o.TLS,
		Watch:      c.accesses.watch(),
		Register:   func(r grpc.ServiceRegistrar) { register(r, c, validate) },
		Reflection: !o.NoReflection,
		Documents: map[string]transport.Document{
			"/openapi.json":          {Type: "application/json", Body: openapi.JSON, MaxAge: time.Hour},
			"/.well-known/jwks.json": {Type: "application/jwk-set+json", Body: c.notary.signer.keySet(), MaxAge: 5 * time.Minute},
		},
	})
	if err != nil {
		return nil, err
	}
	s := &Server{core: c, transport: doors, registry: prometheus.NewRegistry(), stopped: make(chan struct{})}
	s.ops = transport.NewHTTPServer(newOps(s, s.registry, slices.Concat(
		doors.Collectors(), c.authn.Collectors(), c.backups.collectors(), []prometheus.Collector{c.accesses.lost})...), c.log)
	return s, nil
}

// clock tells the time in UTC and microseconds: what the store keeps.
func clock(now func() time.Time) func() time.Time {
	if now == nil {
		now = time.Now
	}
	return func() time.Time { return now().UTC().Truncate(time.Microsecond) }
}

func newCore(o Options) (*core, error) {
	log, now := slog.New(call.LogHandler{Handler: o.Log}), clock(o.Now)
	authn, err := authn.New(authn.Options{Store: o.Store, Limits: o.Attempts, OIDC: o.OIDC, Log: log, Now: now})
	if err != nil {
		return nil, err
	}
	read, err := contract.Read()
	if err != nil {
		return nil, err
	}
	c := &core{
		store:     o.Store,
		revisions: newRevisions(),
		current:   cache.New[string, *revision](o.Store, store.KindCurrent),
		contract:  read,
		retention: o.Retention,
		authn:     authn,
		issuer:    o.Issuer,
		log:       log,
		now:       now,
	}
	signer, err := newSigner(context.Background(), c.store, o.Signing, c.log, c.now())
	if err != nil {
		return nil, err
	}
	c.accesses = newAccesses(c, o.AccessDelay)
	c.backups = newBackups(c, o.Backups)
	c.notary = newNotary(c.store, signer, o.Signing.Every, c.now)
	return c, errors.Join(warnOfOperator(context.Background(), c.store, c.log, c.now()), c.notary.check(context.Background()))
}

func register(r grpc.ServiceRegistrar, c *core, validate contract.Validator) {
	acquispb.RegisterReferentielServiceServer(r, &referentielService{core: c})
	acquispb.RegisterCandidateServiceServer(r, &candidateService{core: c, validate: validate})
	acquispb.RegisterSessionServiceServer(r, &sessionService{core: c, validate: validate})
	acquispb.RegisterCapitalisationServiceServer(r, &capitalisationService{core: c})
	acquispb.RegisterAttestationServiceServer(r, &attestationService{core: c})
	acquispb.RegisterAuditServiceServer(r, &auditService{core: c})
	acquispb.RegisterAdminServiceServer(r, &adminService{core: c})
}
