//go:build !unix

package bolt

import (
	"io"
	"time"
)

// mapSize: on Windows the file would be as large as bbolt's map.
const mapSize = 0

// lockDir leaves locking to bbolt, which locks the store's file.
func lockDir(string, time.Duration) (io.Closer, error) { return io.NopCloser(nil), nil }
