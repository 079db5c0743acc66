package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/acquis-eval/acquis/backup"
	"github.com/acquis-eval/acquis/checkpoint"
	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/store/bolt"
)

// restoreCommand puts a backup into a data directory.
type restoreCommand struct {
	From       string `required:"" placeholder:"FILE" help:"The backup."`
	DataDir    string `default:"./data" placeholder:"DIR" help:"Where the store shall lie (${default}); made if absent. The one that is there is kept beside it."`
	Checkpoint string `env:"-" placeholder:"FILE" help:"The last checkpoint that was published: the backup must not be older."`
	Decisions  bool   `env:"-" help:"Also decide every decision again, as acquis verify does: takes longer."`

	NewOrigin      bool   `env:"-" help:"Restore also what is older than a published checkpoint; the journal gets a new name from here on."`
	Origin         string `placeholder:"NAME" help:"The new name; left out: a random one."`
	SigningKeyFile string `placeholder:"FILE" help:"With --new-origin: the key that signs, where it is not in the data directory."`
}

// Validate refuses what the flags must not say; kong calls it.
func (r *restoreCommand) Validate() error { return checkpoint.CheckOrigin(r.Origin) }

// Run makes the store in a directory of its own, checks it there, and puts it in
// its place in one step.
func (r *restoreCommand) Run(ctx context.Context, c console) error {
	if _, err := backup.ReadManifest(r.From); err != nil {
		return fmt.Errorf("%s: %w", r.From, err)
	}
	var m backup.Manifest
	var compared comparison
	kept, err := bolt.Replace(r.DataDir, bolt.Options{}, func(made, old string) (err error) {
		if m, compared, err = r.fill(ctx, made, old); err != nil || !r.NewOrigin {
			return err
		}
		m.Origin, err = r.rename(ctx, made)
		return err
	})
	if errors.Is(err, bolt.ErrInUse) {
		return fmt.Errorf("%w: stop the server first", err)
	}
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s: %s\n%s\n", r.DataDir, told(m), compared.said)
	if compared.lost > 0 {
		text += fmt.Sprintf("The store that was there has %d events that the backup lacks.\n", compared.lost)
	}
	if kept != "" {
		text += fmt.Sprintf("The store that was there is now %s; remove it once you need it no more.\n", kept)
	}
	_, err = fmt.Fprint(c.out, text, r.missing())
	return err
}

// fill copies the store out of the backup, finds it sound and compares it.
func (r *restoreCommand) fill(ctx context.Context, made, old string) (m backup.Manifest, compared comparison, err error) {
	file := filepath.Join(made, bolt.FileName)
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return m, compared, err
	}
	m, err = backup.Extract(ctx, r.From, f)
	if err := errors.Join(err, f.Close()); err != nil {
		return m, compared, fmt.Errorf("%s: %w", r.From, err)
	}
	restored, err := bolt.OpenFile(file, bolt.Options{})
	if err != nil {
		return m, compared, err
	}
	defer func() { err = errors.Join(err, restored.Close()) }()
	if err := soundStore(ctx, restored, m, r.Decisions); err != nil {
		return m, compared, err
	}
	compared, err = r.compare(restored, old, m)
	return m, compared, err
}

// rename enters a new origin in the store that was made.
func (r *restoreCommand) rename(ctx context.Context, made string) (origin string, err error) {
	key, err := signingKey(r.SigningKeyFile, r.DataDir, slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	s, err := bolt.Open(made, bolt.Options{})
	if err != nil {
		return "", err
	}
	origin, err = notary.RenameJournal(ctx, s, notary.Signing{Key: key, Origin: r.Origin}, time.Now())
	return origin, errors.Join(err, s.Close())
}

// missing says what a backup does not hold and the directory lacks.
func (r *restoreCommand) missing() string {
	_, err := os.Stat(filepath.Join(r.DataDir, signingFile))
	if !errors.Is(err, fs.ErrNotExist) || os.Getenv(signingVariable) != "" || r.SigningKeyFile != "" {
		return ""
	}
	return fmt.Sprintf("There is no %s in %s, and no backup holds it: put yours there before you start the server. "+
		"Without it a new key signs from then on; what the old one signed stays good.\n", signingFile, r.DataDir)
}
