package memstore_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
	"github.com/acquis-eval/acquis/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) { storetest.Run(t, new(memstore.Engine)) }

func TestContractWithClosuresRunTwice(t *testing.T) {
	storetest.Run(t, storetest.Wrap(new(memstore.Engine), storetest.Twice))
}

func TestContractOverANetwork(t *testing.T) {
	storetest.Run(t, storetest.Wrap(new(memstore.Engine), func(s store.Store) store.Store { return storetest.NewRemote(s) }))
}
