package listen

import (
	"crypto/tls"
	"net"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
)

// BenchmarkCall is a small call over gRPC: over the plain listener and over ours.
func BenchmarkCall(b *testing.B) {
	for name, wrap := range map[string]func(net.Listener) net.Listener{
		"bare": func(l net.Listener) net.Listener { return l },
		"ours": func(l net.Listener) net.Listener { return New(l, "test", roomy, nil) },
	} {
		b.Run(name, func(b *testing.B) {
			inner, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			server := grpc.NewServer()
			testpb.RegisterTestServiceServer(server, service{})
			go server.Serve(wrap(inner))
			defer server.Stop()
			client, err := grpc.NewClient(inner.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				b.Fatal(err)
			}
			defer client.Close()
			calls := testpb.NewTestServiceClient(client)
			b.SetParallelism(32)
			before := processorTime(b)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := unary(b.Context(), calls, 1, 200); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// processorTime is the processor time of client and server, which other programs
// disturb less than elapsed time.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkOpening is a connection with its handshake, from dialling to closing.
func BenchmarkOpening(b *testing.B) {
	ca := newAuthority(b)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	l := New(inner, "test", roomy, ca.server(b, "h2"))
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 1))
			c.Close()
		}
	}()
	config := ca.client(b)
	for b.Loop() {
		c, err := tls.Dial("tcp", inner.Addr().String(), config)
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}
