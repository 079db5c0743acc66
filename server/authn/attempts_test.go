package authn

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAttemptsKeepTheLimits: for any sequence of attempts, no more are checked in
// a period than the limits allow, and the reported wait is long enough.
func TestAttemptsKeepTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := AttemptLimits{PerCredential: rapid.IntRange(1, 5).Draw(t, "a credential"), PerAddress: rapid.IntRange(1, 9).Draw(t, "an address")}
		as, now := newAttempts(limits), time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)
		start, looked := now, make(map[any]int)
		for range rapid.IntRange(1, 60).Draw(t, "attempts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 10_000).Draw(t, "ms")) * time.Millisecond)
			a := newAttempt(network(fmt.Sprintf("192.0.2.%d/32", rapid.IntRange(1, 2).Draw(t, "from"))), rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "text"))
			if wait, _ := as.wait(a, now); wait > 0 {
				if again, _ := as.wait(a, now.Add(wait+time.Millisecond)); again > 0 {
					t.Fatalf("after the wait of %v there is one of %v", wait, again)
				}
				now = now.Add(wait + time.Millisecond)
				continue
			}
			as.failed(a, now)
			looked[a.suspect]++
			looked[a.from]++
		}
		minutes := now.Sub(start).Minutes()
		for what, n := range looked {
			limit := limits.PerCredential
			if _, ok := what.(netip.Prefix); ok {
				limit = limits.PerAddress
			}
			if most := float64(limit) * (1 + minutes); float64(n) > most+1e-6 {
				t.Fatalf("%v: %d were checked in %.2f minutes, with a limit of %d a minute", what, n, minutes, limit)
			}
		}
	})
}

// TestAttemptsAreBounded: the memory for attempts is limited, with any callers
// and input.
func TestAttemptsAreBounded(t *testing.T) {
	as, now := newAttempts(AttemptLimits{PerCredential: 10, PerAddress: 100}), time.Now()
	for n := range 2 * remembered {
		from := network(fmt.Sprintf("10.%d.%d.1/32", n/256, n%256))
		a := newAttempt(from, fmt.Sprint("bad", n))
		if wait, _ := as.wait(a, now); wait == 0 {
			as.failed(a, now)
		}
		as.succeeded(newAttempt(from, fmt.Sprint("good", n)))
	}
	// One address cannot displace the entries of others.
	for n := range 2 * remembered {
		a := newAttempt(network("192.0.2.1/32"), fmt.Sprint("flood", n))
		if wait, _ := as.wait(a, now); wait == 0 {
			as.failed(a, now)
		}
	}
	last := newAttempt(network(fmt.Sprintf("10.%d.%d.1/32", (2*remembered-1)/256, (2*remembered-1)%256)), fmt.Sprint("bad", 2*remembered-1))
	if _, ok := as.credentials.Get(last.suspect); !ok {
		t.Error("one address displaced the entries of another")
	}
	for what, n := range map[string]int{
		"credentials": as.credentials.Len(), "addresses": as.addresses.Len(), "good": as.good.Len(),
	} {
		if n > remembered {
			t.Errorf("%d %s are stored", n, what)
		}
	}
}

func network(text string) netip.Prefix { return netip.MustParsePrefix(text) }
