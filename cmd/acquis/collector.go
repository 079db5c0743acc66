package main

import (
	"os"
	"runtime/debug"
)

// gcPercent lets the heap grow to five times what lives before it is collected,
// not twice. What lives is small and does not grow with the store: the
// référentiels, and the calls under way. CPU per call, caller included, falls by
// 1.3 for GetGrid, by 1.1 to 1.2 for the calls that allocate less; 800 gains another
// 1.2 for GetGrid alone, at twice the heap. No limit of memory is set: near one, a
// collector that runs all the time is worse than one that runs late.
const gcPercent = 400

// setCollector sets when the collector runs, unless the environment says so.
func setCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
