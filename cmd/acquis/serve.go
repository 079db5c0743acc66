package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/acquis-eval/acquis/checkpoint"
	"github.com/acquis-eval/acquis/credential"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/server/authn"
)

// bootstrapVariable holds the first key of an empty store. It is no flag, since
// every user of a machine can read the command lines of its processes.
const bootstrapVariable = "ACQUIS_BOOTSTRAP_KEY"

// serveCommand runs the service until a signal ends it.
type serveCommand struct {
	HTTPAddr          string        `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where REST listens (${default}); port 0 takes a free one."`
	GRPCAddr          string        `default:"127.0.0.1:9090" placeholder:"HOST:PORT" help:"Where gRPC listens (${default})."`
	OpsAddr           string        `default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Where /metrics, /livez and /readyz listen (${default}); it asks for no key."`
	DataDir           string        `default:"./data" placeholder:"DIR" help:"Directory of the store (${default}); made if absent."`
	SigningKeyFile    string        `placeholder:"FILE" help:"PEM file of the Ed25519 key that signs checkpoints and attestations; default: signing.key in the data directory, made if absent. ACQUIS_SIGNING_KEY may hold the key itself instead."`
	Origin            string        `placeholder:"NAME" help:"Names the journal in checkpoints, for instance after the certificateur's domain; kept at the first start, where the default is a random name."`
	IssuerURL         string        `placeholder:"URL" help:"Identifies the certificateur in attestations, for instance https://certificateur.example."`
	IssuerName        string        `placeholder:"NAME" help:"Names the certificateur in attestations."`
	InsecurePlaintext bool          `help:"Allow addresses that are not loopback: something in front terminates TLS."`
	LogLevel          string        `default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL" help:"${enum} (${default})."`
	ShutdownGrace     time.Duration `default:"20s" placeholder:"TIME" help:"How long calls under way may take after SIGTERM (${default})."`

	limitFlags `embed:""`

	NoReflection bool `help:"Do not describe the services over gRPC; else anybody may ask for that."`

	Backup backupFlags `embed:"" prefix:"backup-"`

	TLS  tlsFlags  `embed:"" prefix:"tls-"`
	OIDC oidcFlags `embed:"" prefix:"oidc-"`

	RetentionIdentity       rules.Period `placeholder:"PERIOD" help:"How long an identity is kept after the last act on its candidate, until a purge may erase it: 5y, 18m or 90d, for example (never)."`
	RetentionFreeText       rules.Period `placeholder:"PERIOD" help:"The same for comments, motives and reasons, after their act (never)."`
	RetentionAccommodations rules.Period `placeholder:"PERIOD" help:"The same for accommodations, needs and advice (never)."`
}

// maxGrace bounds --shutdown-grace.
const maxGrace = 10 * time.Minute

// Validate refuses what the flags must not say; kong calls it. An address is
// resolved first, so that a name is judged by what it stands for.
func (s *serveCommand) Validate() error {
	if s.ShutdownGrace < 0 || s.ShutdownGrace > maxGrace {
		return fmt.Errorf("--shutdown-grace must be 0s to %s", maxGrace)
	}
	_, _, badKey := firstSecret()
	_, _, badSigning := givenSigningKey(s.SigningKeyFile)
	return errors.Join(
		badKey,
		badSigning,
		checkpoint.CheckOrigin(s.Origin),
		checkIssuer(s.IssuerURL),
		s.limitFlags.check(),
		s.Backup.check(),
		s.TLS.check(),
		s.OIDC.check(),
		checkAddress("--http-addr", s.HTTPAddr, s.InsecurePlaintext || s.TLS.given()),
		checkAddress("--grpc-addr", s.GRPCAddr, s.InsecurePlaintext || s.TLS.given()),
		checkAddress("--ops-addr", s.OpsAddr, s.InsecurePlaintext),
	)
}

// checkIssuer takes what credentials can name an issuer by: any absolute URI.
func checkIssuer(text string) error {
	if parsed, err := url.Parse(text); text != "" && (err != nil || !parsed.IsAbs()) {
		return fmt.Errorf("--issuer-url %q is not an absolute URL", text)
	}
	return nil
}

func checkAddress(flag, address string, allowed bool) error {
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return fmt.Errorf("%s %s: %w", flag, address, err)
	}
	if resolved.IP.IsLoopback() || allowed {
		return nil
	}
	if flag == "--ops-addr" {
		return fmt.Errorf("%s %s is not a loopback address, and it asks nobody for a key: listen on 127.0.0.1; or, where nothing "+
			"but your own monitoring reaches this address, say so with --insecure-plaintext (ACQUIS_INSECURE_PLAINTEXT=true)", flag, address)
	}
	return fmt.Errorf("%s %s is not a loopback address, and without a certificate Acquis speaks plain text: keys and identities "+
		"would cross the network readable by all. Give --tls-cert-file and --tls-key-file; or listen on 127.0.0.1; or, where a "+
		"proxy in front of Acquis terminates TLS and nothing else reaches this address, say so with --insecure-plaintext "+
		"(ACQUIS_INSECURE_PLAINTEXT=true)", flag, address)
}

// Run serves until ctx ends.
func (s *serveCommand) Run(ctx context.Context, c console) error {
	first, given, err := firstSecret()
	if err != nil {
		return err
	}
	log := s.logger(c.err)
	setCollector(ctx, log)
	oidc, err := s.OIDC.config()
	if err != nil {
		return err
	}
	certificates, err := s.TLS.load(log)
	if err != nil {
		return err
	}
	service, err := open(ctx, config{
		HTTPAddr: s.HTTPAddr, GRPCAddr: s.GRPCAddr, OpsAddr: s.OpsAddr,
		DataDir: s.DataDir, SigningKeyFile: s.SigningKeyFile, Origin: s.Origin,
		Issuer: credential.Issuer{URL: s.IssuerURL, Name: s.IssuerName},
		First:  first, Log: log, TLS: certificates, OIDC: oidc,
		Limits:       s.limitFlags.transport(s.Backup.Timeout),
		Attempts:     s.limitFlags.attempts(),
		NoReflection: s.NoReflection,
		Backups:      s.Backup.backups(s.DataDir),
		Retention:    rules.Retention{Identity: s.RetentionIdentity, FreeText: s.RetentionFreeText, Accommodations: s.RetentionAccommodations},
	})
	if err != nil {
		return err
	}
	if err := service.announce(c.out, s.DataDir, given); err != nil {
		return errors.Join(err, service.close())
	}
	log.Info("started", "http", service.httpAddr(), "grpc", service.grpcAddr(), "ops", service.opsAddr(), "version", versionOf())
	err = errors.Join(service.server.Serve(ctx, service.listeners, s.ShutdownGrace), service.close())
	brokenOff := service.server.BrokenOff()
	log.Info("stopped", "clean", err == nil && brokenOff == 0, "calls_broken_off", brokenOff)
	return err
}

// logger writes JSON, one line an entry; the parser has checked the level.
func (s *serveCommand) logger(to io.Writer) *slog.Logger {
	var level slog.LevelVar
	_ = level.UnmarshalText([]byte(s.LogLevel))
	return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: &level}))
}

// firstSecret is the key that an empty store will get: that of the environment
// (given), else a new one.
func firstSecret() (first authn.Secret, given bool, err error) {
	text := os.Getenv(bootstrapVariable)
	if text == "" {
		return authn.NewSecret(), false, nil
	}
	first, err = authn.ParseSecret(text)
	if err != nil {
		// The error says what the form is, never what was given.
		return authn.Secret{}, false, fmt.Errorf("%s: %w", bootstrapVariable, err)
	}
	return first, true, nil
}
