package transport

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/contract"
)

// Limits bound what one call may take.
type Limits struct {
	MaxRequestBytes int                 // size of a request, over either transport
	CallTimeout     time.Duration       // a call that takes longer is given up
	StreamTimeout   time.Duration       // the same for one that sends a stream; 0: an hour
	AccessDelay     time.Duration       // that somebody read a file is journaled at most so much later; 0: 5 seconds
	Attempts        authn.AttemptLimits // bad credentials in a minute
}

// DefaultLimits are enough for a référentiel of hundreds of critères and a batch
// of a thousand commented verdicts.
var DefaultLimits = Limits{
	MaxRequestBytes: 8 << 20, CallTimeout: 30 * time.Second,
	Attempts: authn.AttemptLimits{PerCredential: 10, PerAddress: 100},
}

// Options say what stands behind the doors.
type Options struct {
	Limits    Limits
	Contract  *contract.Contract
	Validate  contract.Validator
	Authn     *authn.Authenticator
	Log       *slog.Logger
	TLS       *authn.Certificates         // of both doors; nil: plain text
	Watch     grpc.UnaryServerInterceptor // sees every call that was let in
	Register  func(grpc.ServiceRegistrar) // registers the services
	Documents map[string]http.HandlerFunc // what REST serves beside them, by path
}

// Transport lets calls in, over gRPC and REST.
type Transport struct {
	contract *contract.Contract
	validate contract.Validator
	authn    *authn.Authenticator
	limits   Limits
	log      *slog.Logger
	metrics  *metrics
	tls      *authn.Certificates
	grpc     *grpc.Server
	rest     *http.Server
	health   *health.Server
}

// New builds both doors.
func New(o Options) (*Transport, error) {
	t := &Transport{
		contract: o.Contract, validate: o.Validate, authn: o.Authn, limits: o.Limits, log: o.Log,
		metrics: newMetrics(), tls: o.TLS, health: health.NewServer(),
	}
	interceptStream := t.guardStream(t.metrics.stream, o.Limits, o.Validate)
	intercept := chain(t.metrics.unary, t.outermost(o.Limits), t.guard(o.Validate), o.Watch)
	t.grpc = grpc.NewServer(
		grpc.ForceServerCodecV2(NewCodec()),
		grpc.Creds(o.TLS.Credentials()),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.UnaryInterceptor(intercept),
		grpc.StreamInterceptor(interceptStream),
		grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return apierr.NoSuchMethod() }),
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
	o.Register(t.grpc)
	o.Register(channel)
	healthpb.RegisterHealthServer(t.grpc, t.health)
	reflection.Register(t.grpc)
	t.metrics.add(t.grpc.GetServiceInfo())
	rest, err := t.newGateway(channel, o.Documents)
	t.rest = NewHTTPServer(rest, t.log)
	return t, err
}

// Collectors count calls.
func (t *Transport) Collectors() []prometheus.Collector { return t.metrics.collectors() }

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
