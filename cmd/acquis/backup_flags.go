package main

import (
	"context"
	"errors"
	"time"

	"github.com/acquis-eval/acquis/backup"
	"github.com/acquis-eval/acquis/store"
)

// backupFlags say which backups a server makes by itself.
type backupFlags struct {
	Dir      string        `placeholder:"DIR" help:"Make backups in this directory, which should be on another disk. If not set: none are made."`
	Interval time.Duration `default:"24h" placeholder:"DURATION" help:"Time from one backup to the next, 1m to 8784h."`
	Keep     int           `default:"7" placeholder:"N" help:"How many backups to keep. A new one is checked before an old one is removed."`
	Timeout  time.Duration `default:"1h" placeholder:"DURATION" help:"Time limit for a client that fetches a backup, at most 168h."`
}

// The bounds of what can be configured.
const (
	minBackupInterval = time.Minute
	maxBackupInterval = 366 * 24 * time.Hour
	maxBackupKeep     = 10_000
	maxBackupTimeout  = 7 * 24 * time.Hour
)

func (b *backupFlags) check() error {
	switch {
	case b.Interval < minBackupInterval || b.Interval > maxBackupInterval:
		return errors.New("--backup-interval must be from 1m to 8784h")
	case b.Keep < 1 || b.Keep > maxBackupKeep:
		return errors.New("--backup-keep must be from 1 to 10000")
	case b.Timeout <= 0 || b.Timeout > maxBackupTimeout:
		return errors.New("--backup-timeout must be more than 0 and at most 168h")
	}
	return nil
}

// backups configures the server. A copy that a client fetches is made in the data
// directory: containers have room there, and only the server reads it.
func (b *backupFlags) backups(engine store.Engine, dataDir string) backup.Settings {
	return backup.Settings{
		Scratch: dataDir, Program: versionOf(), Dir: b.Dir, Interval: b.Interval, Keep: b.Keep,
		Check: func(ctx context.Context, name string) error { return checkBackup(ctx, engine, name, false) },
	}
}
