package services

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/cache"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/store"
)

// Options say what the services work with.
type Options struct {
	Store    store.Store
	Contract *contract.Contract
	Validate contract.Validator
	Authn    *authn.Authenticator // makes secrets of keys, and counts bad codes of attestations
	Log      *slog.Logger
	Now      func() time.Time // in UTC and microseconds, as the store keeps times

	AccessDelay time.Duration // that somebody read a file is journaled at most this much later; 0: 5 seconds
	Signing     Signing
	Issuer      Issuer
	Retention   Retention // what a purge may erase; nothing by default
	Backups     Backups
}

// Services are the handlers of all RPCs, and what runs beside them.
type Services struct {
	core     *core
	validate contract.Validator
}

// New makes the services. The store must have been bootstrapped; New enters the
// signing key there if it is new, and compares the journal with its last
// checkpoint.
func New(o Options) (*Services, error) {
	c := &core{
		store:     o.Store,
		revisions: newRevisions(),
		current:   cache.New[string, *revision](o.Store, store.KindCurrent),
		contract:  o.Contract,
		retention: o.Retention,
		authn:     o.Authn,
		issuer:    o.Issuer,
		log:       o.Log,
		now:       o.Now,
	}
	signer, err := newSigner(context.Background(), c.store, o.Signing, c.log, c.now())
	if err != nil {
		return nil, err
	}
	c.accesses = newAccesses(c, o.AccessDelay)
	c.backups = newBackups(c, o.Backups)
	c.notary = newNotary(c.store, signer, o.Signing.Every, c.now)
	err = errors.Join(warnOfOperator(context.Background(), c.store, c.log, c.now()), c.notary.check(context.Background()))
	return &Services{c, o.Validate}, err
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

// Watch surrounds each handler: it notes who reads whose file.
func (s *Services) Watch() grpc.UnaryServerInterceptor { return s.core.accesses.watch() }

// Run does what no call asks for, until ctx ends: it journals who read files, and
// makes backups.
func (s *Services) Run(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error { s.core.accesses.run(ctx); return nil })
	group.Go(func() error { s.core.backups.run(ctx); return nil })
	return group.Wait()
}

// Flush journals the reads of the last calls. It is called when no call is left
// that could add to them.
func (s *Services) Flush() { s.core.accesses.flush() }

// Health tells why the store takes no writes or the journal is not signed, or nil.
func (s *Services) Health() error { return errors.Join(s.core.store.Health(), s.core.notary.health()) }

// KeySet is the JSON Web Key Set of the keys that sign attestations.
func (s *Services) KeySet() []byte { return s.core.notary.signer.keySet() }

// Collectors are the metrics of what runs beside the calls.
func (s *Services) Collectors() []prometheus.Collector {
	return slices.Concat(s.core.backups.collectors(), []prometheus.Collector{s.core.accesses.lost})
}
