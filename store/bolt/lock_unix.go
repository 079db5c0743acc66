//go:build unix

package bolt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/acquis-eval/acquis/store"
)

// mapSize is the address space that bbolt reserves for the file. If the file
// outgrows it, it is mapped again, which waits for every reader. Address space
// costs nothing until it is used, so it is 4 GiB, enough for about 350,000
// fully assessed candidacies. (A 32-bit process has none to spare.)
const mapSize = 1 << (32 * (^uint(0) >> 63))

const lockPoll = 50 * time.Millisecond

// lockDir locks the data directory. The lock is a separate file, so that it
// also covers creating and replacing the store. The kernel releases it when the
// process ends.
func lockDir(dir string, timeout time.Duration) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: lock: %w", err)
	}
	for deadline := time.Now().Add(timeout); ; time.Sleep(lockPoll) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return f, nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(fmt.Errorf("store: lock: %w", err), f.Close())
		case time.Now().After(deadline):
			return nil, errors.Join(fmt.Errorf("%w (%s)", store.ErrInUse, dir), f.Close())
		}
	}
}
