package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/acquis-eval/acquis/store/bolt"
)

// compactCommand removes erased data from the file itself.
type compactCommand struct {
	DataDir directory `default:"./data" placeholder:"DIR" help:"Directory of the store."`
}

// Run compacts the store and prints its size before and after.
func (k *compactCommand) Run(c console) error {
	file := filepath.Join(string(k.DataDir), bolt.FileName)
	before, err := os.Stat(file)
	if err != nil {
		return err
	}
	if err := bolt.Compact(string(k.DataDir), bolt.Options{}); err != nil {
		return err
	}
	after, err := os.Stat(file)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s: %d bytes before, %d now\n", file, before.Size(), after.Size())
	return err
}
