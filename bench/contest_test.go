package main

import (
	"errors"
	"testing"
	"time"
)

// TestContest: sides take turns, with as many rounds each, and every call is
// counted once.
func TestContest(t *testing.T) {
	var order []string
	turn := func(name string) *side {
		return &side{name: name, call: func(int, int) error {
			if len(order) == 0 || order[len(order)-1] != name {
				order = append(order, name)
			}
			return nil
		}}
	}
	a, b := turn("a"), turn("b")
	c := contest{callers: 1, rounds: 3, time: time.Second, most: 5, sides: []*side{a, b}}
	found, err := c.run()
	if err != nil {
		t.Fatal(err)
	}
	if len(found[a]) != 3 || len(found[b]) != 3 {
		t.Errorf("%d and %d rounds, not 3", len(found[a]), len(found[b]))
	}
	// One round more than told, to warm up; the first of a round changes.
	if a.calls.Load() != 20 || b.calls.Load() != 20 {
		t.Errorf("%d and %d calls, not 20", a.calls.Load(), b.calls.Load())
	}
	if got := len(order); got != 6 { // ab ab ba ab: two turns in a row are one
		t.Errorf("the turns were %v", order)
	}
	row := found.compare("a : b", calls, a, b)
	if row.OfA != "a" || row.OfB != "b" || row.Unit != "calls/s" || row.Ratio <= 0 {
		t.Errorf("%+v", row)
	}
}

// TestContestFails: one call that fails is the end, and says whose it was.
func TestContestFails(t *testing.T) {
	broken := errors.New("broken")
	s := &side{name: "theirs", call: func(_, i int) error {
		if i == 7 {
			return broken
		}
		return nil
	}}
	c := contest{callers: 2, rounds: 1, time: time.Minute, sides: []*side{s}}
	if _, err := c.run(); !errors.Is(err, broken) || err.Error() != "theirs: broken" {
		t.Errorf("%v", err)
	}
}

// TestSample: a call that does the job three times counts for three.
func TestSample(t *testing.T) {
	got := sampleOf([]float64{5, 1, 3, 4, 2}, 3, 2*time.Second, 30*time.Microsecond)
	if want := (sample{rate: 7.5, p50: 3, p99: 5, cpu: 2}); got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
}
