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

// registrar registers services with the gRPC server so that each call is
// authenticated before its request is read. The library's interceptors are too
// late for that: they get the decoded request.
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

// unary wraps the handler of an RPC with one request and one answer. The
// request is not read by the library: see receive.
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
		handed := v.info.Hand(answer)
		answer = nil // its bytes may have to wait for their turn: the message need not
		return v.pack(handed)
	}
}

// inner wraps all handlers, over REST and gRPC: it validates the request by the
// rules of the proto file.
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

// infoOverGRPC is the Info of a new call, with the caller's request id or a new
// one, which is returned with the answer.
func infoOverGRPC(ctx context.Context) *call.Info {
	info := &call.Info{RequestID: requestID(metadata.ValueFromIncomingContext(ctx, requestIDHeader)), From: peerOf(ctx)}
	_ = grpc.SetHeader(ctx, metadata.MD{requestIDHeader: {info.RequestID}}) // it fails only if nobody reads headers
	return info
}

// peerOf returns the network of a call over gRPC, by its connection and not by
// its headers.
func peerOf(ctx context.Context) netip.Prefix {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return netip.Prefix{}
	}
	return listen.Network(p.Addr)
}
