package transport

import (
	"time"

	"google.golang.org/grpc"

	"github.com/acquis-eval/acquis/server/contract"
)

// A method is all that the doors know of one RPC before it is called.
type method struct {
	name    string        // "acquis.v1.SessionService/GetGrid"
	rpc     *contract.RPC // nil: it is not of our contract
	public  bool          // anyone may call
	many    bool          // callers may send more than one message
	timeout time.Duration // a call that takes longer is given up
	counts  *measured
}

// unknownMethod is what calls of a method that does not exist are counted under.
// The name that was asked for is not kept: it may name somebody, and there is no end
// of names.
func (t *Transport) unknownMethod() *method {
	return &method{name: "unknown", timeout: t.limits.CallTimeout, counts: t.metrics.of("unary", "unknown", "unknown")}
}

// add notes the methods of a service.
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
			public: contract.Infrastructure("/" + full),
		}
		kind := "unary"
		if i >= unary {
			kind, m.timeout, m.many = typeOf(streams[i-unary]), t.limits.StreamTimeout, streams[i-unary].ClientStreams
		}
		if m.rpc != nil {
			m.public = m.rpc.Public
		}
		m.counts = t.metrics.of(kind, desc.ServiceName, name)
		t.methods["/"+full] = m
	}
}
