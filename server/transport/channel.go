package transport

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
)

// A channel lets the gateway call the services inside the process: the
// generated clients call through it as through a connection, and pass the same
// interceptor as calls over gRPC.
//
// A call is only a function call, in the goroutine of the HTTP request. Both
// ends share the context with its call.Info, which has what a connection
// carries in headers, and the answer. The request belongs to the service from
// then on. docs/performance.md says what a goroutine and copies for each call
// would cost.
type channel struct {
	inner   grpc.UnaryServerInterceptor
	methods map[string]boundMethod // by full name
}

type boundMethod struct {
	service any
	handler grpc.MethodHandler
}

func newChannel(inner grpc.UnaryServerInterceptor) *channel {
	return &channel{inner: inner, methods: make(map[string]boundMethod)}
}

// RegisterService implements grpc.ServiceRegistrar.
func (c *channel) RegisterService(desc *grpc.ServiceDesc, service any) {
	for _, m := range desc.Methods {
		c.methods["/"+desc.ServiceName+"/"+m.MethodName] = boundMethod{service, m.Handler}
	}
}

// Invoke implements grpc.ClientConnInterface. The answer is in call.Info; there
// are no headers and trailers for options.
func (c *channel) Invoke(ctx context.Context, method string, req, _ any, _ ...grpc.CallOption) error {
	m, ok := c.methods[method]
	if !ok {
		return apierr.NoSuchMethod()
	}
	if err := complete(ctx, req); err != nil {
		return err
	}
	answer, err := m.handler(m.service, ctx, func(any) error { return nil },
		func(ctx context.Context, _ any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return c.inner(ctx, req, info, handler)
		})
	call.From(ctx).Answer = answer
	return err
}

// complete gives the request what its call over REST said outside of it.
func complete(ctx context.Context, req any) error {
	v, request := visitOf(ctx), req.(proto.Message) // the generated clients send nothing else
	if v == nil {
		return nil
	}
	return v.complete(request)
}

// NewStream implements grpc.ClientConnInterface. Streams have no REST path.
func (c *channel) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, apierr.NoSuchMethod()
}
