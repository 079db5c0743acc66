package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// serveEcho serves answers of the sizes that were ordered, encoded before: what
// gRPC itself costs.
func serveEcho(ctx context.Context, o order, ready func(hello) error) error {
	methods := map[string]func() ([]byte, error){}
	for _, size := range o.Sizes {
		answer := filled(size)
		methods[strconv.Itoa(size)] = func() ([]byte, error) { return answer, nil }
	}
	return serveRaw(ctx, methods, ready)
}

// echoMethod is the method that answers with so many bytes.
func echoMethod(size int) string { return "/" + echoService + "/" + strconv.Itoa(size) }

const echoService = "bench.Echo"

// serveRaw serves methods that take and give bytes, with the options that Acquis
// gives its server.
func serveRaw(ctx context.Context, methods map[string]func() ([]byte, error), ready func(hello) error) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := grpc.NewServer(
		grpc.NumStreamWorkers(128), // as Acquis
		grpc.ForceServerCodecV2(rawCodec{}),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.MaxHeaderListSize(16<<10),
		grpc.MaxRecvMsgSize(16<<20),
		grpc.MaxConcurrentStreams(1000),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 15 * time.Minute}),
	)
	service := &grpc.ServiceDesc{ServiceName: echoService, HandlerType: (*any)(nil)}
	for name, answer := range methods {
		service.Methods = append(service.Methods, grpc.MethodDesc{
			MethodName: name,
			Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				var size int
				if err := decode(&size); err != nil {
					return nil, err
				}
				return answer()
			},
		})
	}
	s.RegisterService(service, struct{}{})
	context.AfterFunc(ctx, s.Stop)
	if err := ready(hello{Address: listener.Addr().String()}); err != nil {
		return err
	}
	return s.Serve(listener)
}

// serveHTTP serves the same answers over plain net/http, under their sizes.
func serveHTTP(ctx context.Context, o order, ready func(hello) error) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	for _, size := range o.Sizes {
		answer := filled(size)
		mux.HandleFunc(fmt.Sprintf("GET /%d", size), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(answer) // a caller who went away needs no answer
		})
	}
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = s.Close() }) // nothing is left to lose
	if err := ready(hello{Address: listener.Addr().String()}); err != nil {
		return err
	}
	if err := s.Serve(listener); err != http.ErrServerClosed { //nolint:errorlint // Serve says that it returns this one
		return err
	}
	return nil
}

// filled is an answer of so many bytes.
func filled(size int) []byte {
	answer := make([]byte, size)
	for i := range answer {
		answer[i] = 'a' + byte(i%26)
	}
	return answer
}
