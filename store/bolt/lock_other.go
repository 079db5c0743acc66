//go:build !unix

package bolt

import (
	"io"
	"time"
)

// mapSize: on Windows bbolt would make the file as large as its map.
const mapSize = 0

// lockDir leaves the lock to bbolt, which takes the store's file.
func lockDir(string, time.Duration) (io.Closer, error) { return io.NopCloser(nil), nil }
