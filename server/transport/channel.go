package transport

import (
	"context"

	"google.golang.org/grpc"

	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
)

// A channel is where the gateway calls the services inside the process: the
// generated clients call through it as through a connection, and meet the same
// interceptor as callers over gRPC do.
//
// A call is a function call and nothing more, in the goroutine of the HTTP
// request. What the two ends share is the context, with its callInfo
// (interceptors.go): by it crosses what a connection carries in headers, and the
// answer. The request is the service's own from then on. A goroutine for each call,
// with a stack that had to grow each time, and copies of context, metadata and
// messages took a fifth of GetReferentiel over REST.
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

// Invoke implements grpc.ClientConnInterface. The answer is left in the callInfo;
// there are no headers and trailers that options could ask for.
func (c *channel) Invoke(ctx context.Context, method string, req, _ any, _ ...grpc.CallOption) error {
	m, ok := c.methods[method]
	if !ok {
		return apierr.NoSuchMethod()
	}
	answer, err := m.handler(m.service, ctx, func(any) error { return nil },
		func(ctx context.Context, _ any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return c.inner(ctx, req, info, handler)
		})
	call.From(ctx).Answer = answer
	return err
}

// NewStream implements grpc.ClientConnInterface. No stream has a REST path.
func (c *channel) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, apierr.NoSuchMethod()
}
