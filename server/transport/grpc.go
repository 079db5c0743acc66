package transport

import (
	"context"
	"net/netip"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/server/listen"
)

// registrar registers services with the gRPC server so that each call passes the
// door before its request is read. The library's interceptors come too late for
// that: they are called with the request.
type registrar struct{ *Transport }

// RegisterService implements grpc.ServiceRegistrar.
func (r registrar) RegisterService(desc *grpc.ServiceDesc, service any) {
	r.add(desc)
	guarded := *desc
	guarded.Methods = make([]grpc.MethodDesc, len(desc.Methods))
	for i, m := range desc.Methods {
		guarded.Methods[i] = grpc.MethodDesc{
			MethodName: m.MethodName, Handler: r.unary(r.methods["/"+desc.ServiceName+"/"+m.MethodName], m.Handler),
		}
	}
	guarded.Streams = make([]grpc.StreamDesc, len(desc.Streams))
	for i, s := range desc.Streams {
		guarded.Streams[i] = s
		guarded.Streams[i].Handler = r.stream(r.methods["/"+desc.ServiceName+"/"+s.StreamName], s.Handler)
	}
	r.grpc.RegisterService(&guarded, service)
}

// GetServiceInfo implements reflection.GRPCServer.
func (r registrar) GetServiceInfo() map[string]grpc.ServiceInfo { return r.grpc.GetServiceInfo() }

// unary surrounds the handler of an RPC that takes one message and sends one.
// The library's own way to read that message is not used: see receive.
func (t *Transport) unary(m *method, handler grpc.MethodHandler) grpc.MethodHandler {
	return func(service any, ctx context.Context, _ func(any) error, _ grpc.UnaryServerInterceptor) (answer any, err error) {
		v := t.arrive(ctx, m, infoOverGRPC(ctx))
		defer func() {
			if err = v.end(err, recover()); err != nil {
				answer = nil
				return
			}
			m.counts.sent.Inc()
		}()
		if err := v.enter(metadata.ValueFromIncomingContext(ctx, "authorization")); err != nil {
			return nil, err
		}
		answer, err = handler(service, v.ctx, func(req any) error { return v.receive(ctx, req.(proto.Message)) }, t.inner)
		if err != nil {
			return nil, err
		}
		return v.pack(v.info.Hand(answer))
	}
}

// inner surrounds handlers behind either door: it checks the rules that the proto
// file sets for the request.
func (t *Transport) inner(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if contract.Infrastructure(info.FullMethod) {
		answer, err := handler(ctx, req)
		return answer, apierr.NotFoundInstead(err, "this service")
	}
	if err := t.validate.Request(ctx, req); err != nil {
		return nil, err
	}
	return t.watch(ctx, req, info, handler)
}

// infoOverGRPC is what is known of a call that has just arrived, with the caller's
// id for it or a new one, which goes back with the answer.
func infoOverGRPC(ctx context.Context) *call.Info {
	info := &call.Info{RequestID: requestID(metadata.ValueFromIncomingContext(ctx, requestIDHeader)), From: peerOf(ctx)}
	_ = grpc.SetHeader(ctx, metadata.MD{requestIDHeader: {info.RequestID}}) // it fails only if nobody reads headers
	return info
}

// peerOf tells whence a call over gRPC comes, by its connection: never by what it
// says.
func peerOf(ctx context.Context) netip.Prefix {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return netip.Prefix{}
	}
	return listen.Network(p.Addr)
}
