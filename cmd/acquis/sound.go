package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/acquis-eval/acquis/backup"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/verify"
)

// checkBackup tells whether a file is a sound backup: its digest is right, every page
// of the store is readable, and its Merkle log has the root that the manifest names.
// On request it decides all decisions again.
func checkBackup(ctx context.Context, engine store.Engine, name string, decisions bool) (err error) {
	m, err := backup.Extract(ctx, name, io.Discard)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	source, err := engine.LookAtCopy(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	return soundStore(ctx, source, m, decisions)
}

// soundStore tells whether a store is the one that a manifest describes.
func soundStore(ctx context.Context, source store.AtRest, m backup.Manifest, decisions bool) error {
	size, root, err := store.Regrow(ctx, source)
	if err != nil {
		return err
	}
	if size != m.Sequence || !bytes.Equal(root[:], m.Root) {
		return fmt.Errorf("%w: its journal has %d events and root %v, but its manifest says %d events and root %v",
			backup.ErrDamaged, size, root, m.Sequence, tlog.Hash(m.Root))
	}
	if !decisions {
		return nil
	}
	report, err := verify.Verify(ctx, source, verify.Options{})
	if err == nil && !report.OK() {
		err = fmt.Errorf("the store does not match its journal: %s (%d findings in all; acquis verify lists them)",
			report.Findings[0], len(report.Findings)+report.More)
	}
	return err
}
