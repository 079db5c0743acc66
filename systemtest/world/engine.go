package world

import (
	"testing"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/bolt"
)

// Engine keeps the stores of these tests. Only this file names an engine; the
// others use store.Engine.
func Engine() store.Engine { return bolt.Engine{} }

// The file of a store, and its name while it is created, for tests of a disk's
// content.
const (
	StoreFile = bolt.FileName
	NewFile   = bolt.FileName + ".new"
)

// OpenStore opens the store of a folder, or creates one.
func OpenStore(t testing.TB, dir string) store.Store {
	t.Helper()
	s, err := Engine().Open(dir, store.Opening{})
	Must(t, err)
	return s
}

// Look opens a store at rest.
func Look(t testing.TB, dir string) store.AtRest {
	t.Helper()
	a, err := Engine().Look(dir)
	Must(t, err)
	return a
}

// CompactStore compacts a store at rest.
func CompactStore(t testing.TB, dir string) {
	t.Helper()
	_, err := Engine().Compact(dir)
	Must(t, err)
}
