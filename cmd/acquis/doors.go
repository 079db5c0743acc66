package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
)

// tlsFlags say which certificates REST and gRPC present and require.
type tlsFlags struct {
	CertFile     string `placeholder:"FILE" help:"Certificate chain for REST and gRPC (PEM). It is loaded again when the file changes."`
	KeyFile      string `placeholder:"FILE" help:"Private key of the certificate (PEM)."`
	ClientCAFile string `name:"client-ca-file" placeholder:"FILE" help:"Accept only clients with a certificate of these authorities (PEM). They still need a key or token."`
}

func (t *tlsFlags) given() bool { return t.CertFile != "" }

func (t *tlsFlags) check() error {
	switch {
	case (t.CertFile == "") != (t.KeyFile == ""):
		return errors.New("set both --tls-cert-file and --tls-key-file, or neither")
	case t.ClientCAFile != "" && !t.given():
		return errors.New("--tls-client-ca-file needs --tls-cert-file and --tls-key-file")
	}
	return nil
}

func (t *tlsFlags) load(log *slog.Logger) (*authn.Certificates, error) {
	if !t.given() {
		return nil, nil // none is configured
	}
	return authn.LoadCertificates(authn.CertificateFiles{Cert: t.CertFile, Key: t.KeyFile, ClientCA: t.ClientCAFile}, log)
}

// oidcFlags say whose tokens are accepted in addition to keys.
type oidcFlags struct {
	Issuer        string        `placeholder:"URL" help:"Accept tokens of this OIDC issuer as well as keys. The URL must be exactly the one in its tokens."`
	Audience      string        `placeholder:"NAME" help:"Audience that a token must have. Required with --oidc-issuer."`
	SubjectClaim  string        `default:"sub" placeholder:"CLAIM" help:"Claim that identifies the caller."`
	SubjectPrefix string        `default:"oidc:" placeholder:"TEXT" help:"Prefix of every token's subject. If empty, a token and a key can have the same subject."`
	RolesClaim    string        `placeholder:"CLAIM" help:"Claim that holds roles or groups. Dots lead into nested claims."`
	Role          []string      `placeholder:"VALUE=ROLE" help:"A value of the roles claim and the role that it gives. Repeatable."`
	CentreClaim   string        `placeholder:"CLAIM" help:"Claim that holds the code of the caller's centre, or * for all centres. Tokens without it are refused. If not set: all centres."`
	Algorithms    []string      `default:"RS256,PS256,ES256,EdDSA" placeholder:"ALG" help:"Signature algorithms that are accepted."`
	ClockSkew     time.Duration `default:"30s" placeholder:"DURATION" help:"How far the issuer's clock may differ, at most 5m."`
	CAFile        string        `name:"ca-file" placeholder:"FILE" help:"Certificate authorities to trust for the issuer (PEM). If not set: those of this machine."`
}

func (o *oidcFlags) check() error {
	if o.Issuer == "" {
		return nil
	}
	if err := checkURL("--oidc-issuer", o.Issuer); err != nil {
		return err
	}
	if o.Audience == "" {
		return errors.New("--oidc-audience is required with --oidc-issuer: without it, tokens for other services would be accepted")
	}
	config, err := o.withoutClient()
	if err != nil {
		return err
	}
	if err := config.Check(); err != nil {
		return fmt.Errorf("the --oidc- flags: %w", err)
	}
	return nil
}

// config is nil if no issuer is given.
func (o *oidcFlags) config() (*authn.OIDC, error) {
	if o.Issuer == "" {
		return nil, nil // none is configured
	}
	config, err := o.withoutClient()
	if err != nil || o.CAFile == "" {
		return config, err
	}
	text, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("--oidc-ca-file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--oidc-ca-file: there is no certificate in %s", o.CAFile)
	}
	config.Client = &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
	}}
	return config, nil
}

func (o *oidcFlags) withoutClient() (*authn.OIDC, error) {
	roles, err := readRoles(o.Role)
	return &authn.OIDC{
		Issuer: o.Issuer, Audience: o.Audience,
		SubjectClaim: o.SubjectClaim, SubjectPrefix: o.SubjectPrefix,
		RolesClaim: o.RolesClaim, Roles: roles, CentreClaim: o.CentreClaim,
		Algorithms: o.Algorithms, ClockSkew: o.ClockSkew,
	}, err
}

// readRoles reads VALUE=ROLE. A value may contain an equals sign, a role does
// not.
func readRoles(texts []string) (map[string][]acquispb.Role_Enum, error) {
	roles := make(map[string][]acquispb.Role_Enum)
	for _, text := range texts {
		at := strings.LastIndex(text, "=")
		if at < 1 {
			return nil, fmt.Errorf("--oidc-role %q is not of the form VALUE=ROLE", text)
		}
		value, role := text[:at], acquispb.Role_Enum(acquispb.Role_Enum_value[text[at+1:]])
		if role == acquispb.Role_ROLE_UNSPECIFIED {
			return nil, fmt.Errorf("--oidc-role %q: %q is not a role", text, text[at+1:])
		}
		roles[value] = append(roles[value], role)
	}
	return roles, nil
}
