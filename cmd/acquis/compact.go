package main

import (
	"errors"
	"fmt"

	"github.com/acquis-eval/acquis/store"
)

// compactCommand removes erased data from the file itself.
type compactCommand struct {
	DataDir directory `default:"./data" placeholder:"DIR" help:"Directory of the store."`
}

// Run compacts the store and prints its size before and after.
func (k *compactCommand) Run(engine store.Engine, c console) error {
	done, err := engine.Compact(string(k.DataDir))
	if errors.Is(err, store.ErrInUse) {
		return fmt.Errorf("%w: stop the server first", err)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s: %d bytes before, %d now\n", done.What, done.Before, done.After)
	return err
}
