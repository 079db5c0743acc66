package verify_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
	"github.com/acquis-eval/acquis/verify"
)

// testFlips flips bits anywhere: each is detected, or is in a place that states
// nothing or is not read, and none crashes the program.
func testFlips(t *testing.T, v *vault) {
	rng := rand.New(rand.NewPCG(3, 5))
	kinds := slices.Sorted(maps.Keys(v.records))
	flips := 60
	if world.Long() {
		flips = 600
	}
	for range flips {
		kind := kinds[rng.IntN(len(kinds))]
		r := v.records[kind][rng.IntN(len(v.records[kind]))]
		changed := bytes.Clone(r.Value)
		at := rng.IntN(len(changed) * 8)
		changed[at/8] ^= 1 << (at % 8)
		report, err := v.tampered(func(x *tamperer) error { return x.put(kind, r.Key, changed) }, verify.Options{})
		world.Must(t, err)
		if report.OK() && kind != store.KindIdempotency && !sameMessage(kind, r.Value, changed) {
			t.Errorf("%v %x: bit %d flipped, but not detected", kind, r.Key, at)
		}
	}
	t.Logf("%d bits flipped in %d kinds", flips, len(kinds))
}

// sameMessage tells whether two values that no digest covers, an event's or a
// checkpoint's, mean the same: if a number takes more bytes than it has bits,
// protobuf ignores the excess bits.
func sameMessage(kind store.KindID, a, b []byte) bool {
	var before, after proto.Message = new(storepb.Event), new(storepb.Event)
	switch kind {
	case store.KindEvent:
	case store.KindCheckpoint:
		before, after = new(storepb.Checkpoint), new(storepb.Checkpoint)
	default:
		return false
	}
	return proto.Unmarshal(a, before) == nil && proto.Unmarshal(b, after) == nil && proto.Equal(before, after)
}
