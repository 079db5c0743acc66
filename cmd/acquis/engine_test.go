package main

import (
	"testing"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/bolt"
)

// storeFile is the name of the file that the commands work on.
const storeFile = bolt.FileName

// engine returns the engine that the commands use, as run wires it.
func engine() store.Engine { return bolt.Engine{} }

// opened opens the store in dir and closes it again.
func opened(t *testing.T, dir string) {
	t.Helper()
	s, err := engine().Open(dir, store.Opening{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
