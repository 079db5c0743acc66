package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"

	"github.com/acquis-eval/acquis/store"
)

// noRoom tells whether a commit failed only for lack of space: then nothing
// happened, and it may succeed later.
//
// bbolt returns the *fs.PathError of a write, but the bare error number of a
// sync. The difference matters: if a sync reports lack of space, pages that the
// kernel had accepted are lost, and will not be reported again.
func noRoom(err error) bool {
	if errors.Is(err, berrors.ErrMaxSizeReached) {
		return true
	}
	var write *fs.PathError
	if !errors.As(err, &write) {
		return false
	}
	return errors.Is(write.Err, syscall.ENOSPC) || errors.Is(write.Err, syscall.EDQUOT) || errors.Is(write.Err, syscall.EFBIG)
}

func full(cause error) error { return fmt.Errorf("%w: %w", store.ErrNoRoom, cause) }

func readOnly(cause error) error { return fmt.Errorf("%w: %w", store.ErrReadOnly, cause) }

func unknownOutcome(cause error) error { return fmt.Errorf("%w: %w", store.ErrUnknownOutcome, cause) }
