package services

import (
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve makes the services of a store. The options say what a test cares about.
func serve(t testing.TB, st store.Store, o Options) *core {
	t.Helper()
	o.Store, o.Log = st, slog.New(slog.DiscardHandler)
	if o.Now == nil {
		o.Now = func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	}
	if o.Authn == nil {
		who, err := authn.New(authn.Options{Store: st, Log: o.Log, Now: o.Now})
		must(t, err)
		o.Authn = who
	}
	var err error
	o.Contract, err = contract.Read()
	must(t, err)
	if o.Notary == nil {
		o.Notary, err = notary.New(t.Context(), st, notary.Signing{}, o.Log, o.Now)
		must(t, err)
	}
	s, err := New(o)
	must(t, err)
	return s.core
}
