package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/acquis-eval/acquis/backup"
	"github.com/acquis-eval/acquis/checkpoint"
	"github.com/acquis-eval/acquis/legible"
	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/store"
)

// restoreCommand puts a backup into a data directory.
type restoreCommand struct {
	From       string    `required:"" env:"-" placeholder:"FILE" help:"The backup."`
	DataDir    directory `default:"./data" placeholder:"DIR" help:"Directory to restore into. It is created if it is missing. A store that is already there is kept under another name."`
	Checkpoint string    `env:"-" placeholder:"FILE" help:"The last checkpoint that was published. The restore is refused if the backup is older."`
	Decisions  bool      `env:"-" help:"Also decide every decision again, as acquis verify does. Takes longer."`

	NewOrigin      bool   `env:"-" help:"Restore even if a newer checkpoint was published. From then on the journal has a new name."`
	Origin         string `env:"-" placeholder:"NAME" help:"With --new-origin: the new name. If not set: a random one."`
	SigningKeyFile string `placeholder:"FILE" help:"With --new-origin: the signing key, if it is not in the data directory."`
}

// Help explains the signing key, which need not be a file; kong prints it.
func (r *restoreCommand) Help() string { return secretsHelp(signingVariable) }

// Validate checks the flags; kong calls it.
func (r *restoreCommand) Validate() error {
	if r.Origin != "" && !r.NewOrigin {
		return errors.New("--origin: needs --new-origin, without which the journal keeps its name")
	}
	return errors.Join(checkpoint.CheckOrigin(r.Origin), readable("--origin", r.Origin, legible.ID))
}

// Run makes the store in its own directory, checks it there, and moves it into
// place in one step.
func (r *restoreCommand) Run(ctx context.Context, engine store.Engine, c console) error {
	if _, err := backup.ReadManifest(r.From); err != nil {
		return r.unreadable(err)
	}
	var m backup.Manifest
	var compared comparison
	kept, err := engine.Replace(string(r.DataDir), func(made, old string) (err error) {
		if m, compared, err = r.fill(ctx, engine, made, old); err != nil || !r.NewOrigin {
			return err
		}
		m.Origin, err = r.rename(ctx, engine, made)
		return err
	})
	if errors.Is(err, store.ErrInUse) {
		return fmt.Errorf("%w: stop the server first", err)
	}
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s: %s\n%s\n", r.DataDir, told(m), compared.said)
	if compared.lost > 0 {
		text += fmt.Sprintf("Events of the previous store that are not in the backup: %d.\n", compared.lost)
	}
	if kept != "" {
		text += fmt.Sprintf("The previous store is now %s. Remove it when you no longer need it.\n", kept)
	}
	_, err = fmt.Fprint(c.out, text, r.missing())
	return err
}

// unreadable says that the backup cannot be read, with its name once.
func (r *restoreCommand) unreadable(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok && path.Path == r.From {
		err = path.Err
	}
	return fmt.Errorf("--from %s: %w", r.From, err)
}

// fill copies the store out of the backup, checks that it is sound and compares
// it.
func (r *restoreCommand) fill(ctx context.Context, engine store.Engine, made, old string) (m backup.Manifest, compared comparison, err error) {
	err = engine.Restore(made, func(w io.Writer) (err error) {
		m, err = backup.Extract(ctx, r.From, w)
		return err
	})
	if err != nil {
		return m, compared, r.unreadable(err)
	}
	restored, err := engine.Look(made)
	if err != nil {
		return m, compared, err
	}
	defer func() { err = errors.Join(err, restored.Close()) }()
	if err := soundStore(ctx, restored, m, r.Decisions); err != nil {
		return m, compared, err
	}
	compared, err = r.compare(engine, restored, old, m)
	return m, compared, err
}

// rename records a new origin in the new store.
func (r *restoreCommand) rename(ctx context.Context, engine store.Engine, made string) (origin string, err error) {
	key, err := signingKey(r.SigningKeyFile, string(r.DataDir), slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	s, err := engine.Open(made, store.Opening{})
	if err != nil {
		return "", err
	}
	origin, err = notary.RenameJournal(ctx, s, notary.Signing{Key: key, Origin: r.Origin}, time.Now())
	return origin, errors.Join(err, s.Close())
}

// missing names what a backup does not contain and the directory does not have.
func (r *restoreCommand) missing() string {
	_, err := os.Stat(filepath.Join(string(r.DataDir), signingFile))
	if !errors.Is(err, fs.ErrNotExist) || os.Getenv(signingVariable) != "" || r.SigningKeyFile != "" {
		return ""
	}
	return fmt.Sprintf("There is no %s in %s, and backups do not contain it. Put yours there before you start the server. "+
		"Otherwise the server creates a new one; what the old one signed stays valid.\n", signingFile, r.DataDir)
}
