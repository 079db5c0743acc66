package services

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Values that never change are read once for all tests.
var (
	theContract   = sync.OnceValues(contract.Read)
	theValidator  = sync.OnceValues(contract.NewValidator)
	theEmbeddings = sync.OnceValues(referentiel.Embedded)
)

// serve makes the services of a store. The options are what a test needs.
func serve(t testing.TB, st store.Store, o Options) *core {
	t.Helper()
	return newServices(t, st, o).core
}

func newServices(t testing.TB, st store.Store, o Options) *Services {
	t.Helper()
	o.Store = st
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	}
	if o.Authn == nil {
		who, err := authn.New(authn.Options{Store: st, Log: o.Log, Now: o.Now})
		must(t, err)
		o.Authn = who
	}
	var err error
	o.Contract, err = theContract()
	must(t, err)
	o.Validate, err = theValidator()
	must(t, err)
	if o.Notary == nil {
		// It signs on every request: a test does not wait for the next second.
		o.Notary, err = notary.New(t.Context(), st, notary.Signing{Every: time.Nanosecond}, o.Log, o.Now)
		must(t, err)
	}
	s, err := New(o)
	must(t, err)
	return s
}
