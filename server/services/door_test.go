package services

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/server/transport"
)

// A door is how tests call the services, like a connection: it admits callers,
// checks the form of requests, provides the state of each call, and returns the
// bytes of answers. So a test sends only what could be sent, and reads what a
// client would read.
type door struct {
	contract *contract.Contract
	validate contract.Validator
	watch    grpc.UnaryServerInterceptor
	codec    transport.Codec
	methods  map[string]handler
}

type handler struct {
	service any
	handle  grpc.MethodHandler
}

func newDoor(s *Services) *door {
	d := &door{
		contract: s.core.contract, validate: s.validate, watch: s.Watch(),
		codec: transport.NewCodec(), methods: make(map[string]handler),
	}
	s.Register(d)
	return d
}

// RegisterService implements grpc.ServiceRegistrar.
func (d *door) RegisterService(desc *grpc.ServiceDesc, service any) {
	for _, m := range desc.Methods {
		d.methods["/"+desc.ServiceName+"/"+m.MethodName] = handler{service, m.Handler}
	}
}

// Invoke implements grpc.ClientConnInterface. The caller is in the context (as).
func (d *door) Invoke(ctx context.Context, method string, request, reply any, _ ...grpc.CallOption) error {
	rpc, err := d.contract.Find(method)
	if err != nil {
		return err
	}
	caller := call.CallerOf(ctx)
	if err := rpc.Admit(caller); err != nil && !rpc.Public {
		return err
	}
	info := &call.Info{Caller: rpc.Within(caller)}
	m := d.methods[method]
	answer, err := m.handle(m.service, call.With(ctx, info), func(into any) error {
		proto.Merge(into.(proto.Message), request.(proto.Message))
		return nil
	}, d.pass)
	if err != nil {
		return err
	}
	data, err := d.codec.Marshal(info.Hand(answer))
	if err != nil {
		return err
	}
	defer data.Free()
	return proto.Unmarshal(data.Materialize(), reply.(proto.Message))
}

func (d *door) pass(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := d.validate.Request(ctx, request); err != nil {
		return nil, err
	}
	return d.watch(ctx, request, info, handler)
}

// NewStream implements grpc.ClientConnInterface. The only RPC with a stream is
// tested without a door.
func (d *door) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, apierr.NoSuchMethod()
}
