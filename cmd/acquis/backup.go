package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/grpc/status"

	"github.com/acquis-eval/acquis/backup"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
)

// backupCommand fetches a backup from a running server, and checks it.
type backupCommand struct {
	dialFlags
	To        string        `required:"" env:"-" placeholder:"FILE" help:"File to write. An existing file is never replaced."`
	Decisions bool          `env:"-" help:"Also decide every decision again, as acquis verify does. Takes longer."`
	Timeout   time.Duration `default:"1h" env:"-" placeholder:"DURATION" help:"Time limit."`
}

// Help explains the key, which is not a flag; kong prints it.
func (b *backupCommand) Help() string { return secretsHelp(keyVariable) }

// Validate checks the flags; kong calls it.
func (b *backupCommand) Validate() error { return b.check() }

// Run writes the backup under a temporary name, and renames it after it was
// checked.
func (b *backupCommand) Run(ctx context.Context, engine store.Engine, c console) error {
	if err := backup.Free(b.To); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, b.Timeout)
	defer cancel()
	made := b.To + ".partial"
	m, err := b.fetch(ctx, made)
	if err == nil {
		err = checkBackup(ctx, engine, made, b.Decisions)
	}
	if err == nil {
		err = backup.Publish(made, b.To)
	}
	if err != nil {
		_ = os.Remove(made) // ignored: it may not exist
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s: %s\n", b.To, told(m))
	return err
}

// fetch calls the server and writes what it sends.
func (b *backupCommand) fetch(ctx context.Context, name string) (m backup.Manifest, err error) {
	conn, err := b.dial()
	if err != nil {
		return m, err
	}
	defer conn.Close() //nolint:errcheck // nothing is left to send
	stream, err := acquispb.NewAdminServiceClient(conn).Backup(withKey(ctx), new(acquispb.BackupRequest))
	if err != nil {
		return m, b.refused(err)
	}
	first, err := stream.Recv()
	if err != nil {
		return m, b.refused(err)
	}
	if err := writePieces(name, first.GetManifest(), stream.Recv); err != nil {
		return m, b.refused(err)
	}
	m, err = backup.ReadManifest(name)
	if err == nil && (m.Sequence != first.GetManifest().GetSequence() || !bytes.Equal(m.SHA256, first.GetManifest().GetStoreSha256())) {
		err = errors.New("the backup that was received is not the one that the server announced")
	}
	return m, err
}

// refused is the error of the server, which has details, or of calling it.
func (b *backupCommand) refused(err error) error {
	st, ok := status.FromError(err)
	switch {
	case !ok:
		return err
	case len(st.Details()) > 0:
		return fmt.Errorf("%s: %s", b.Server, st.Message())
	}
	return unreachable("--server", b.Server, st.Message())
}

// writePieces writes a file that is not longer than announced.
func writePieces(name string, announced *acquispb.BackupManifest, next func() (*acquispb.BackupResponse, error)) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) // personal data: the owner's only
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	left := announced.GetStoreBytes() + backup.BlockSize
	for {
		part, err := next()
		if errors.Is(err, io.EOF) {
			return f.Sync()
		}
		if err != nil {
			return err
		}
		if left -= int64(len(part.GetPiece())); left < 0 {
			return errors.New("the server sent more bytes than it announced")
		}
		if _, err := f.Write(part.GetPiece()); err != nil {
			return err
		}
	}
}

// told describes a backup on one line.
func told(m backup.Manifest) string {
	return fmt.Sprintf("%d bytes, journal %s up to event %d, made %s, SHA-256 of the store %x",
		m.Size+backup.BlockSize, m.Origin, m.Sequence, m.Time.Format(time.RFC3339), m.SHA256)
}
