package services

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/acquis-eval/acquis/backup"
	"github.com/acquis-eval/acquis/credential"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/rules/retention"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/cache"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/store"
)

// Options configure the services.
type Options struct {
	Store    store.Store
	Contract *contract.Contract
	Validate contract.Validator
	Authn    *authn.Authenticator // makes secrets of keys, and counts unknown codes of attestations
	Log      *slog.Logger
	Now      func() time.Time // in UTC and microseconds, as the store keeps times
	Zone     *time.Location   // in which days begin and end; nil: UTC

	AccessDelay time.Duration // longest delay until the read of a file is journaled; 0: 5 seconds
	Notary      *notary.Notary
	Issuer      credential.Issuer // of attestations; without one there are none
	Retention   retention.Periods // what a purge may erase; nothing by default
	Backups     *backup.Maker
}

// Services are the handlers of all RPCs, and what runs in the background.
type Services struct {
	core     *core
	validate contract.Validator
}

// New makes the services. The store must have been bootstrapped.
func New(o Options) (*Services, error) {
	pages, err := newPages(context.Background(), o.Store)
	if err != nil {
		return nil, err
	}
	c := &core{
		store:     o.Store,
		revisions: newRevisions(),
		pages:     pages,
		current:   cache.New[string, *revision](o.Store, store.KindCurrent),
		contract:  o.Contract,
		retention: o.Retention,
		zone:      cmp.Or(o.Zone, time.UTC),
		authn:     o.Authn,
		notary:    o.Notary,
		issuer:    o.Issuer,
		log:       o.Log,
		backups:   o.Backups,
		now:       o.Now,
	}
	c.retention.Zone = c.zone
	c.accesses = newAccesses(c, o.AccessDelay)
	return &Services{c, o.Validate}, warnOfOperator(context.Background(), c.store, c.log, c.now())
}

// Register gives each service of the contract its handlers.
func (s *Services) Register(r grpc.ServiceRegistrar) {
	c := s.core
	acquispb.RegisterReferentielServiceServer(r, &referentielService{core: c})
	acquispb.RegisterCandidateServiceServer(r, &candidateService{core: c, validate: s.validate})
	acquispb.RegisterSessionServiceServer(r, &sessionService{core: c, validate: s.validate})
	acquispb.RegisterCapitalisationServiceServer(r, &capitalisationService{core: c})
	acquispb.RegisterAttestationServiceServer(r, &attestationService{core: c})
	acquispb.RegisterAuditServiceServer(r, &auditService{core: c})
	acquispb.RegisterAdminServiceServer(r, &adminService{core: c})
}

// Watch wraps each handler, and records who reads whose file.
func (s *Services) Watch() grpc.UnaryServerInterceptor { return s.core.accesses.watch() }

// Run journals reads of files, until ctx ends.
func (s *Services) Run(ctx context.Context) { s.core.accesses.run(ctx) }

// Flush journals the reads of the last calls. It is called when no call is left
// that could add more.
func (s *Services) Flush() { s.core.accesses.flush() }

// Collectors are the metrics of what runs in the background.
func (s *Services) Collectors() []prometheus.Collector {
	return []prometheus.Collector{s.core.accesses.lost}
}
