package main

import (
	"log/slog"
	"runtime/debug"
	"testing"
)

// The environment has the last word on the collector.
func TestSetCollector(t *testing.T) {
	before, limit := debug.SetGCPercent(50), debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetGCPercent(before); debug.SetMemoryLimit(limit) })
	for given, want := range map[string]int{"70": 50, "off": 50, "": gcPercent} {
		debug.SetGCPercent(50)
		t.Setenv("GOGC", given)
		setCollector(slog.New(slog.DiscardHandler))
		if got := debug.SetGCPercent(50); got != want {
			t.Errorf("GOGC=%q: the heap may grow by %d %%, want %d", given, got, want)
		}
	}
}
