package main

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/acquis-eval/acquis/backup"
	"github.com/acquis-eval/acquis/checkpoint"
	"github.com/acquis-eval/acquis/store"
)

// A published checkpoint is a promise: the journal will always begin with the events
// that it covers. If an older store is restored and written to, the promise is broken
// by mistake. So a backup is compared with the latest checkpoint that can be found.

// A comparison says what a backup was compared with.
type comparison struct {
	said string
	lost uint64 // events of the previous store that the backup does not have
}

// compare tells whether the backup may be restored.
func (r *restoreCommand) compare(engine store.Engine, restored store.Layer, old string, m backup.Manifest) (c comparison, err error) {
	with, signed := "the checkpoint in "+r.Checkpoint, []byte(nil)
	there, unreadable := lookAt(engine, old)
	if there.sequence > m.Sequence {
		c.lost = there.sequence - m.Sequence
	}
	switch {
	case r.Checkpoint != "":
		if signed, err = readCheckpoint(r.Checkpoint); err != nil {
			return c, err
		}
	case unreadable != nil:
		c.said = fmt.Sprintf("It could not be compared with a published checkpoint: the previous store cannot be read (%v).", unreadable)
		return c, nil
	case old == "":
		c.said = "It could not be compared with a published checkpoint: there was no previous store, and --checkpoint is not set."
		return c, nil
	case there.checkpoint == "":
		c.said = "It could not be compared with a published checkpoint: the previous store never signed one."
		return c, nil
	default:
		with, signed = "the last checkpoint of the previous store", []byte(there.checkpoint)
	}
	err = extends(restored, m, signed)
	switch {
	case errors.Is(err, errFork) && r.NewOrigin:
		c.said = fmt.Sprintf("It is older than %s, and continues under a new name.", with)
		return c, nil
	case err != nil:
		return c, fmt.Errorf("%s: %w", with, err)
	}
	c.said = fmt.Sprintf("It extends %s.", with)
	return c, nil
}

// A state says how far a journal goes.
type state struct {
	sequence   uint64
	checkpoint string // the last one that it signed, if any
}

func lookAt(engine store.Engine, file string) (s state, err error) {
	if file == "" {
		return s, nil
	}
	there, err := engine.LookAtCopy(file)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, there.Close()) }()
	r := store.NewReader(there)
	last, err := store.Checkpoints.Get(r, store.LatestCheckpoint())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return s, err
	}
	s.checkpoint = last.GetNote()
	s.sequence, err = store.LastSequence(r, 0)
	return s, err
}

// errFork: two journals of one name would begin alike and then differ.
var errFork = errors.New("the backup is older than the checkpoint, or of another journal, so the published checkpoint would become untrue. " +
	"To restore it anyway, with a new name for the journal, set --new-origin")

// extends tells whether a store's journal extends a checkpoint.
func extends(restored store.Layer, m backup.Manifest, signed []byte) error {
	reader := store.NewReader(restored)
	keys, err := noteKeys(reader)
	if err != nil {
		return err
	}
	c, err := checkpoint.Open(signed, keys)
	var unknown *note.UnverifiedNoteError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%w (the checkpoint is not signed by a key that the backup knows)", errFork)
	}
	if err != nil {
		return fmt.Errorf("not a checkpoint: %w", err)
	}
	if c.Size > m.Sequence {
		return fmt.Errorf("%w (the checkpoint covers %d events, the backup has %d)", errFork, c.Size, m.Sequence)
	}
	if has, err := tlog.TreeHash(int64(c.Size), store.Tree(reader)); err != nil || has != c.Root {
		return errors.Join(fmt.Errorf("%w (the first %d events differ)", errFork, c.Size), err)
	}
	return nil
}

// noteKeys are all keys that ever signed for a journal.
func noteKeys(r store.Reader) (note.Verifiers, error) {
	signers, err := store.Signers.All(r, nil)
	var keys []checkpoint.Key
	for _, s := range signers {
		keys = append(keys, checkpoint.Key{Origin: s.GetOrigin(), Public: s.GetPublicKey()})
	}
	return checkpoint.Verifiers(keys), err
}
