package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A key is sent over a network unencrypted only if a flag allows it: only servers
// on this machine are called without TLS.
func TestTransport(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir)
	ca, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	t.Setenv(keyVariable, "acq_some")
	for _, c := range []struct {
		flags    dialFlags
		protocol string
	}{
		{dialFlags{Server: "127.0.0.1:9090"}, "insecure"},
		{dialFlags{Server: "[::1]:9090"}, "insecure"},
		{dialFlags{Server: "localhost:9090"}, "insecure"},
		{dialFlags{Server: "localhost.example:9090"}, "tls"},
		{dialFlags{Server: "127.0.0.1.example:9090"}, "tls"},
		{dialFlags{Server: "192.0.2.1:9090"}, "tls"},
		{dialFlags{Server: "dns:///127.0.0.1:9090"}, "tls"},
		{dialFlags{Server: "127.0.0.1:9090", CAFile: ca}, "tls"},
		{dialFlags{Server: "127.0.0.1:9090", CertFile: ca, KeyFile: key}, "tls"},
		{dialFlags{Server: "192.0.2.1:9090", InsecurePlaintext: true}, "insecure"},
	} {
		if err := c.flags.check(); err != nil {
			t.Errorf("%+v: %v", c.flags, err)
		}
		if got, err := c.flags.transport(); err != nil || got.Info().SecurityProtocol != c.protocol {
			t.Errorf("%+v: %v %v, want %s", c.flags, got, err, c.protocol)
		}
	}
	const here = "127.0.0.1:9090"
	for says, d := range map[string]dialFlags{
		"or neither":         {Server: here, CertFile: ca},
		"cannot be combined": {Server: here, InsecurePlaintext: true, CAFile: ca},
		"no certificate":     {Server: here, CAFile: key},
		"no such file":       {Server: here, CAFile: "none.pem"},
		"--cert-file: ":      {Server: here, CertFile: key, KeyFile: key},
	} {
		err := d.check()
		if err == nil {
			_, err = d.transport()
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want %q", d, err, says)
		}
	}
}

// A backup from a server with a certificate goes over TLS and checks its
// authority.
func TestBackupUnderTLS(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir)
	ca := filepath.Join(dir, "cert.pem")
	out, _ := serving(t, filepath.Join(dir, "data"), "--tls-cert-file", ca, "--tls-key-file", filepath.Join(dir, "key.pem"), "--tls-client-ca-file", ca)
	t.Setenv(keyVariable, keyLine.FindStringSubmatch(out.String())[1])
	backup := []string{"backup", "--server", grpcLine.FindStringSubmatch(out.String())[1], "--to", filepath.Join(dir, "b")}
	fails(t, "if it expects TLS, set --ca-file", append(backup, "--timeout", "2s")...)
	fails(t, "cannot be reached: ", append(backup, "--ca-file", ca, "--timeout", "2s")...) // why arrives after the handshake, or not
	succeeds(t, "up to event", append(backup, "--ca-file", ca, "--cert-file", ca, "--key-file", filepath.Join(dir, "key.pem"))...)
}

// A command that cannot reach the server says what to do, and not what its libraries say.
func TestUnreachable(t *testing.T) {
	t.Setenv(keyVariable, "acq_some")
	dir := t.TempDir()
	writeCertificate(t, dir)
	page := httptest.NewServer(http.NotFoundHandler())
	defer page.Close()
	dead := httptest.NewServer(http.NotFoundHandler()) // its port is free again
	dead.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // it accepts, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	address := func(s *httptest.Server) string { return s.Listener.Addr().String() }
	const ca = "--ca-file"
	for says, c := range map[string]struct {
		server string
		tls    []string
	}{
		"nothing listens there: start acquis serve": {address(dead), nil},
		"it does not speak gRPC: set --server":      {address(page), nil},
		"it speaks no TLS":                          {address(page), []string{ca, filepath.Join(dir, "cert.pem")}},
		"there was no answer in time":               {silent.Addr().String(), nil},
	} {
		args := append([]string{"backup", "--to", filepath.Join(dir, "b"), "--timeout", "1s", "--server", c.server}, c.tls...)
		code, _, err := acquis(t, args...)
		if code != 1 || !strings.Contains(err, c.server+" cannot be reached: "+says) || regexp.MustCompile(`desc =|dial tcp|rpc error|transport|http2`).MatchString(err) {
			t.Errorf("%q: exit %d, %q", args, code, err)
		}
		if c.tls != nil || c.server == address(page) {
			continue
		}
		code, _, err = acquis(t, "healthcheck", "--ops-addr", c.server, "--timeout", "1s")
		if code != 1 || !strings.Contains(err, "not ready: "+c.server+" cannot be reached: "+says) || strings.Contains(err, "dial tcp") {
			t.Errorf("healthcheck of %s: exit %d, %q", c.server, code, err)
		}
	}
	fails(t, "is not the operations address of acquis serve", "healthcheck", "--ops-addr", address(page))
	for theirs, says := range map[string]string{
		"name resolver error: produced zero addresses":                 "there is no such host",
		"dial tcp: lookup x.invalid on 192.0.2.53:53: no such host":    "there is no such host",
		"tls: failed to verify certificate: x509: certificate unknown": "its certificate is not trusted: set --ca-file",
		"error reading from server: EOF":                               "the connection was lost",
		"read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset":    "it hung up",
		"dial tcp 192.0.2.1:9090: connect: network is unreachable":     "this machine has no way to it",
		"remote error: tls: unknown certificate authority":             "it does not accept this client",
	} {
		if err := unreachable("--server", "x", theirs); !strings.HasPrefix(err.Error(), "x cannot be reached: "+says) {
			t.Errorf("%s: %v", theirs, err)
		}
	}
}

// Invalid combinations of backup flags are refused.
func TestRefusedBackupFlags(t *testing.T) {
	for says, args := range map[string][]string{
		"--backup-interval": {"--backup-interval", "1s"},
		"--backup-keep":     {"--backup-keep", "0"},
		"--backup-timeout":  {"--backup-timeout", "0s"},
	} {
		if _, err := parseServe(t, args...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
