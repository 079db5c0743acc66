package transport

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/contract"
)

// stream wraps the handler of an RPC that sends a stream, as unary does for
// others.
func (t *Transport) stream(m *method, handler grpc.StreamHandler) grpc.StreamHandler {
	return func(service any, stream grpc.ServerStream) (err error) {
		ctx, cancel := context.WithTimeout(stream.Context(), m.timeout)
		v := t.arrive(ctx, m, infoOverGRPC(ctx))
		v.cancel = cancel
		defer func() { err = v.end(inTime(ctx, err), recover()) }()
		defer context.AfterFunc(ctx, func() { giveUp(ctx, stream) })()
		if err := v.enter(metadata.ValueFromIncomingContext(ctx, "authorization")); err != nil {
			return err
		}
		return handler(service, &guardedStream{stream, v})
	}
}

// A statusSink is the stream of a call (the library's ServerTransportStream),
// to end it.
type statusSink interface {
	WriteStatus(st *status.Status) error
}

// giveUp ends a stream that has reached its time limit. If its handler waits
// for a caller that does not read, that wait ends too, and its error comes too
// late to be sent. The library itself would send a status without a reason.
func giveUp(ctx context.Context, stream grpc.ServerStream) {
	sink, ok := grpc.ServerTransportStreamFromContext(stream.Context()).(statusSink)
	if ok && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		_ = sink.WriteStatus(status.Convert(apierr.TookTooLong())) // it fails only if the caller is gone
	}
}

// inTime returns the result of a handler, or that it had no time left, as its
// caller was told.
func inTime(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	return err
}

// noSuchMethod answers calls of unknown methods. Only authenticated callers
// learn whether a method of our services exists.
func (t *Transport) noSuchMethod(_ any, stream grpc.ServerStream) error {
	m := *t.unknown
	name, _ := grpc.Method(stream.Context())
	m.public = contract.Infrastructure(name)
	return t.stream(&m, func(any, grpc.ServerStream) error { return apierr.NoSuchMethod() })(nil, stream)
}

// A guardedStream is the stream of an admitted call, and checks its messages.
type guardedStream struct {
	grpc.ServerStream
	visit *visit
}

// Context implements grpc.ServerStream.
func (s *guardedStream) Context() context.Context { return s.visit.ctx }

// RecvMsg implements grpc.ServerStream.
func (s *guardedStream) RecvMsg(req any) error {
	if err := s.visit.receive(s.ServerStream.Context(), req.(proto.Message)); err != nil {
		return err
	}
	if contract.Infrastructure("/" + s.visit.name) {
		return nil
	}
	return s.visit.validate.Request(s.visit.ctx, req)
}

// SendMsg implements grpc.ServerStream. A slow reader holds no slot. What is sent to
// an unknown caller may still be unread when the handler has ended, so it is counted.
func (s *guardedStream) SendMsg(m any) (err error) {
	s.visit.ticket.Yield()
	if s.visit.public {
		if m, err = s.visit.pack(m); err != nil {
			return err
		}
	}
	err = s.ServerStream.SendMsg(m)
	if err == nil {
		s.visit.counts.sent.Inc()
	}
	return err
}
