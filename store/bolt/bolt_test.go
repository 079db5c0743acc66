package bolt

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	storetest.Run(t, storetest.Engine{
		Open:    func(t testing.TB, place string) store.Store { return open(t, place) },
		Restore: restore,
	})
}

func TestContractWithClosuresRunTwice(t *testing.T) {
	storetest.Run(t, storetest.Engine{
		Open:    func(t testing.TB, place string) store.Store { return storetest.Twice(open(t, place)) },
		Restore: restore,
	})
}

func TestContractOverANetwork(t *testing.T) {
	storetest.Run(t, storetest.Engine{
		Open:    func(t testing.TB, place string) store.Store { return storetest.NewRemote(open(t, place)) },
		Restore: restore,
	})
}

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func restore(t testing.TB, dir string, snapshot io.Reader) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(f, snapshot); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
