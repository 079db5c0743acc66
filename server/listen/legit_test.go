package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// heavy is what clients may do on one connection.
var heavy = map[string]func(ctx context.Context, c testpb.TestServiceClient) error{
	"large streamed answers": func(ctx context.Context, c testpb.TestServiceClient) error {
		return each(8, func(int) error { return download(ctx, c, 50, 256<<10) })
	},
	"many small streamed answers": func(ctx context.Context, c testpb.TestServiceClient) error {
		return each(8, func(int) error { return download(ctx, c, 5000, 1) })
	},
	"large answers": func(ctx context.Context, c testpb.TestServiceClient) error {
		return each(100, func(int) error { return unary(ctx, c, 1, 1<<20) })
	},
	"small answers in turn": func(ctx context.Context, c testpb.TestServiceClient) error {
		return each(1, func(int) error { return unary(ctx, c, 5000, 0) })
	},
	"a hundred calls at once": func(ctx context.Context, c testpb.TestServiceClient) error {
		return each(100, func(int) error { return unary(ctx, c, 100, 100) })
	},
	"small messages streamed up": func(ctx context.Context, c testpb.TestServiceClient) error {
		return each(2, func(int) error { return upload(ctx, c, 1000, 1) })
	},
	"large messages streamed up": func(ctx context.Context, c testpb.TestServiceClient) error {
		return each(8, func(int) error { return upload(ctx, c, 20, 1<<20) })
	},
}

// TestHeavyUse: no grpc-go client is disconnected because of normal heavy use,
// with TLS or without.
func TestHeavyUse(t *testing.T) {
	ca := newAuthority(t)
	for _, door := range []struct {
		name         string
		server       *tls.Config
		transporting credentials.TransportCredentials
	}{
		{"plain", nil, insecure.NewCredentials()},
		{"TLS", ca.server(t, "h2"), credentials.NewTLS(ca.client(t))},
	} {
		for name, use := range heavy {
			t.Run(door.name+"/"+name, func(t *testing.T) {
				l := loopback(t, roomy, door.server)
				serveGRPC(t, l)
				client, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(door.transporting))
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				if err := use(t.Context(), testpb.NewTestServiceClient(client)); err != nil {
					t.Error(err)
				}
				if got := cuts(t, l); got != "" {
					t.Errorf("cut off: %s", got)
				}
			})
		}
	}
}

// TestHeavyUseOfREST: the same for a client of net/http.
func TestHeavyUseOfREST(t *testing.T) {
	ca := newAuthority(t)
	l := loopback(t, roomy, ca.server(t, "h2", "http/1.1"))
	serveHTTP(t, l)
	transport := &http.Transport{TLSClientConfig: ca.client(t), ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	err := each(50, func(int) error {
		for range 40 {
			response, err := client.Post("https://"+l.Addr().String(), "text/plain", io.MultiReader(
				strings.NewReader("a piece"), strings.NewReader("another"), strings.NewReader(strings.Repeat("x", 100<<10))))
			if err != nil {
				return err
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
		return nil
	})
	if got := cuts(t, l); err != nil || got != "" {
		t.Errorf("%v, cut off: %s", err, got)
	}
}

func each(callers int, call func(i int) error) error {
	var group errgroup.Group
	for i := range callers {
		group.Go(func() error { return call(i) })
	}
	return group.Wait()
}

func unary(ctx context.Context, c testpb.TestServiceClient, calls, size int) error {
	for range calls {
		if _, err := c.UnaryCall(ctx, &testpb.SimpleRequest{ResponseSize: int32(size)}); err != nil {
			return err
		}
	}
	return nil
}

func download(ctx context.Context, c testpb.TestServiceClient, messages, size int) error {
	parts := make([]*testpb.ResponseParameters, messages)
	for i := range parts {
		parts[i] = &testpb.ResponseParameters{Size: int32(size)}
	}
	stream, err := c.StreamingOutputCall(ctx, &testpb.StreamingOutputCallRequest{ResponseParameters: parts})
	if err != nil {
		return err
	}
	for {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func upload(ctx context.Context, c testpb.TestServiceClient, messages, size int) error {
	stream, err := c.StreamingInputCall(ctx)
	if err != nil {
		return err
	}
	for range messages {
		if err := stream.Send(&testpb.StreamingInputCallRequest{Payload: &testpb.Payload{Body: make([]byte, size)}}); err != nil {
			return err
		}
	}
	_, err = stream.CloseAndRecv()
	return err
}

// TestCancelStorms: a client may cancel all its calls, several times in a row.
func TestCancelStorms(t *testing.T) {
	l := loopback(t, roomy, nil)
	waiting := make(chan struct{})
	serveGRPCTelling(t, l, waiting)
	client, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	calls := testpb.NewTestServiceClient(client)
	for range 8 {
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				_, err := calls.UnaryCall(ctx, &testpb.SimpleRequest{FillUsername: true})
				if status.Code(err) != codes.Canceled {
					t.Error(err)
				}
			})
		}
		for range 100 {
			<-waiting
		}
		cancel()
		group.Wait()
	}
	if err := unary(t.Context(), calls, 1, 1); err != nil || cuts(t, l) != "" {
		t.Errorf("after the storms: %v, cut off: %s", err, cuts(t, l))
	}
}
