package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/acquis-eval/acquis/store/bolt"
)

// compactCommand makes erasing physical: what was forgotten leaves the file.
type compactCommand struct {
	DataDir string `default:"./data" placeholder:"DIR" help:"Directory of the store (${default})."`
}

// Run compacts the store and tells what that gave.
func (k *compactCommand) Run(c console) error {
	file := filepath.Join(k.DataDir, bolt.FileName)
	before, err := os.Stat(file)
	if err != nil {
		return err
	}
	if err := bolt.Compact(k.DataDir, bolt.Options{}); err != nil {
		return err
	}
	after, err := os.Stat(file)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s: %d bytes before, %d now\n", file, before.Size(), after.Size())
	return err
}
