package bolt

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	engine Engine
	// impatient is for tests that expect a place to be in use. It waits all the same, because
	// a process that is just being started holds the locks of its parent for a moment.
	impatient = Engine{LockTimeout: 2 * time.Second}
)

// Tests that mostly wait for a disk or another process run in parallel.

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, impatient)
}

func TestContractWithClosuresRunTwice(t *testing.T) {
	t.Parallel()
	storetest.Run(t, storetest.Wrap(impatient, storetest.Twice))
}

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := engine.open(dir, store.Opening{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
