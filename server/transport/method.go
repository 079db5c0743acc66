package transport

import (
	"cmp"
	"time"

	"google.golang.org/grpc"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/admission"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/contract"
)

// A method has what the transport knows of one RPC before it is called.
type method struct {
	name    string            // "acquis.v1.SessionService/GetGrid"
	rpc     *contract.RPC     // nil: it is not of our contract
	public  bool              // anyone may call
	streams bool              // more than one message may be sent, in either direction
	many    bool              // callers may send more than one message
	timeout time.Duration     // time limit of a call
	request *contract.Request // its size; nil: a small one
	class   admission.Class
	counts  *measured
}

// unknownMethod counts calls of unknown methods. Their names are not counted:
// they could identify a person, and would make metrics unlimited.
func (t *Transport) unknownMethod() *method {
	return &method{name: "unknown", timeout: t.limits.CallTimeout, class: admission.Refused, counts: t.metrics.of("unary", "unknown", "unknown")}
}

// healthCheck is called by load balancers. Other calls of unknown callers on the
// same network must not use up its rate, or the service would be considered
// unhealthy. It needs no key, so it must not use up the limits of those who have one.
const healthCheck = "grpc.health.v1.Health/Check"

// add registers the methods of a service.
func (t *Transport) add(desc *grpc.ServiceDesc) {
	unary, streams := len(desc.Methods), desc.Streams
	names := make([]string, 0, unary+len(streams))
	for _, m := range desc.Methods {
		names = append(names, m.MethodName)
	}
	for _, s := range streams {
		names = append(names, s.StreamName)
	}
	for i, name := range names {
		full := desc.ServiceName + "/" + name
		m := &method{
			name: full, rpc: t.contract.RPCs["/"+full], timeout: t.limits.CallTimeout,
			public: contract.Infrastructure("/" + full), class: admission.Public,
		}
		kind := "unary"
		if i >= unary {
			kind, m.streams, m.many = typeOf(streams[i-unary]), true, streams[i-unary].ClientStreams
			m.timeout = t.limits.StreamTimeout
		}
		if full == healthCheck {
			m.class = admission.Check
		}
		if m.rpc != nil {
			m.public, m.request, m.class = m.rpc.Public, m.rpc.Request, classOf(m.rpc)
		}
		if m.public && i >= unary {
			m.class = admission.Watch // it may stay open, and must not keep others out
		}
		m.counts = t.metrics.of(kind, desc.ServiceName, name)
		t.methods["/"+full] = m
	}
}

// documentMethod counts reads of documents.
func (t *Transport) documentMethod() *method {
	return &method{
		name: "document", public: true, timeout: t.limits.CallTimeout, class: admission.Public,
		counts: t.metrics.of("unary", "document", "document"),
	}
}

// classOf returns the admission class of an RPC.
func classOf(r *contract.RPC) admission.Class {
	switch {
	case r.Public:
		return admission.Public
	case r.Writes:
		return admission.Record
	case r.Many:
		return admission.List
	}
	return admission.Read
}

// fewWords is the size of the largest request of health and reflection.
const fewWords = 4 << 10

// mostWire is the size of the largest request as protobuf.
func (m *method) mostWire() int {
	if m.request == nil {
		return fewWords
	}
	return m.request.MaxWire
}

// mostJSON is the same as JSON.
func (m *method) mostJSON() int {
	if m.request == nil {
		return fewWords
	}
	return m.request.MaxJSON
}

// checkWire measures a request before it is decoded.
func (m *method) checkWire(data []byte) error {
	if m.request == nil {
		return nil
	}
	return refusedFault(m.request.CheckWire(data), "request")
}

// refusedFault is the error for a fault in a request; whole is the name for one
// without a field.
func refusedFault(fault *contract.Fault, whole string) error {
	if fault == nil {
		return nil
	}
	reason := acquispb.ErrorReason_INVALID_FIELD
	if fault.Malformed {
		reason = acquispb.ErrorReason_MALFORMED_BODY
	}
	return apierr.Invalid(reason, apierr.Field(cmp.Or(fault.Field, whole), fault.Rule))
}
