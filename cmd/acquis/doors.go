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

// tlsFlags say what the doors show, and demand.
type tlsFlags struct {
	CertFile     string `placeholder:"FILE" help:"Certificate chain of REST and gRPC, in PEM; read again when it changes."`
	KeyFile      string `placeholder:"FILE" help:"Its private key, in PEM."`
	ClientCAFile string `name:"client-ca-file" placeholder:"FILE" help:"Let in only clients with a certificate of these authorities; their key or token is asked for all the same."`
}

func (t *tlsFlags) given() bool { return t.CertFile != "" }

func (t *tlsFlags) check() error {
	switch {
	case (t.CertFile == "") != (t.KeyFile == ""):
		return errors.New("--tls-cert-file and --tls-key-file go together")
	case t.ClientCAFile != "" && !t.given():
		return errors.New("--tls-client-ca-file needs --tls-cert-file and --tls-key-file")
	}
	return nil
}

func (t *tlsFlags) load(log *slog.Logger) (*authn.Certificates, error) {
	if !t.given() {
		return nil, nil // none were asked for
	}
	return authn.LoadCertificates(authn.CertificateFiles{Cert: t.CertFile, Key: t.KeyFile, ClientCA: t.ClientCAFile}, log)
}

// oidcFlags say whose tokens are taken beside keys.
type oidcFlags struct {
	Issuer        string        `placeholder:"URL" help:"Take tokens of this OIDC issuer too; exactly the issuer's own form of the URL."`
	Audience      string        `placeholder:"NAME" help:"The audience that a token must be for."`
	SubjectClaim  string        `default:"sub" placeholder:"CLAIM" help:"Claim that says who calls (${default})."`
	SubjectPrefix string        `default:"oidc:" placeholder:"TEXT" help:"Stands before every token's subject (${default}); empty: tokens and keys can be of one subject."`
	RolesClaim    string        `placeholder:"CLAIM" help:"Claim that holds roles, or groups; full stops lead into nested claims."`
	Role          []string      `placeholder:"VALUE=ROLE" help:"Role that a value of the roles claim gives; repeatable."`
	CentreClaim   string        `placeholder:"CLAIM" help:"Claim that holds the code of the caller's one centre, or * for all; a token without it is refused."`
	Algorithms    []string      `default:"RS256,PS256,ES256,EdDSA" placeholder:"ALG" help:"Algorithms with which the issuer may sign (${default})."`
	ClockSkew     time.Duration `default:"30s" placeholder:"TIME" help:"By how much clocks may differ (${default})."`
	CAFile        string        `name:"ca-file" placeholder:"FILE" help:"Authorities of the issuer's certificate, in PEM; left out: the machine's."`
}

func (o *oidcFlags) check() error {
	if o.Issuer == "" {
		if o.Audience != "" || o.RolesClaim != "" || len(o.Role) > 0 || o.CentreClaim != "" || o.CAFile != "" {
			return errors.New("--oidc-… need --oidc-issuer")
		}
		return nil
	}
	config, err := o.withoutClient()
	if err != nil {
		return err
	}
	if err := config.Check(); err != nil {
		return fmt.Errorf("--oidc-…: %w", err)
	}
	return nil
}

// config is nil where no issuer is given.
func (o *oidcFlags) config() (*authn.OIDC, error) {
	if o.Issuer == "" {
		return nil, nil // no tokens were asked for
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
		return nil, fmt.Errorf("--oidc-ca-file: %s holds no certificate", o.CAFile)
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

// readRoles reads VALUE=ROLE. A value may hold an equals sign, a role does not.
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
