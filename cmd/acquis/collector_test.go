package main

import (
	"runtime/debug"
	"testing"
)

// The environment has the last word on the collector.
func TestSetCollector(t *testing.T) {
	before := debug.SetGCPercent(50)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	for given, want := range map[string]int{"70": 50, "off": 50, "": gcPercent} {
		debug.SetGCPercent(50)
		t.Setenv("GOGC", given)
		setCollector()
		if got := debug.SetGCPercent(50); got != want {
			t.Errorf("GOGC=%q: the heap may grow by %d %%, want %d", given, got, want)
		}
	}
}
