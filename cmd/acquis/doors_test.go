package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// parseServe reads a command line as run does, without running it.
func parseServe(t *testing.T, args ...string) (*serveCommand, error) {
	t.Helper()
	var line commandLine
	parser, err := newParser(t.Context(), console{}, &line)
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(append([]string{"serve"}, args...))
	return &line.Serve, err
}

// Invalid flags, and flags that would let unauthorised callers in, are refused.
func TestRefusedDoors(t *testing.T) {
	oidc := func(more ...string) []string {
		return append([]string{"--oidc-issuer", "https://issuer.example", "--oidc-audience", "acquis"}, more...)
	}
	for _, c := range []struct {
		says string
		args []string
	}{
		{"or neither", []string{"--tls-cert-file", "cert.pem"}},
		{"or neither", []string{"--tls-key-file", "key.pem"}},
		{"--tls-client-ca-file needs", []string{"--tls-client-ca-file", "ca.pem"}},
		{"asks for no key", []string{"--ops-addr", "0.0.0.0:1", "--tls-cert-file", "c", "--tls-key-file", "k"}},
		{"--oidc-audience is required", []string{"--oidc-issuer", "https://issuer.example"}},
		{"must begin with https", []string{"--oidc-issuer", "http://issuer.example", "--oidc-audience", "acquis"}},
		{"VALUE=ROLE", oidc("--oidc-roles-claim", "groups", "--oidc-role", "it")},
		{`"BOSS" is not a role`, oidc("--oidc-roles-claim", "groups", "--oidc-role", "it=BOSS")},
		{"not a role", oidc("--oidc-roles-claim", "groups", "--oidc-role", "it=ROLE_UNSPECIFIED")},
		{"or neither", oidc("--oidc-role", "it=ADMIN")},
		{"HS256", oidc("--oidc-algorithms", "HS256")},
		{"clock skew", oidc("--oidc-clock-skew", "1h")},
		{"--failed-attempts", []string{"--failed-attempts", "-1"}},
	} {
		if _, err := parseServe(t, c.args...); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %v, want %q", c.args, err, c.says)
		}
	}
	if _, err := parseServe(t, "--http-addr", "0.0.0.0:1", "--grpc-addr", ":2", "--tls-cert-file", "c", "--tls-key-file", "k"); err != nil {
		t.Errorf("under TLS any address must be accepted: %v", err)
	}
}

// values are what flags take that do nothing without another one.
var values = map[string]string{
	"oidc-audience": "acquis", "oidc-subject-claim": "email", "oidc-subject-prefix": "x:", "oidc-roles-claim": "groups", "oidc-role": "it=ADMIN",
	"oidc-centre-claim": "centre", "oidc-algorithms": "ES256", "oidc-clock-skew": "1m", "oidc-ca-file": "ca.pem",
	"backup-interval": "1h", "backup-keep": "3",
}

// Flags that do nothing without another are refused by their names, whether the command
// line or the environment sets them.
func TestIdleFlags(t *testing.T) {
	var line commandLine
	parser, err := newParser(t.Context(), console{}, &line)
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range parser.Model.Children[0].Flags { // serve
		prefix, _, _ := strings.Cut(flag.Name, "-")
		needs := map[string]string{"oidc": "oidc-issuer", "backup": "backup-dir"}[prefix]
		if needs == "" || flag.Name == needs || flag.Name == "backup-timeout" { // which is for clients too
			continue
		}
		says := "--" + flag.Name + ": set --" + needs + " too"
		if _, err := parseServe(t, "--"+flag.Name, values[flag.Name]); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("--%s alone: %v", flag.Name, err)
		}
		t.Run(flag.Name, func(t *testing.T) {
			t.Setenv(flag.Envs[0], values[flag.Name])
			if _, err := parseServe(t); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s alone: %v", flag.Envs[0], err)
			}
			t.Setenv(flag.Envs[0], "")
			if _, err := parseServe(t); flag.Default == "" && err != nil {
				t.Errorf("%s is empty: %v", flag.Envs[0], err)
			}
		})
	}
	for _, args := range [][]string{
		{"--oidc-issuer", "https://issuer.example", "--oidc-audience", "acquis", "--oidc-clock-skew", "1m"},
		{"--backup-dir", "b", "--backup-keep", "3"}, {"--backup-timeout", "2h"},
	} {
		if _, err := parseServe(t, args...); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// Every flag that takes a URL takes only one that nobody on the way can answer for another.
func TestURLs(t *testing.T) {
	beside := map[string][]string{"issuer-url": {"--issuer-name", "École"}, "oidc-issuer": {"--oidc-audience", "acquis"}}
	var line commandLine
	parser, err := newParser(t.Context(), console{}, &line)
	if err != nil {
		t.Fatal(err)
	}
	flags := 0
	for _, command := range parser.Model.Children {
		for _, flag := range command.Flags {
			if flag.PlaceHolder != "URL" {
				continue
			}
			flags++
			for _, url := range []string{
				"javascript:alert(1)", "http://certificateur.example", "certificateur.example", "//certificateur.example", "https:", "https://", "https:/x", "https://:443",
				"ftp://certificateur.example", "data:text/html,x", "file:///etc/passwd", "http://127.0.0.1.example", "https://a b", "did:web:certificateur.example",
			} {
				_, err := parseServe(t, append(beside[flag.Name], "--"+flag.Name, url)...)
				if err == nil || !strings.Contains(err.Error(), "--"+flag.Name+" ") || !strings.Contains(err.Error(), "must begin with https:// and name a host") {
					t.Errorf("--%s %s: %v", flag.Name, url, err)
				}
			}
			if _, err := parseServe(t, append(beside[flag.Name], "--"+flag.Name, "https://a:b@certificateur.example")...); err == nil || !strings.Contains(err.Error(), "must not have a user") {
				t.Errorf("--%s with a user: %v", flag.Name, err)
			}
			for _, url := range []string{"https://certificateur.example", "https://certificateur.example:8443/realms/a", "http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost"} {
				if _, err := parseServe(t, append(beside[flag.Name], "--"+flag.Name, url)...); err != nil {
					t.Errorf("--%s %s: %v", flag.Name, url, err)
				}
			}
		}
	}
	if flags != 2 {
		t.Errorf("%d flags take a URL", flags)
	}
}

// The flags for tokens and their variables have the expected effect.
func TestOIDCFlags(t *testing.T) {
	t.Setenv("ACQUIS_OIDC_ROLE", `it=ADMIN,cn=jury\,ou=x=JURY,it=READER`)
	t.Setenv("ACQUIS_OIDC_SUBJECT_PREFIX", "")
	s, err := parseServe(t, "--oidc-issuer", "https://issuer.example", "--oidc-audience", "acquis", "--oidc-roles-claim", "groups")
	if err != nil {
		t.Fatal(err)
	}
	config, err := s.OIDC.config()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]acquispb.Role_Enum{"it": {acquispb.Role_ADMIN, acquispb.Role_READER}, "cn=jury,ou=x": {acquispb.Role_JURY}}
	if diff := cmp.Diff(want, config.Roles); diff != "" || config.SubjectPrefix != "" || config.SubjectClaim != "sub" || config.ClockSkew != 30*time.Second {
		t.Errorf("%+v\n%s", config, diff)
	}
	s.OIDC.CAFile = filepath.Join(t.TempDir(), "none.pem")
	if _, err := s.OIDC.config(); err == nil {
		t.Error("a missing file of authorities is accepted")
	}
}

// authentication.md has a row for every flag of authentication and TLS, with
// its default, and names no flag that does not exist.
func TestAuthenticationPageNamesItsFlags(t *testing.T) {
	page, err := os.ReadFile("../../docs/authentication.md")
	if err != nil {
		t.Fatal(err)
	}
	var line commandLine
	parser, err := newParser(t.Context(), console{}, &line)
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, flag := range parser.Model.Children[0].Flags { // serve
		known[flag.Name] = true
		if !regexp.MustCompile("^(tls|oidc|failed)-").MatchString(flag.Name) {
			continue
		}
		row := regexp.MustCompile("(?m)^\\| `--" + flag.Name + "` \\| ([^|]*) \\|").FindSubmatch(page)
		if row == nil || flag.Default != "" && string(row[1]) != "`"+flag.Default+"`" {
			t.Errorf("--%s with the default %q has no row: %q", flag.Name, flag.Default, row)
		}
	}
	for _, named := range regexp.MustCompile("`--([a-z-]+)`").FindAllSubmatch(page, -1) {
		if !known[string(named[1])] {
			t.Errorf("--%s does not exist", named[1])
		}
	}
}

// A service with a certificate prints https, answers over TLS, and its health
// check works.
func TestServeUnderTLS(t *testing.T) {
	dir := t.TempDir()
	pool := writeCertificate(t, dir)
	t.Setenv("ACQUIS_TLS_CERT_FILE", filepath.Join(dir, "cert.pem"))
	t.Setenv("ACQUIS_TLS_KEY_FILE", filepath.Join(dir, "key.pem"))
	out, stop := serving(t, filepath.Join(dir, "data"))
	base := regexp.MustCompile(`REST +(https://\S+)`).FindStringSubmatch(out.String())
	if base == nil || !strings.Contains(out.String(), "$ACQUIS_KEY\" https://") {
		t.Fatalf("it says:\n%s", out)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base[1]+"/v1/keys", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+keyLine.FindStringSubmatch(out.String())[1])
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("answered %d", res.StatusCode)
	}
	if code, said, err := acquis(t, "healthcheck", "--ops-addr", opsLine.FindStringSubmatch(out.String())[1]); code != 0 || said != "ready\n" {
		t.Errorf("healthcheck: %d %q %q", code, said, err)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// If a file is not a certificate, the start fails before anything is changed.
func TestServeWithoutItsCertificate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	code, _, err := acquis(t, "serve", "--data-dir", dir, "--tls-cert-file", "none.pem", "--tls-key-file", "none.pem")
	if code != 1 || !strings.Contains(err, "none.pem: no such file") {
		t.Errorf("exit %d, %q", code, err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the data directory was created")
	}
}

func writeCertificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, text := range map[string][]byte{"cert.pem": cert, "key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}
