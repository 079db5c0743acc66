package transport

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// metrics counts calls, under the names and labels that dashboards for gRPC
// servers know. The counters of every RPC are found once, when the services are
// there; to find them by their labels in every call took a twentieth of
// GetReferentiel.
type metrics struct {
	started, handled, received, sent *prometheus.CounterVec
	took                             *prometheus.HistogramVec
	rpcs                             map[string]*measured // by full method name
}

// measured holds what is counted of one RPC.
type measured struct {
	started, received, sent prometheus.Counter
	handled                 [codes.Unauthenticated + 1]prometheus.Counter // by code
	took                    prometheus.Observer
}

func newMetrics() *metrics {
	labels := []string{"grpc_type", "grpc_service", "grpc_method"}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	return &metrics{
		started:  counter("grpc_server_started_total", "Calls that were begun.", labels...),
		handled:  counter("grpc_server_handled_total", "Calls that were answered, well or not.", append(labels, "grpc_code")...),
		received: counter("grpc_server_msg_received_total", "Messages that callers sent.", labels...),
		sent:     counter("grpc_server_msg_sent_total", "Messages that were sent to callers.", labels...),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "grpc_server_handling_seconds", Help: "How long calls took.", Buckets: prometheus.DefBuckets,
		}, labels),
		rpcs: make(map[string]*measured),
	}
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.started, m.handled, m.received, m.sent, m.took}
}

// add makes the counters of all RPCs of a server. It must be done before the first
// call.
func (m *metrics) add(services map[string]grpc.ServiceInfo) {
	for service, info := range services {
		for _, method := range info.Methods {
			labels := []string{typeOf(method), service, method.Name}
			r := &measured{
				started: m.started.WithLabelValues(labels...), received: m.received.WithLabelValues(labels...),
				sent: m.sent.WithLabelValues(labels...), took: m.took.WithLabelValues(labels...),
			}
			for code := range r.handled {
				r.handled[code] = m.handled.WithLabelValues(append(labels, codes.Code(code).String())...)
			}
			m.rpcs["/"+service+"/"+method.Name] = r
		}
	}
}

func typeOf(method grpc.MethodInfo) string {
	switch {
	case method.IsClientStream && method.IsServerStream:
		return "bidi_stream"
	case method.IsClientStream:
		return "client_stream"
	case method.IsServerStream:
		return "server_stream"
	}
	return "unary"
}

func (r *measured) ended(start time.Time, err error) {
	code := status.Code(err)
	if int(code) >= len(r.handled) {
		code = codes.Unknown
	}
	r.handled[code].Inc()
	r.took.Observe(time.Since(start).Seconds())
}

// counted counts what went over a stream.
func counted(messages prometheus.Counter, err error) error {
	if err == nil {
		messages.Inc()
	}
	return err
}

// unary measures calls of RPCs that take one message and send one.
func (m *metrics) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	r, start := m.rpcs[info.FullMethod], time.Now()
	r.started.Inc()
	r.received.Inc()
	answer, err := handler(ctx, req)
	r.ended(start, counted(r.sent, err))
	return answer, err
}

// stream measures calls of the others.
func (m *metrics) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	r, start := m.rpcs[info.FullMethod], time.Now()
	r.started.Inc()
	err := handler(srv, &measuredStream{stream, r})
	r.ended(start, err)
	return err
}

// A measuredStream counts its messages.
type measuredStream struct {
	grpc.ServerStream
	rpc *measured
}

// SendMsg implements grpc.ServerStream.
func (s *measuredStream) SendMsg(m any) error { return counted(s.rpc.sent, s.ServerStream.SendMsg(m)) }

// RecvMsg implements grpc.ServerStream.
func (s *measuredStream) RecvMsg(m any) error {
	return counted(s.rpc.received, s.ServerStream.RecvMsg(m))
}
