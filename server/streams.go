package server

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// guardStream surrounds calls that send streams as metrics, outermost and guard
// surround the others, in the same order. What is no RPC of ours is a method that
// does not exist, and only who may call is told so; it is not measured, since
// anybody can think of a new name.
func (c *core) guardStream(measure grpc.StreamServerInterceptor, limits Limits, validate validate) grpc.StreamServerInterceptor {
	if limits.StreamTimeout <= 0 {
		limits.StreamTimeout = time.Hour
	}
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if infrastructure(info.FullMethod) {
			return handler(srv, stream)
		}
		guarded := func(srv any, stream grpc.ServerStream) error {
			return c.guarded(srv, &guardedStream{stream, nil, limits, validate}, info.FullMethod, handler)
		}
		if _, unknown := c.contract.find(info.FullMethod); unknown != nil {
			return guarded(srv, stream)
		}
		return measure(srv, stream, info, guarded)
	}
}

func (c *core) guarded(srv any, stream *guardedStream, method string, handler grpc.StreamHandler) (err error) {
	start, logged := time.Now(), method
	if _, unknown := c.contract.find(method); unknown != nil {
		logged = "/unknown" // what was asked for may name somebody
	}
	ctx, cancel := context.WithTimeout(stream.ServerStream.Context(), stream.limits.StreamTimeout)
	defer cancel()
	ctx, _ = withCallInfo(ctx)
	defer func() {
		if p := recover(); p != nil {
			err = c.panicked(ctx, p)
		}
		err = outward(ctx, c.log, err)
		c.logCall(ctx, logged, start, err)
	}()
	caller, err := c.enter(ctx, method)
	if err != nil {
		return err
	}
	stream.ctx = withCaller(ctx, caller)
	return handler(srv, stream)
}

// A guardedStream belongs to a caller who may call, and checks what they send.
type guardedStream struct {
	grpc.ServerStream
	ctx      context.Context
	limits   Limits
	validate validate
}

// Context implements grpc.ServerStream.
func (s *guardedStream) Context() context.Context { return s.ctx }

// RecvMsg implements grpc.ServerStream.
func (s *guardedStream) RecvMsg(req any) error {
	if err := s.ServerStream.RecvMsg(req); err != nil {
		return err
	}
	if m, ok := req.(proto.Message); ok && proto.Size(m) > s.limits.MaxRequestBytes {
		return tooLarge(s.limits.MaxRequestBytes)
	}
	return s.validate.request(s.ctx, req)
}
