package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
)

// Limits bound what one call may take.
type Limits struct {
	MaxRequestBytes int           // size of a request, over either transport
	CallTimeout     time.Duration // a call that takes longer is given up
	StreamTimeout   time.Duration // the same for one that sends a stream; 0: an hour
	AccessDelay     time.Duration // that somebody read a file is journaled at most so much later; 0: 5 seconds
	Attempts        AttemptLimits // bad credentials in a minute
}

// DefaultLimits are enough for a référentiel of hundreds of critères and a batch
// of a thousand commented verdicts.
var DefaultLimits = Limits{
	MaxRequestBytes: 8 << 20, CallTimeout: 30 * time.Second,
	Attempts: AttemptLimits{PerCredential: 10, PerAddress: 100},
}

// Options say what a server works with.
type Options struct {
	Store   store.Store
	Log     slog.Handler
	Limits  Limits
	Signing Signing
	Issuer  Issuer
	OIDC    *OIDC            // whose tokens are taken; nil: keys only
	TLS     *Certificates    // of both doors; nil: plain text
	Now     func() time.Time // the clock; nil: the machine's

	Retention Retention // what a purge may erase; nothing by default
	Backups   Backups
}

// A Server answers over gRPC and REST, and tells operators how it is.
type Server struct {
	core    *core
	tls     *Certificates
	grpc    *grpc.Server
	rest    http.Handler
	ops     http.Handler
	health  *health.Server
	stopped chan struct{} // closed when it no longer wants calls
}

// New builds a server; Serve runs it. The store must have been bootstrapped; New
// enters the signing key there where it is new, and holds the journal against
// its last checkpoint.
func New(o Options) (*Server, error) {
	validate, err := newValidate()
	if err != nil {
		return nil, err
	}
	c, err := newCore(o)
	if err != nil {
		return nil, err
	}
	metrics := newMetrics()
	interceptStream := c.guardStream(metrics.stream, o.Limits, validate)
	intercept := chain(metrics.unary, c.outermost(o.Limits), c.guard(validate), c.accesses.watch())
	s := &Server{core: c, tls: o.TLS, health: health.NewServer(), stopped: make(chan struct{})}
	s.grpc = grpc.NewServer(
		grpc.ForceServerCodecV2(newCodec()),
		grpc.Creds(o.TLS.credentials()),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.UnaryInterceptor(intercept),
		grpc.StreamInterceptor(interceptStream),
		grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return noSuchMethod() }),
		// Twice our own limit, so that what is somewhat too large gets our own error.
		grpc.MaxRecvMsgSize(2*o.Limits.MaxRequestBytes),
		grpc.MaxConcurrentStreams(1000),
		// Goroutines that stay have a stack that is deep enough already: 1.1 times
		// the calls of GetReferentiel. Where all are busy, a call gets one of its own.
		grpc.NumStreamWorkers(128),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 15 * time.Minute}),
	)
	channel := newChannel(intercept)
	for _, registrar := range []grpc.ServiceRegistrar{s.grpc, channel} {
		register(registrar, c, validate)
	}
	healthpb.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	metrics.add(s.grpc.GetServiceInfo())
	if s.rest, err = newGateway(c, o.Limits, channel); err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	s.ops = newOps(s, registry, append(append(metrics.collectors(), c.backups.collectors()...), c.attempts.bad, c.accesses.lost)...)
	return s, nil
}

func newCore(o Options) (*core, error) {
	now := o.Now
	if now == nil {
		now = time.Now
	}
	c := &core{
		store:     o.Store,
		keys:      newUnchanged[string, *knownKey](o.Store, store.KindKey),
		conflicts: newConflicts(o.Store),
		revisions: newRevisions(),
		current:   newUnchanged[string, *revision](o.Store, store.KindCurrent),
		contract:  readContract(),
		retention: o.Retention,
		attempts:  newAttempts(o.Limits.Attempts),
		issuer:    o.Issuer,
		log:       slog.New(logHandler{o.Log}),
		now:       func() time.Time { return now().UTC().Truncate(time.Microsecond) },
	}
	if o.OIDC != nil {
		if err := o.OIDC.Check(); err != nil {
			return nil, err
		}
		c.tokens = &tokens{OIDC: *o.OIDC, issuer: newIssuer(*o.OIDC, c.log, c.now)}
	}
	signer, err := newSigner(context.Background(), c.store, o.Signing, c.log, c.now())
	if err != nil {
		return nil, err
	}
	c.accesses = newAccesses(c, o.Limits.AccessDelay)
	c.backups = newBackups(c, o.Backups)
	c.notary = newNotary(c.store, signer, o.Signing.Every, c.now)
	return c, errors.Join(warnOfOperator(context.Background(), c.store, c.log, c.now()), c.notary.check(context.Background()))
}

func register(r grpc.ServiceRegistrar, c *core, validate validate) {
	acquispb.RegisterReferentielServiceServer(r, &referentielService{core: c})
	acquispb.RegisterCandidateServiceServer(r, &candidateService{core: c, validate: validate})
	acquispb.RegisterSessionServiceServer(r, &sessionService{core: c, validate: validate})
	acquispb.RegisterCapitalisationServiceServer(r, &capitalisationService{core: c})
	acquispb.RegisterAttestationServiceServer(r, &attestationService{core: c})
	acquispb.RegisterAuditServiceServer(r, &auditService{core: c})
	acquispb.RegisterAdminServiceServer(r, &adminService{core: c})
}

// chain makes one interceptor of several, the first outermost, so that both
// transports get the same one.
func chain(interceptors ...grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		next := handler
		for i := len(interceptors) - 1; i > 0; i-- {
			interceptor, inner := interceptors[i], next
			next = func(ctx context.Context, req any) (any, error) { return interceptor(ctx, req, info, inner) }
		}
		return interceptors[0](ctx, req, info, next)
	}
}
