package main

import (
	"path/filepath"
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
	fails(t, "acquis: ", append(backup, "--timeout", "2s")...)
	fails(t, "acquis: ", append(backup, "--ca-file", ca, "--timeout", "2s")...)
	succeeds(t, "up to event", append(backup, "--ca-file", ca, "--cert-file", ca, "--key-file", filepath.Join(dir, "key.pem"))...)
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
