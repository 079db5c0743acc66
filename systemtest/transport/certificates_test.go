package transport

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// An authority issues certificates for 127.0.0.1 and for clients.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  crypto.Signer
	next int64 // serial
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, key: world.ECKey(t), next: 1}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	world.Must(t, err)
	a.cert, err = x509.ParseCertificate(der)
	world.Must(t, err)
	return a
}

// issue makes a certificate, in PEM, that is valid until a time.
func (a *authority) issue(until time.Time) (cert, key []byte) {
	a.t.Helper()
	a.next++
	private := world.ECKey(a.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.next), Subject: pkix.Name{CommonName: "admin"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: until.Add(-2 * time.Hour), NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, private.Public(), a.key)
	world.Must(a.t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	world.Must(a.t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// client is the configuration of a client that trusts this authority and may
// present a certificate.
func (a *authority) client(shown ...tls.Certificate) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{RootCAs: pool, Certificates: shown, MinVersion: tls.VersionTLS10}
}

func (a *authority) pair(until time.Time) tls.Certificate {
	a.t.Helper()
	pair, err := tls.X509KeyPair(a.issue(until))
	world.Must(a.t, err)
	return pair
}

func soon() time.Time { return time.Now().Add(time.Hour) }

// doors are the certificate files of a service.
type doors struct {
	t   *testing.T
	dir string
}

func (d doors) path(name string) string { return filepath.Join(d.dir, name) }

func (d doors) write(name string, text []byte) {
	d.t.Helper()
	world.Must(d.t, os.WriteFile(d.path(name), text, 0o600))
}

func (d doors) writePair(cert, key []byte) {
	d.t.Helper()
	d.write("cert.pem", cert)
	d.write("key.pem", key)
}

// start runs a service with these files; clientCA may be empty.
func (d doors) start(client *tls.Config, clientCA string) *world.World {
	d.t.Helper()
	files := authn.CertificateFiles{Cert: d.path("cert.pem"), Key: d.path("key.pem")}
	if clientCA != "" {
		files.ClientCA = d.path(clientCA)
	}
	said := new(world.Logs)
	certificates, err := authn.LoadCertificates(files, slog.New(slog.NewJSONHandler(said, nil)))
	world.Must(d.t, err)
	w, _ := world.StartBehind(d.t, client, d.t.TempDir(), func(o *server.Options) {
		o.TLS, o.Log = certificates, slog.NewJSONHandler(said, nil)
	})
	w.Logs = said
	return w
}

// knock tries both listeners with new connections and the key of an
// administrator, and returns the errors: "" if it was accepted.
func knock(w *world.World, config *tls.Config) (rest, overGRPC string) {
	w.T.Helper()
	transport := &http.Transport{TLSClientConfig: config.Clone()}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(w.T.Context(), http.MethodGet, w.Base+"/v1/keys", nil)
	world.Must(w.T, err)
	req.Header.Set("Authorization", "Bearer "+w.Keys["admin"])
	res, err := transport.RoundTrip(req)
	switch {
	case err != nil:
		rest = err.Error()
	default:
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			rest = res.Status
		}
	}
	conn, err := grpc.NewClient(w.Conn.Target(), grpc.WithTransportCredentials(credentials.NewTLS(config.Clone())))
	world.Must(w.T, err)
	defer conn.Close()
	ctx, cancel := context.WithTimeout(w.T.Context(), world.Patience)
	defer cancel()
	_, err = acquispb.NewAdminServiceClient(conn).ListKeys(w.Bearing(ctx, "admin"), &acquispb.ListKeysRequest{})
	if err != nil {
		overGRPC = err.Error()
	}
	return rest, overGRPC
}

// TestTLS: both listeners accept only TLS from 1.2 on; REST offers HTTP/2.
func TestTLS(t *testing.T) {
	ca, d := newAuthority(t, "ours"), doors{t, t.TempDir()}
	d.writePair(ca.issue(soon()))
	w := d.start(ca.client(), "")
	for name, call := range w.Transports() {
		if a := call("admin", "GET", "/v1/keys", ""); a.Code != "OK" {
			t.Errorf("%s: %s", name, a.Raw)
		}
		if a := call("", "GET", "/v1/keys", ""); a.Code != "UNAUTHENTICATED" {
			t.Errorf("%s: without a key: %s", name, a.Raw)
		}
	}
	for version, good := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		config := ca.client()
		config.MaxVersion = version
		rest, overGRPC := knock(w, config)
		if (rest == "") != good || (overGRPC == "") != good {
			t.Errorf("%s: REST %q, gRPC %q", tls.VersionName(version), rest, overGRPC)
		}
	}
	conn, err := tls.Dial("tcp", strings.TrimPrefix(w.Base, "https://"), &tls.Config{RootCAs: ca.client().RootCAs, NextProtos: []string{"h2"}})
	world.Must(t, err)
	if got := conn.ConnectionState().NegotiatedProtocol; got != "h2" {
		t.Errorf("REST speaks %q", got)
	}
	world.Must(t, conn.Close())
	res, err := http.Get("http://" + strings.TrimPrefix(w.Base, "https://") + "/v1/keys")
	world.Must(t, err)
	res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("plain text is answered with %d", res.StatusCode)
	}
	if said := w.Logs.String(); strings.Contains(said, "127.0.0.1") {
		t.Errorf("the log contains addresses:\n%s", said)
	}
	for _, door := range []string{"rest", "grpc"} { // of version 1.1, and in plain text
		if counted := `acquis_connections_cut_total{cause="handshake",door="` + door + `"}`; !strings.Contains(world.OpsGet(t, w.Ops+"/metrics"), counted) {
			t.Errorf("handshakes that failed over %s are not counted", door)
		}
	}
}

// TestHeadersOverHTTP2: too many headers are refused as over HTTP/1, up to the size that the
// library announces. This client sends no more.
func TestHeadersOverHTTP2(t *testing.T) {
	ca, d := newAuthority(t, "ours"), doors{t, t.TempDir()}
	d.writePair(ca.issue(soon()))
	w := d.start(ca.client(), "")
	client := http.Client{Transport: &http.Transport{TLSClientConfig: ca.client(), ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	for size, want := range map[int]string{
		100: "CREDENTIALS_MISSING", 15 << 10: "CREDENTIALS_MISSING", 17 << 10: "REQUEST_TOO_LARGE", 31 << 10: "REQUEST_TOO_LARGE",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Base+"/v1/keys", nil)
		world.Must(t, err)
		r.Header.Set("X-Some", strings.Repeat("x", size))
		res, err := client.Do(r)
		world.Must(t, err)
		body, err := io.ReadAll(res.Body)
		world.Must(t, err)
		res.Body.Close()
		ours := res.Header.Get("Content-Type") == "application/json" && res.Header.Get("X-Request-Id") != ""
		if res.ProtoMajor != 2 || !strings.Contains(string(body), want) || (res.StatusCode == http.StatusRequestHeaderFieldsTooLarge) != (size > 16<<10) || !ours {
			t.Errorf("%d bytes over %s: %d %v %s, want %s", size, res.Proto, res.StatusCode, res.Header, body, want)
		}
	}
}

// TestCertificatesAreReadAgain: connections stay open while the certificate
// changes; new connections get the new one; and if a pair is broken, or half
// replaced, the old one stays in use.
func TestCertificatesAreReadAgain(t *testing.T) {
	ca, d := newAuthority(t, "ours"), doors{t, t.TempDir()}
	d.writePair(ca.issue(soon()))
	w := d.start(ca.client(), "")
	shown := func() int64 {
		t.Helper()
		conn, err := tls.Dial("tcp", w.Conn.Target(), &tls.Config{RootCAs: ca.client().RootCAs, NextProtos: []string{"h2"}})
		world.Must(t, err)
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	reused := false
	trace := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }})
	call := func() {
		t.Helper()
		if _, err := acquispb.NewAdminServiceClient(w.Conn).ListKeys(w.Bearing(t.Context(), "admin"), &acquispb.ListKeysRequest{}); err != nil {
			t.Error(err)
		}
		req, err := http.NewRequestWithContext(trace, http.MethodGet, w.Base+"/openapi.json", nil)
		world.Must(t, err)
		res, err := w.Client.Do(req)
		world.Must(t, err)
		res.Body.Close()
	}
	call()
	second, secondKey := ca.issue(soon())
	third, thirdKey := ca.issue(soon())
	for _, step := range []struct {
		what string
		do   func()
		want int64
	}{
		{"nothing has changed", func() {}, 2},
		{"a new pair", func() { d.writePair(second, secondKey) }, 3},
		{"a broken certificate", func() { d.write("cert.pem", []byte("nonsense")) }, 3},
		{"no certificate at all", func() { world.Must(t, os.Remove(d.path("cert.pem"))) }, 3},
		{"half of the next pair", func() { d.write("cert.pem", third) }, 3},
		{"the other half", func() { d.write("key.pem", thirdKey) }, 4},
	} {
		step.do()
		if got := shown(); got != step.want {
			t.Errorf("%s: certificate %d is shown, want %d", step.what, got, step.want)
		}
		call()
		if !reused {
			t.Errorf("%s: the connection was dropped", step.what)
		}
	}
	said := w.Logs.String()
	if got := strings.Count(said, "the old ones stay in use"); got != 3 {
		t.Errorf("%d broken pairs are logged, want 3:\n%s", got, said)
	}
	if strings.Contains(said, "PRIVATE KEY") {
		t.Error("the log contains a key")
	}
}

// TestClientCertificates: if an authority is configured, a listener accepts only
// clients with its certificates, and still requires the key.
func TestClientCertificates(t *testing.T) {
	ca, theirs, d := newAuthority(t, "ours"), newAuthority(t, "theirs"), doors{t, t.TempDir()}
	d.writePair(ca.issue(soon()))
	d.write("clients.pem", ca.pem())
	ours := ca.pair(soon())
	w := d.start(ca.client(ours), "clients.pem")
	for name, call := range w.Transports() {
		if a := call("", "GET", "/v1/keys", ""); a.Reason() != "CREDENTIALS_MISSING" {
			t.Errorf("%s: with a certificate, of the subject admin, but without a key: %s", name, a.Raw)
		}
	}
	cases := map[string]struct {
		shown []tls.Certificate
		in    bool
	}{
		"none":          {nil, false},
		"another's":     {[]tls.Certificate{theirs.pair(soon())}, false},
		"expired":       {[]tls.Certificate{ca.pair(time.Now().Add(-time.Minute))}, false},
		"not yet valid": {[]tls.Certificate{ca.pair(time.Now().Add(3 * time.Hour))}, false},
		"ours":          {[]tls.Certificate{ours}, true},
		"self-signed":   {[]tls.Certificate{selfSigned(t)}, false},
	}
	for name, c := range cases {
		config := ca.client()
		// Presented even if the server asks for that of another authority.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if len(c.shown) == 0 {
				return new(tls.Certificate), nil
			}
			return &c.shown[0], nil
		}
		if rest, overGRPC := knock(w, config); (rest == "") != c.in || (overGRPC == "") != c.in {
			t.Errorf("%s: REST %q, gRPC %q", name, rest, overGRPC)
		}
	}
	d.write("clients.pem", theirs.pem())
	if rest, overGRPC := knock(w, ca.client(ours)); rest == "" || overGRPC == "" {
		t.Errorf("after a change to another authority: REST %q, gRPC %q", rest, overGRPC)
	}
	if rest, overGRPC := knock(w, ca.client(theirs.pair(soon()))); rest != "" || overGRPC != "" {
		t.Errorf("the other authority's: REST %q, gRPC %q", rest, overGRPC)
	}
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	a := newAuthority(t, "ours")
	return tls.Certificate{Certificate: [][]byte{a.cert.Raw}, PrivateKey: a.key}
}

// TestBadCertificatesAtStart: a service does not start on files that it cannot use.
func TestBadCertificatesAtStart(t *testing.T) {
	ca, d := newAuthority(t, "ours"), doors{t, t.TempDir()}
	cert, key := ca.issue(soon())
	_, other := ca.issue(soon())
	d.write("cert.pem", cert)
	d.write("key.pem", key)
	d.write("other.pem", other)
	d.write("empty.pem", nil)
	for _, files := range []authn.CertificateFiles{
		{Cert: d.path("none.pem"), Key: d.path("key.pem")},
		{Cert: d.path("cert.pem"), Key: d.path("other.pem")},
		{Cert: d.path("cert.pem"), Key: d.path("key.pem"), ClientCA: d.path("empty.pem")},
		{Cert: d.path("cert.pem"), Key: d.path("key.pem"), ClientCA: d.path("none.pem")},
	} {
		if _, err := authn.LoadCertificates(files, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%v were taken", files)
		}
	}
}
