package listen

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/peer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// roomy has no limit that a test could reach by accident on a busy machine.
var roomy = Limits{
	Connections: 10_000, PerNetwork: 10_000, Openings: 100_000,
	Opening: time.Hour, Stall: time.Hour,
}

// loopback returns one of our listeners on a real port.
func loopback(t *testing.T, limits Limits, config *tls.Config) *Listener {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := New(inner, "test", limits, config)
	t.Cleanup(func() { l.Close() })
	return l
}

// count reads a metric; cause is "" for one without causes.
func count(t *testing.T, l *Listener, name, cause string) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(l.Collectors()...)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				if family.GetName() == name && (label.GetValue() == cause || cause == "" && label.GetName() == "door") {
					return m.GetCounter().GetValue() + m.GetGauge().GetValue()
				}
			}
		}
	}
	return 0
}

// cuts lists all connections that were closed, by cause.
func cuts(t *testing.T, l *Listener) string {
	t.Helper()
	var found []string
	for _, cause := range append(cutFloods[:], cutHandshake, cutOpening, cutStalled) {
		if n := count(t, l, "acquis_connections_cut_total", cause); n > 0 {
			found = append(found, fmt.Sprintf("%s %v", cause, n))
		}
	}
	return strings.Join(found, ", ")
}

// A service answers over gRPC with as many bytes as requested.
type service struct {
	testpb.UnimplementedTestServiceServer
	waiting chan struct{} // takes one from each call that waits to be cancelled
}

func (s service) UnaryCall(ctx context.Context, r *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	if r.FillUsername { // means: wait until the caller cancels
		select {
		case s.waiting <- struct{}{}:
			<-ctx.Done()
		case <-ctx.Done():
		}
		return nil, ctx.Err()
	}
	p, _ := peer.FromContext(ctx)
	return &testpb.SimpleResponse{
		Payload:  &testpb.Payload{Body: make([]byte, r.ResponseSize)},
		Username: p.Addr.String(),
	}, nil
}

func (service) StreamingOutputCall(r *testpb.StreamingOutputCallRequest, s grpc.ServerStreamingServer[testpb.StreamingOutputCallResponse]) error {
	for _, p := range r.ResponseParameters {
		if err := s.Send(&testpb.StreamingOutputCallResponse{Payload: &testpb.Payload{Body: make([]byte, p.Size)}}); err != nil {
			return err
		}
	}
	return nil
}

func (service) StreamingInputCall(s grpc.ClientStreamingServer[testpb.StreamingInputCallRequest, testpb.StreamingInputCallResponse]) error {
	for {
		if _, err := s.Recv(); errors.Is(err, io.EOF) {
			return s.SendAndClose(&testpb.StreamingInputCallResponse{})
		} else if err != nil {
			return err
		}
	}
}

func serveGRPC(t *testing.T, l *Listener) { serveGRPCTelling(t, l, nil) }

func serveGRPCTelling(t *testing.T, l *Listener, waiting chan struct{}) {
	t.Helper()
	server := grpc.NewServer(grpc.MaxConcurrentStreams(100))
	testpb.RegisterTestServiceServer(server, service{waiting: waiting})
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// serveHTTP answers with the protocol and address that it sees, and accepts
// bodies.
func serveHTTP(t *testing.T, l *Listener) {
	t.Helper()
	server := &http.Server{Protocols: new(http.Protocols), HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 100}}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, r.Proto, " ", r.RemoteAddr)
	})
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// An authority signs certificates for both sides of a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = template
	a.cert, err = x509.ParseCertificate(a.sign(t, template, key))
	if err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) sign(t testing.TB, template *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (a *authority) pair(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der := a.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// server is a config like the service's: made for each handshake, and requiring
// client certificates.
func (a *authority) server(t testing.TB, protocols ...string) *tls.Config {
	pair := a.pair(t)
	return &tls.Config{
		NextProtos: protocols,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return &tls.Config{
				NextProtos: protocols, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12,
				ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.pool, SessionTicketsDisabled: true,
			}, nil
		},
	}
}

func (a *authority) client(t testing.TB) *tls.Config {
	return &tls.Config{RootCAs: a.pool, Certificates: []tls.Certificate{a.pair(t)}}
}

func addrPort(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }

func v4(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
}
