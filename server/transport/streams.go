package transport

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/contract"
)

// stream surrounds the handler of an RPC that sends a stream, as unary does the
// others.
func (t *Transport) stream(m *method, handler grpc.StreamHandler) grpc.StreamHandler {
	return func(service any, stream grpc.ServerStream) (err error) {
		v := t.arrive(stream.Context(), m, infoOverGRPC(stream.Context()))
		defer func() { err = v.end(err, recover()) }()
		if err := v.enter(metadata.ValueFromIncomingContext(stream.Context(), "authorization")); err != nil {
			return err
		}
		return handler(service, &guardedStream{stream, v})
	}
}

// noSuchMethod answers what is no method. Of our contract, only who may call is
// told so.
func (t *Transport) noSuchMethod(_ any, stream grpc.ServerStream) error {
	m := *t.unknown
	name, _ := grpc.Method(stream.Context())
	m.public = contract.Infrastructure(name)
	return t.stream(&m, func(any, grpc.ServerStream) error { return apierr.NoSuchMethod() })(nil, stream)
}

// A guardedStream belongs to a caller who may call, and checks what they send.
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

// SendMsg implements grpc.ServerStream. Who takes a stream slowly holds no slot.
func (s *guardedStream) SendMsg(m any) error {
	s.visit.ticket.Yield()
	err := s.ServerStream.SendMsg(m)
	if err == nil {
		s.visit.counts.sent.Inc()
	}
	return err
}
