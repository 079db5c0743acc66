package server

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/acquis-eval/acquis/backup"
	"github.com/acquis-eval/acquis/credential"
	"github.com/acquis-eval/acquis/gen/openapi"
	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/rules/retention"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/server/services"
	"github.com/acquis-eval/acquis/server/transport"
	"github.com/acquis-eval/acquis/store"
)

// Options configure a server.
type Options struct {
	Store        store.Store
	Log          slog.Handler
	Limits       transport.Limits
	Attempts     authn.AttemptLimits // failed authentications per minute
	NoReflection bool                // gRPC reflection is off
	AccessDelay  time.Duration       // longest delay until the read of a file is journaled; 0: 5 seconds
	Signing      notary.Signing
	Issuer       credential.Issuer   // of attestations; without one there are none
	OIDC         *authn.OIDC         // whose tokens are accepted; nil: keys only
	TLS          *authn.Certificates // of REST and gRPC; nil: plain text
	Now          func() time.Time    // the clock; nil: the machine's
	Zone         *time.Location      // in which days begin and end; nil: UTC

	Retention retention.Periods // what a purge may erase; nothing by default
	Backups   backup.Settings
}

// A Server answers over gRPC and REST, and reports its state to operators.
type Server struct {
	store     store.Store
	notary    *notary.Notary
	backups   *backup.Maker
	services  *services.Services
	authn     *authn.Authenticator
	transport *transport.Transport
	ops       *http.Server
	registry  *prometheus.Registry
	cutOff    int           // calls cut off when it stopped
	stopped   chan struct{} // closed when it no longer accepts calls
}

// New builds a server; Serve runs it. The store must have been bootstrapped; New
// records the signing key there if it is new, and compares the journal with its
// last checkpoint.
func New(o Options) (*Server, error) {
	validate, err := contract.NewValidator()
	if err != nil {
		return nil, err
	}
	read, err := contract.Read()
	if err != nil {
		return nil, err
	}
	log, now := slog.New(call.LogHandler{Handler: o.Log}), clock(o.Now)
	who, err := authn.New(authn.Options{Store: o.Store, Limits: o.Attempts, OIDC: o.OIDC, Log: log, Now: now})
	if err != nil {
		return nil, err
	}
	signs, err := notary.New(context.Background(), o.Store, o.Signing, log, now)
	if err != nil {
		return nil, err
	}
	copies := backup.NewMaker(o.Store, signs.Origin(), o.Backups, log, now)
	what, err := services.New(services.Options{
		Store: o.Store, Contract: read, Validate: validate, Authn: who, Log: log, Now: now,
		Zone: o.Zone, AccessDelay: o.AccessDelay, Notary: signs, Issuer: o.Issuer, Retention: o.Retention, Backups: copies,
	})
	if err != nil {
		return nil, err
	}
	doors, err := transport.New(transport.Options{
		Limits: o.Limits, Contract: read, Validate: validate, Authn: who, Log: log, TLS: o.TLS,
		Watch: what.Watch(), Register: what.Register, Reflection: !o.NoReflection,
		Documents: map[string]transport.Document{
			"/openapi.json":          {Type: "application/json", Body: openapi.JSON, MaxAge: time.Hour},
			"/.well-known/jwks.json": {Type: "application/jwk-set+json", Body: keySet(signs), MaxAge: 5 * time.Minute},
		},
	})
	if err != nil {
		return nil, err
	}
	s := &Server{
		store: o.Store, notary: signs, backups: copies, services: what, authn: who, transport: doors,
		registry: prometheus.NewRegistry(), stopped: make(chan struct{}),
	}
	s.ops = transport.NewHTTPServer(newOps(s, s.registry, slices.Concat(
		doors.Collectors(), who.Collectors(), what.Collectors(), copies.Collectors())...), log)
	return s, nil
}

// keySet lists every key that signs or signed attestations here.
func keySet(n *notary.Notary) []byte {
	var keys []ed25519.PublicKey
	for _, key := range n.Keys() {
		keys = append(keys, key.Public)
	}
	return credential.KeySet(keys)
}

// clock returns the time in UTC and microseconds, which is what the store keeps.
func clock(now func() time.Time) func() time.Time {
	if now == nil {
		now = time.Now
	}
	return func() time.Time { return now().UTC().Truncate(time.Microsecond) }
}
