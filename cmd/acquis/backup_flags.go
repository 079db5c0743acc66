package main

import (
	"context"
	"errors"
	"time"

	"github.com/acquis-eval/acquis/backup"
)

// backupFlags say what a server does about its own backups.
type backupFlags struct {
	Dir      string        `placeholder:"DIR" help:"Make backups in this directory at regular intervals; best on another disk."`
	Interval time.Duration `default:"24h" placeholder:"TIME" help:"From one backup to the next (${default})."`
	Keep     int           `default:"7" placeholder:"N" help:"How many backups are kept (${default}); a newer one is checked before an older one goes."`
	Timeout  time.Duration `default:"1h" placeholder:"TIME" help:"A backup that somebody fetches and that takes longer is given up (${default})."`
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
		return errors.New("--backup-interval must be 1m to a year")
	case b.Keep < 1 || b.Keep > maxBackupKeep:
		return errors.New("--backup-keep must be 1 to 10000")
	case b.Timeout <= 0 || b.Timeout > maxBackupTimeout:
		return errors.New("--backup-timeout must be more than 0 and at most 168h")
	}
	return nil
}

// backups is what the server is told. The copy that a call sends lies in the data
// directory: where containers have room, and nobody else looks.
func (b *backupFlags) backups(dataDir string) backup.Settings {
	return backup.Settings{
		Scratch: dataDir, Program: versionOf(), Dir: b.Dir, Interval: b.Interval, Keep: b.Keep,
		Check: func(ctx context.Context, name string) error { return checkBackup(ctx, name, false) },
	}
}
