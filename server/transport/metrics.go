package transport

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// metrics counts calls over REST and gRPC, with the names and labels that
// dashboards for gRPC servers use. The counters of an RPC are looked up once,
// when its service is registered, because a lookup by labels costs more than
// counting.
type metrics struct {
	started, handled, received, sent *prometheus.CounterVec
	took                             *prometheus.HistogramVec
}

// measured has the counters of one RPC.
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
		started:  counter("grpc_server_started_total", "Calls started.", labels...),
		handled:  counter("grpc_server_handled_total", "Calls answered, with success or an error.", append(labels, "grpc_code")...),
		received: counter("grpc_server_msg_received_total", "Messages received from callers.", labels...),
		sent:     counter("grpc_server_msg_sent_total", "Messages sent to callers.", labels...),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "grpc_server_handling_seconds", Help: "Duration of calls.", Buckets: prometheus.DefBuckets,
		}, labels),
	}
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.started, m.handled, m.received, m.sent, m.took}
}

// of makes the counters of one RPC. It must be done before the first call.
func (m *metrics) of(kind, service, method string) *measured {
	labels := []string{kind, service, method}
	r := &measured{
		started: m.started.WithLabelValues(labels...), received: m.received.WithLabelValues(labels...),
		sent: m.sent.WithLabelValues(labels...), took: m.took.WithLabelValues(labels...),
	}
	for code := range r.handled {
		r.handled[code] = m.handled.WithLabelValues(append(labels, codes.Code(code).String())...)
	}
	return r
}

func typeOf(stream grpc.StreamDesc) string {
	switch {
	case stream.ClientStreams && stream.ServerStreams:
		return "bidi_stream"
	case stream.ClientStreams:
		return "client_stream"
	}
	return "server_stream"
}

func (r *measured) ended(start time.Time, err error) {
	code := status.Code(err)
	if int(code) >= len(r.handled) {
		code = codes.Unknown
	}
	r.handled[code].Inc()
	r.took.Observe(time.Since(start).Seconds())
}
