package systemtest

import (
	"testing"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/bolt"
)

// engine keeps the stores of these tests. This file alone names one: the others go by
// what store.Engine says.
func engine() store.Engine { return bolt.Engine{} }

// The file of a store, and the one that it is made as: for tests of what a disk holds.
const (
	storeFile = bolt.FileName
	newFile   = bolt.FileName + ".new"
)

func openStore(t testing.TB, dir string) store.Store {
	t.Helper()
	s, err := engine().Open(dir, store.Opening{})
	must(t, err)
	return s
}

// look opens a store at rest.
func look(t testing.TB, dir string) store.AtRest {
	t.Helper()
	a, err := engine().Look(dir)
	must(t, err)
	return a
}

func compactStore(t testing.TB, dir string) {
	t.Helper()
	_, err := engine().Compact(dir)
	must(t, err)
}
