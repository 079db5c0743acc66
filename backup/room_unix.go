//go:build unix

package backup

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// reserve is how much a backup leaves free at least, so that a store on the same
// disk can continue to write for a while. On small disks it is a twentieth.
const reserve = 64 << 20

func leavesRoom(f *os.File) error {
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &st); err != nil {
		return nil //nolint:nilerr // if the file system does not tell, the backup ends when the disk is full
	}
	block := uint64(st.Bsize)
	free, all := uint64(st.Bavail)*block, st.Blocks*block //nolint:unconvert // its type differs between systems
	if free < min(reserve, all/20)+min(roomEvery, all/20) {
		return fmt.Errorf("%w: %d bytes are free", ErrNoRoom, free)
	}
	return nil
}

func noRoom(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	return err
}
