package memstore_test

import (
	"io"
	"testing"

	"go.uber.org/goleak"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
	"github.com/acquis-eval/acquis/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	storetest.Run(t, engine(func(s store.Store) store.Store { return s }))
}

func TestContractWithClosuresRunTwice(t *testing.T) { storetest.Run(t, engine(storetest.Twice)) }

func TestContractOverANetwork(t *testing.T) {
	storetest.Run(t, engine(func(s store.Store) store.Store { return storetest.NewRemote(s) }))
}

func engine(wrap func(store.Store) store.Store) storetest.Engine {
	var e memstore.Engine
	return storetest.Engine{
		Open: func(t testing.TB, place string) store.Store {
			t.Helper()
			s, err := e.Open(place)
			if err != nil {
				t.Fatal(err)
			}
			return wrap(s)
		},
		Restore: func(t testing.TB, place string, snapshot io.Reader) {
			t.Helper()
			if err := e.Restore(place, snapshot); err != nil {
				t.Fatal(err)
			}
		},
	}
}
