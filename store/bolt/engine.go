package bolt

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/acquis-eval/acquis/store"
)

// FileName is the name of the store's file in its data directory.
const FileName = "acquis.db"

// An Engine is a store.Engine whose places are data directories. The zero value is
// ready to use.
type Engine struct {
	// LockTimeout is how long to wait for another process to release the data
	// directory. Default: 2 seconds.
	LockTimeout time.Duration

	// OpenFile opens the store's file for reading and writing. Tests inject
	// faults with it. Default: os.OpenFile.
	OpenFile func(name string, flag int, perm os.FileMode) (*os.File, error)
}

// options are those of an Engine, with defaults, and the log.
type options struct {
	lockTimeout time.Duration
	openFile    func(name string, flag int, perm os.FileMode) (*os.File, error)
	log         *slog.Logger
}

func (e Engine) options(log *slog.Logger) options {
	o := options{e.LockTimeout, e.OpenFile, log}
	if o.lockTimeout <= 0 {
		o.lockTimeout = 2 * time.Second
	}
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
	if o.openFile == nil {
		o.openFile = os.OpenFile
	}
	return o
}

// storeIn returns the store's file in a data directory, or ErrNoStore.
func storeIn(dir string) (file string, err error) {
	file = filepath.Join(dir, FileName)
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w (%s)", store.ErrNoStore, dir)
	} else if err != nil {
		return "", fmt.Errorf("store: %w", err)
	}
	return file, nil
}

// Restore implements store.Engine. The file gets its name when it is complete and
// synced, so that a crash leaves either no store or the whole one. It is checked when
// it is opened.
func (e Engine) Restore(dir string, write func(io.Writer) error) (err error) {
	if err := makeDir(dir); err != nil {
		return err
	}
	lock, err := lockDir(dir, e.options(nil).lockTimeout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if file, err := storeIn(dir); err == nil {
		return fmt.Errorf("store: there is a store already (%s)", file)
	} else if !errors.Is(err, store.ErrNoStore) {
		return err
	}
	if err := removeUnfinished(dir); err != nil {
		return err
	}
	file := filepath.Join(dir, FileName)
	f, err := os.OpenFile(file+".new", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return swap(f.Name(), file)
}
