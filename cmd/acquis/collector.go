package main

import (
	"context"
	"log/slog"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// gcPercent lets the heap grow to five times the live data before it is
// collected, not twice. The live data is small and does not grow with the
// store: référentiels and running calls. docs/performance.md has the figures.
const gcPercent = 400

// headroom limits by how many bytes the heap may grow before it is collected.
// Without it, live data of callers would count five times: 128 MiB of requests
// would take 640 MiB of memory.
const headroom = 64 << 20

// memoryShare is the part of the container's memory for the heap. The rest is
// for stacks, and for the store's pages, which the kernel can reclaim.
const memoryShare = 0.8

// setCollector sets when the collector runs, unless the environment does: by
// the growth of the heap and, in a container with a memory limit, before the
// heap reaches it.
func setCollector(ctx context.Context, log *slog.Logger) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
		boundHeadroom(ctx, gcPercent)
	}
	limit, err := memlimit.Set(memlimit.WithProvider(memlimit.FromCgroup), memlimit.WithRatio(memoryShare))
	switch {
	case err != nil:
		log.Debug("found no memory limit", "error", err.Error())
	case limit > 0 && limit < math.MaxInt64: // without a limit the library answers the largest number
		log.Info("set the collector to the memory limit of the container", "limit_bytes", limit)
	}
}

// boundHeadroom measures the live data after each collection, and sets by how
// much the heap may grow until the next one. now is the present setting. It ends
// with ctx.
func boundHeadroom(ctx context.Context, now int) {
	runtime.SetFinalizer(new(collected), func(*collected) {
		if ctx.Err() != nil {
			return
		}
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if want := percentFor(live[0].Value.Uint64()); want != now {
			debug.SetGCPercent(want)
			now = want
		}
		boundHeadroom(ctx, now)
	})
}

// A collected is garbage: its finalizer runs after the next collection.
type collected struct{ _ [16]byte }

// percentFor returns by how much a heap with that much live data may grow. It
// changes in steps, because each change stops all calls for a moment.
func percentFor(live uint64) int {
	const step = 50
	percent := int(headroom * 100 / max(live, 1))
	return min(max(percent/step*step, step), gcPercent)
}
