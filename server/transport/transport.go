package transport

import (
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"github.com/acquis-eval/acquis/server/admission"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/server/listen"
)

// Limits are those of one call.
type Limits struct {
	MaxRequestBytes int              // size of a request, over REST or gRPC
	CallTimeout     time.Duration    // time limit of a call
	StreamTimeout   time.Duration    // the same for one that sends a stream; 0: an hour
	ReceiveTimeout  time.Duration    // time limit for a request to arrive; 0: 10 seconds
	Hold            time.Duration    // how long, on average, an unknown caller who calls too often waits for the refusal; 0: not at all
	Listen          listen.Limits    // connections of REST and gRPC each; the zero value: listen.DefaultLimits
	Admission       admission.Limits // calls at once; the zero value: admission.DefaultLimits
}

// DefaultLimits are enough for a référentiel of hundreds of criteria and a
// batch of a thousand verdicts with comments.
func DefaultLimits() Limits {
	return Limits{MaxRequestBytes: 8 << 20, CallTimeout: 30 * time.Second, Hold: time.Second}
}

func (l *Limits) complete() {
	if l.StreamTimeout <= 0 {
		l.StreamTimeout = time.Hour
	}
	if l.ReceiveTimeout <= 0 {
		l.ReceiveTimeout = 10 * time.Second
	}
	if l.Listen == (listen.Limits{}) {
		l.Listen = listen.DefaultLimits
	}
	if l.Admission == (admission.Limits{}) {
		l.Admission = admission.DefaultLimits()
	}
}

// Options are what a Transport needs.
type Options struct {
	Limits     Limits
	Contract   *contract.Contract
	Validate   contract.Validator
	Authn      *authn.Authenticator
	Log        *slog.Logger
	TLS        *authn.Certificates         // of REST and gRPC; nil: plain text
	Watch      grpc.UnaryServerInterceptor // sees every admitted call
	Register   func(grpc.ServiceRegistrar) // registers the services
	Reflection bool                        // describes the services to anybody over gRPC
	Documents  map[string]Document         // served over REST too, by path
}

// Transport receives calls over gRPC and REST.
type Transport struct {
	contract *contract.Contract
	validate contract.Validator
	authn    *authn.Authenticator
	limits   Limits
	log      *slog.Logger
	metrics  *metrics
	tls      *authn.Certificates
	watch    grpc.UnaryServerInterceptor
	gate     *admission.Gate
	budgets  budgets
	codec    Codec
	lines    *lines
	methods  map[string]*method // by full name, with a leading slash
	unknown  *method
	document *method
	inside   atomic.Int64 // running calls
	held     atomic.Int64 // those that wait for a refusal
	breaking atomic.Bool  // running calls are being cut off
	grpc     *grpc.Server
	rest     *http.Server
	health   *health.Server
}

// New builds the gRPC and the REST server.
func New(o Options) (*Transport, error) {
	o.Limits.complete()
	t := &Transport{
		contract: o.Contract, validate: o.Validate, authn: o.Authn, limits: o.Limits, log: o.Log, watch: o.Watch,
		gate:    admission.NewGate(o.Limits.Admission),
		budgets: newBudgets(), codec: NewCodec(),
		metrics: newMetrics(), lines: newLines(o.Log), tls: o.TLS, health: health.NewServer(), methods: make(map[string]*method),
	}
	t.unknown, t.document = t.unknownMethod(), t.documentMethod()
	t.grpc = grpc.NewServer(t.grpcOptions()...)
	channel := newChannel(t.inner)
	o.Register(registrar{t})
	o.Register(channel)
	healthpb.RegisterHealthServer(registrar{t}, t.health)
	if o.Reflection {
		reflection.Register(registrar{t})
	}
	rest, err := t.newGateway(channel, o.Documents)
	t.rest = t.newREST(rest)
	return t, err
}

func (t *Transport) grpcOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(t.codec),
		grpc.Creds(newConnectionCredentials()),
		grpc.InTapHandle(t.limitTime),
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.UnknownServiceHandler(t.noSuchMethod),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.StaticStreamWindowSize(streamWindow),
		grpc.StaticConnWindowSize(connWindow),
		// Goroutines that are reused already have a large enough stack. If all
		// are busy, a call gets a new one.
		grpc.NumStreamWorkers(128),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: 5 * time.Minute,
			MaxConnectionAge:  2 * time.Hour, MaxConnectionAgeGrace: t.limits.StreamTimeout,
			Time: time.Minute, Timeout: 20 * time.Second,
		}),
	}
}

// Collectors count calls.
func (t *Transport) Collectors() []prometheus.Collector {
	return slices.Concat(t.metrics.collectors(), t.gate.Collectors(), t.budgets.collectors(),
		[]prometheus.Collector{t.lines.unsaid})
}
