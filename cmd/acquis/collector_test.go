package main

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

// The environment overrides the settings of the collector.
func TestSetCollector(t *testing.T) {
	before, limit := debug.SetGCPercent(50), debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetGCPercent(before); debug.SetMemoryLimit(limit) })
	for given, want := range map[string]int{"70": 50, "off": 50, "": gcPercent} {
		debug.SetGCPercent(50)
		t.Setenv("GOGC", given)
		ctx, cancel := context.WithCancel(t.Context())
		setCollector(ctx, slog.New(slog.DiscardHandler))
		if got := debug.SetGCPercent(50); got != want {
			t.Errorf("GOGC=%q: the heap may grow by %d %%, want %d", given, got, want)
		}
		cancel()
	}
}

// The heap grows at most by the headroom, as far as that is possible.
func TestPercentFor(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 16 << 20: 400, 17 << 20: 350, 32 << 20: 200, 64 << 20: 100, 128 << 20: 50, 10 << 30: 50} {
		if got := percentFor(live); got != want {
			t.Errorf("of %d MiB the heap may grow by %d %%, want %d", live>>20, got, want)
		}
	}
}

// Live data changes the setting after the next collection; when it is gone, the
// setting changes back.
func TestBoundHeadroom(t *testing.T) {
	before := debug.SetGCPercent(gcPercent)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	boundHeadroom(t.Context(), gcPercent)
	become := func(want func(percent uint64) bool) {
		percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		for metrics.Read(percent); !want(percent[0].Value.Uint64()); metrics.Read(percent) {
			runtime.GC() // until the finalizer has run
		}
	}
	func() {
		lives := make([]byte, 64<<20)
		become(func(percent uint64) bool { return percent <= 100 })
		runtime.KeepAlive(lives)
	}()
	become(func(percent uint64) bool { return percent == gcPercent })
}
