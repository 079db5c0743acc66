package main

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// TestPaired: every kind of call is answered as it should be through each door, by
// both programs, and both have equally many; a build held against itself is one row
// for each.
func TestPaired(t *testing.T) {
	b := newBench(t)
	b.form = form{rounds: 2, round: time.Millisecond}
	b.before = b.acquis
	if err := b.paired(func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, kind := range pairedKinds() {
		rows += len(kind.doors())
	}
	seen := make(map[string]bool)
	for _, row := range b.report.Results {
		if seen[row.Name] {
			t.Errorf("%s is there twice", row.Name)
		}
		seen[row.Name] = true
		if row.OfA != "after" || row.OfB != "before" || row.Unit != "µs" || !(row.A > 1) || !(row.B > 1) {
			t.Errorf("%+v", row)
		}
		if want := 1 + max(mostWorse, row.Spread); !row.AtMost || *row.Target != want {
			t.Errorf("%s: target %s, not %v", row.Name, targetOf(row), want)
		}
	}
	if len(seen) != rows {
		t.Errorf("%d rows, not %d", len(seen), rows)
	}
}

// TestCallsFor: both sides find out together, by equally many calls, how many fill
// the time.
func TestCallsFor(t *testing.T) {
	work := func(int, int) error {
		for began := ownTime(t); ownTime(t)-began < 100*time.Microsecond; {
		}
		return nil
	}
	self := &process{cmd: &exec.Cmd{Process: &os.Process{Pid: os.Getpid()}}}
	a, b := &side{call: work, server: self}, &side{call: work, server: self}
	got, err := (contest{callers: 1, time: endless, sides: []*side{a, b}}).callsFor(40 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if a.calls.Load() != b.calls.Load() || a.calls.Load() == 0 {
		t.Errorf("%d and %d calls", a.calls.Load(), b.calls.Load())
	}
	if got < 32 || got > 400 { // each takes 100 µs or more
		t.Errorf("%d calls of 100 µs for 40 ms", got)
	}
}

// TestExpected: who must be refused is, with that very refusal; who must not be is not.
func TestExpected(t *testing.T) {
	broken := errors.New("broken")
	forbidden, tooMany := &refusal{http.StatusForbidden, "no"}, &refusal{http.StatusTooManyRequests, "later"}
	for _, c := range []struct {
		denied    bool
		got, want error
	}{
		{false, nil, nil},
		{false, broken, broken},
		{false, forbidden, forbidden},
		{true, nil, errAllowed},
		{true, broken, broken},
		{true, tooMany, tooMany},
		{true, forbidden, nil},
		{true, status.Error(codes.PermissionDenied, "no"), nil},
	} {
		if got := (pairedKind{denied: c.denied}).expected(c.got); !errors.Is(got, c.want) {
			t.Errorf("denied %t, %v: %v, not %v", c.denied, c.got, got, c.want)
		}
	}
}

// TestProcessorTime: it is that of the process and of all its threads, as the kernel
// tells the process itself.
func TestProcessorTime(t *testing.T) {
	least := ownTime(t)
	got, err := processorTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	const rounding = time.Millisecond // of getrusage
	if most := ownTime(t); got < least-rounding || got > most+rounding {
		t.Errorf("%s, not between %s and %s", got, least, most)
	}
	if _, err := processorTime(1<<22 + 1); err == nil {
		t.Error("a process that does not exist has processor time")
	}
}

// ownTime is what this process has used of the processor.
func ownTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
