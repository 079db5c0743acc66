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

// gcPercent lets the heap grow to five times what lives before it is collected,
// not twice. What lives is small and does not grow with the store: the
// référentiels, and the calls under way. docs/performance.md has the figures.
const gcPercent = 400

// headroom bounds by how many bytes the heap may grow before it is collected. Without
// it, what callers make live counts five times: 128 MiB of their requests would be
// 640 MiB of memory.
const headroom = 64 << 20

// memoryShare of what the container may have is for the heap. The rest is for
// stacks, and for the store's pages, which the kernel can take back.
const memoryShare = 0.8

// setCollector sets when the collector runs, unless the environment says so: by how
// much the heap has grown and, in a container whose memory is limited, before it
// comes near to that limit.
func setCollector(ctx context.Context, log *slog.Logger) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
		boundHeadroom(ctx, gcPercent)
	}
	limit, err := memlimit.Set(memlimit.WithProvider(memlimit.FromCgroup), memlimit.WithRatio(memoryShare))
	switch {
	case err != nil:
		log.Debug("the memory of this process has no limit that it could read", "error", err.Error())
	case limit > 0 && limit < math.MaxInt64: // which stands for none
		log.Info("the heap is collected before it comes near to the limit of memory", "limit_bytes", limit)
	}
}

// boundHeadroom sees after each collection what lives, and sets by how much the heap
// may grow until the next. It is now the given percentage. It goes on until ctx
// ends.
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

// A collected is garbage: its finalizer runs once it was found to be.
type collected struct{ _ [16]byte }

// percentFor is by how much a heap of which so much lives may grow. It goes in steps,
// since each change stops all calls for a moment.
func percentFor(live uint64) int {
	const step = 50
	percent := int(headroom * 100 / max(live, 1))
	return min(max(percent/step*step, step), gcPercent)
}
