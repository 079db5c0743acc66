package main

import (
	"testing"

	"github.com/acquis-eval/acquis/server/admission"
)

// TestPublicRate: raising the rate of unknown callers, for a proxy, also raises
// how many of their calls may run at the same time; 0 means no limit.
func TestPublicRate(t *testing.T) {
	usual := admission.DefaultLimits().Classes[admission.Public].Network
	for rate, atOnce := range map[float64]int{1: usual.AtOnce, usual.PerSecond: usual.AtOnce, 10 * usual.PerSecond: 10 * usual.AtOnce, 0: 0} {
		got := (&limitFlags{PublicRate: rate}).admission().Classes[admission.Public].Network
		if got.PerSecond != rate || got.AtOnce != atOnce {
			t.Errorf("a rate of %v: %+v", rate, got)
		}
	}
}
