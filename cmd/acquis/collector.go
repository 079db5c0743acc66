package main

import (
	"log/slog"
	"math"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// gcPercent lets the heap grow to five times what lives before it is collected,
// not twice. What lives is small and does not grow with the store: the
// référentiels, and the calls under way. docs/performance.md has the figures.
const gcPercent = 400

// memoryShare of what the container may have is for the heap. The rest is for
// stacks, and for the store's pages, which the kernel can take back.
const memoryShare = 0.8

// setCollector sets when the collector runs, unless the environment says so: by how
// much the heap has grown and, in a container whose memory is limited, before it
// comes near to that limit.
func setCollector(log *slog.Logger) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	limit, err := memlimit.Set(memlimit.WithProvider(memlimit.FromCgroup), memlimit.WithRatio(memoryShare))
	switch {
	case err != nil:
		log.Debug("the memory of this process has no limit that it could read", "error", err.Error())
	case limit > 0 && limit < math.MaxInt64: // without a limit the library answers the largest number
		log.Info("the heap is collected before it comes near to the limit of memory", "limit_bytes", limit)
	}
}
