package listen

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	testpb "google.golang.org/grpc/interop/grpc_testing"
)

// TestGRPCOverTLS: a client with TLS, ALPN and a certificate can call, and the
// server sees its address.
func TestGRPCOverTLS(t *testing.T) {
	ca := newAuthority(t)
	l := loopback(t, roomy, ca.server(t, "h2"))
	serveGRPC(t, l)
	client, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(ca.client(t))))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	answer, err := testpb.NewTestServiceClient(client).UnaryCall(t.Context(), &testpb.SimpleRequest{ResponseSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Payload.Body) != 1<<20 || !strings.HasPrefix(answer.Username, "127.0.0.1:") {
		t.Errorf("%d bytes, called from %s", len(answer.Payload.Body), answer.Username)
	}
}

// TestHTTPOverTLS: ALPN selects the protocol that the client wants.
func TestHTTPOverTLS(t *testing.T) {
	ca := newAuthority(t)
	l := loopback(t, roomy, ca.server(t, "h2", "http/1.1"))
	serveHTTP(t, l)
	for _, c := range []struct {
		name, proto string
		http2       bool
	}{
		{"HTTP/2", "HTTP/2.0", true},
		{"HTTP/1", "HTTP/1.1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			transport := &http.Transport{TLSClientConfig: ca.client(t), ForceAttemptHTTP2: c.http2}
			if !c.http2 {
				transport.Protocols = new(http.Protocols)
				transport.Protocols.SetHTTP1(true)
			}
			defer transport.CloseIdleConnections()
			body := strings.NewReader(strings.Repeat("x", 1<<20))
			response, err := (&http.Client{Transport: transport}).Post("https://"+l.Addr().String(), "text/plain", body)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			text, _ := io.ReadAll(response.Body)
			if !strings.HasPrefix(string(text), c.proto+" 127.0.0.1:") {
				t.Errorf("answered %q", text)
			}
		})
	}
}

// TestHandshakeRefused: a client without a certificate, with another protocol or
// without TLS is counted and learns nothing; others are served.
func TestHandshakeRefused(t *testing.T) {
	ca := newAuthority(t)
	l := loopback(t, roomy, ca.server(t, "h2"))
	serveGRPC(t, l)
	stranger, foreign := ca.client(t), ca.client(t)
	stranger.Certificates = nil
	foreign.NextProtos = []string{"spdy/3"}
	for i, config := range []*tls.Config{stranger, foreign, nil} {
		raw, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn := raw
		if config != nil {
			conn = tls.Client(raw, config)
		}
		_, _ = conn.Write([]byte(preface))
		if _, err := io.Copy(io.Discard, conn); err == nil && config != nil {
			t.Errorf("case %d: the connection was served to its end", i)
		}
		conn.Close()
	}
	for count(t, l, "acquis_connections_cut_total", cutHandshake) != 3 { // the peer may know of a failure before it is counted
		runtime.Gosched()
	}
}

// TestPlainHTTPOverTLS: who forgot the s of https is told so, whatever the method.
func TestPlainHTTPOverTLS(t *testing.T) {
	l := loopback(t, roomy, newAuthority(t).server(t, "h2", "http/1.1"))
	serveHTTP(t, l)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(conn, method+" /")
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(conn) // the connection may be reset after the answer
		if !strings.HasPrefix(string(answer), "HTTP/1.0 400 ") || !strings.HasSuffix(string(answer), PlainOverTLS) {
			t.Errorf("%s: %q", method, answer)
		}
		_ = conn.Close()
	}
}
