package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"time"
	_ "time/tzdata" // zones, for machines that have none

	"github.com/alecthomas/kong"

	"github.com/acquis-eval/acquis/checkpoint"
	"github.com/acquis-eval/acquis/credential"
	"github.com/acquis-eval/acquis/legible"
	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/retention"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/store"
)

// serveCommand runs the service until a signal ends it.
type serveCommand struct {
	HTTPAddr          string `group:"Addresses:" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address for REST. Port 0 picks a free port."`
	GRPCAddr          string `group:"Addresses:" default:"127.0.0.1:9090" placeholder:"HOST:PORT" help:"Address for gRPC."`
	OpsAddr           string `group:"Addresses:" default:"127.0.0.1:8081" placeholder:"HOST:PORT" help:"Address for /metrics (Prometheus), /livez and /readyz. It asks for no key."`
	InsecurePlaintext bool   `group:"Addresses:" help:"Allow addresses that are not loopback without TLS. Only if a proxy in front terminates TLS, or for --ops-addr."`
	NoReflection      bool   `group:"Addresses:" help:"Turn off gRPC reflection, which describes the services to anybody."`

	DataDir        directory `group:"Store:" default:"./data" placeholder:"DIR" help:"Directory of the store. It is created if it is missing."`
	SigningKeyFile string    `group:"Store:" placeholder:"FILE" help:"PEM file with the Ed25519 key that signs checkpoints and attestations. If not set: the key in ACQUIS_SIGNING_KEY; if that is not set either, signing.key in the data directory, which is created if it is missing."`
	Origin         string    `group:"Store:" placeholder:"NAME" help:"Name of the journal in checkpoints, such as the certificateur's domain. It is fixed at the first start. If not set: a random name."`
	IssuerURL      string    `group:"Store:" placeholder:"URL" help:"Identifies the certificateur in attestations, for instance https://certificateur.example. Without it and --issuer-name nothing is attested."`
	IssuerName     string    `group:"Store:" placeholder:"NAME" help:"Names the certificateur in attestations, for instance École de vente."`

	TimeZone timeZone `group:"Running:" default:"Europe/Paris" placeholder:"ZONE" help:"Time zone in which days begin and end, for holds, births and retention periods: a name such as Indian/Reunion. The binary knows all of them."`

	LogLevel      string        `group:"Running:" default:"info" enum:"debug,info,warn,error" placeholder:"LEVEL" help:"One of ${enum}. Logs are JSON on standard error and hold no personal data."`
	ShutdownGrace time.Duration `group:"Running:" default:"20s" placeholder:"DURATION" help:"How long running calls may go on after SIGTERM, at most 10m. The log says how many were cut off then."`

	limitFlags `embed:"" group:"Limits:"`

	Backup backupFlags `embed:"" prefix:"backup-" group:"Scheduled backups:"`

	TLS  tlsFlags  `embed:"" prefix:"tls-" group:"TLS:"`
	OIDC oidcFlags `embed:"" prefix:"oidc-" group:"OIDC tokens:"`

	RetentionIdentity       calendar.Period `group:"Retention:" placeholder:"PERIOD" help:"How long an identity is kept after the last act on its candidate, before a purge may erase it. If not set: forever."`
	RetentionFreeText       calendar.Period `group:"Retention:" placeholder:"PERIOD" help:"How long comments, motives and reasons are kept after their act. If not set: forever."`
	RetentionAccommodations calendar.Period `group:"Retention:" placeholder:"PERIOD" help:"How long accommodations, needs and advice are kept after their act. If not set: forever."`
}

// A timeZone is one of the IANA database, which is part of the binary: the day must
// not depend on the machine.
type timeZone struct{ location *time.Location }

// UnmarshalText reads the name of a zone. Local, localtime and the empty name would be
// whatever the machine has.
func (z *timeZone) UnmarshalText(name []byte) (err error) {
	z.location, err = time.LoadLocation(string(name))
	if s := string(name); err != nil || slices.Contains([]string{"", "Local", "localtime"}, s) {
		return fmt.Errorf("%q is not a time zone such as Europe/Paris", s)
	}
	return nil
}

// Help explains the variables that are not flags; kong prints it.
func (s *serveCommand) Help() string { return secretsHelp(bootstrapVariable, signingVariable) }

// maxGrace bounds --shutdown-grace.
const maxGrace = 10 * time.Minute

// Validate checks the flags; kong calls it. It resolves an address first, so that
// a name is judged by the address it stands for.
func (s *serveCommand) Validate(line *kong.Context) error {
	if s.ShutdownGrace < 0 || s.ShutdownGrace > maxGrace {
		return fmt.Errorf("--shutdown-grace must be from 0s to %s", maxGrace)
	}
	_, _, badKey := firstSecret()
	_, _, badSigning := givenSigningKey(s.SigningKeyFile)
	return errors.Join(
		badKey,
		badSigning,
		checkpoint.CheckOrigin(s.Origin),
		readable("--origin", s.Origin, legible.ID),
		checkIssuer(s.IssuerURL, s.IssuerName),
		s.limitFlags.check(),
		s.Backup.check(),
		idle(line, "backup-", "--backup-dir", s.Backup.Dir != "", "--backup-timeout"),
		s.TLS.check(),
		s.OIDC.check(),
		idle(line, "oidc-", "--oidc-issuer", s.OIDC.Issuer != ""),
		checkAddress("--http-addr", s.HTTPAddr, s.InsecurePlaintext || s.TLS.given()),
		checkAddress("--grpc-addr", s.GRPCAddr, s.InsecurePlaintext || s.TLS.given()),
		checkAddress("--ops-addr", s.OpsAddr, s.InsecurePlaintext),
	)
}

// checkIssuer accepts what identifies an issuer in credentials, which readers may open,
// together with a name for people.
func checkIssuer(text, name string) error {
	if (text == "") != (name == "") {
		return errors.New("--issuer-url and --issuer-name identify and name the same certificateur: set both or neither")
	}
	return errors.Join(checkURL("--issuer-url", text), readable("--issuer-url", text, legible.ID), readable("--issuer-name", name, legible.Line))
}

// readable refuses a flag that people cannot read where it is shown.
func readable(flag, text string, form legible.Form) error {
	if problem := form.Problem(text); problem != "" {
		return fmt.Errorf("%s %q %s", flag, text, problem)
	}
	return nil
}

func checkAddress(flag, address string, allowed bool) error {
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return addressError(flag, address, err)
	}
	if resolved.IP.IsLoopback() || allowed {
		return nil
	}
	if flag == "--ops-addr" {
		return fmt.Errorf("%s %s is not a loopback address, and this endpoint asks for no key. Listen on 127.0.0.1. If only your "+
			"own monitoring can reach the address, set --insecure-plaintext (ACQUIS_INSECURE_PLAINTEXT=true)", flag, address)
	}
	return fmt.Errorf("%s %s is not a loopback address, and there is no certificate: keys and identities would cross the network "+
		"unencrypted. Set --tls-cert-file and --tls-key-file, or listen on 127.0.0.1. If a proxy in front of Acquis terminates "+
		"TLS and nothing else can reach the address, set --insecure-plaintext (ACQUIS_INSECURE_PLAINTEXT=true)", flag, address)
}

// Run serves until ctx ends.
func (s *serveCommand) Run(ctx context.Context, engine store.Engine, c console) error {
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
		Engine:   engine,
		HTTPAddr: s.HTTPAddr, GRPCAddr: s.GRPCAddr, OpsAddr: s.OpsAddr,
		DataDir: string(s.DataDir), SigningKeyFile: s.SigningKeyFile, Origin: s.Origin,
		Issuer: credential.Issuer{URL: s.IssuerURL, Name: s.IssuerName},
		First:  first, Log: log, TLS: certificates, OIDC: oidc,
		Limits:       s.limitFlags.transport(s.Backup.Timeout),
		Attempts:     s.limitFlags.attempts(),
		NoReflection: s.NoReflection,
		Backups:      s.Backup.backups(engine, string(s.DataDir)),
		Zone:         s.TimeZone.location,
		Retention:    retention.Periods{Identity: s.RetentionIdentity, FreeText: s.RetentionFreeText, Accommodations: s.RetentionAccommodations},
	})
	if err != nil {
		return err
	}
	if err := service.announce(c.out, string(s.DataDir), given); err != nil {
		return errors.Join(err, service.close())
	}
	log.Info("started", "http", service.httpAddr(), "grpc", service.grpcAddr(), "ops", service.opsAddr(), "version", versionOf())
	err = errors.Join(service.server.Serve(ctx, service.listeners, s.ShutdownGrace), service.close())
	cutOff := service.server.CutOff()
	log.Info("stopped", "clean", err == nil && cutOff == 0, "calls_cut_off", cutOff)
	return err
}

// logger writes JSON, one line an entry; the parser has checked the level.
func (s *serveCommand) logger(to io.Writer) *slog.Logger {
	var level slog.LevelVar
	_ = level.UnmarshalText([]byte(s.LogLevel))
	return slog.New(slog.NewJSONHandler(to, &slog.HandlerOptions{Level: &level}))
}

// firstSecret is the key that an empty store will get: that of the environment
// (given), otherwise a new one.
func firstSecret() (first authn.Secret, given bool, err error) {
	text := os.Getenv(bootstrapVariable)
	if text == "" {
		return authn.NewSecret(), false, nil
	}
	first, err = authn.ParseSecret(text)
	if err != nil {
		// The error says what the form is, and never repeats the input.
		return authn.Secret{}, false, fmt.Errorf("%s: %w", bootstrapVariable, err)
	}
	return first, true, nil
}
