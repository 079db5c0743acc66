package server

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"pgregory.net/rapid"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// Whatever comes, in any order, no more attempts are looked at in a span of time
// than the limits say, and a wait that was told is long enough.
func TestAttemptsKeepTheLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := AttemptLimits{PerCredential: rapid.IntRange(1, 5).Draw(t, "a credential"), PerAddress: rapid.IntRange(1, 9).Draw(t, "an address")}
		as, now := newAttempts(limits), time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)
		start, looked := now, make(map[any]int)
		for range rapid.IntRange(1, 60).Draw(t, "attempts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 10_000).Draw(t, "ms")) * time.Millisecond)
			a := newAttempt(network(fmt.Sprintf("192.0.2.%d:1", rapid.IntRange(1, 2).Draw(t, "from"))), rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "text"))
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
				t.Fatalf("%v: %d were looked at in %.2f minutes, of %d a minute", what, n, minutes, limit)
			}
		}
	})
}

// What attempts hold is bounded, whoever sends what.
func TestAttemptsAreBounded(t *testing.T) {
	as, now := newAttempts(DefaultLimits.Attempts), time.Now()
	for n := range 2 * remembered {
		from := network(fmt.Sprintf("10.%d.%d.1:9", n/256, n%256))
		a := newAttempt(from, fmt.Sprint("bad", n))
		if wait, _ := as.wait(a, now); wait == 0 {
			as.failed(a, now)
		}
		as.succeeded(newAttempt(from, fmt.Sprint("good", n)))
	}
	// One address cannot drive out what is remembered of others.
	for n := range 2 * remembered {
		a := newAttempt(network("192.0.2.1:1"), fmt.Sprint("flood", n))
		if wait, _ := as.wait(a, now); wait == 0 {
			as.failed(a, now)
		}
	}
	last := newAttempt(network(fmt.Sprintf("10.%d.%d.1:9", (2*remembered-1)/256, (2*remembered-1)%256)), fmt.Sprint("bad", 2*remembered-1))
	if _, ok := as.credentials.get(last.suspect); !ok {
		t.Error("one address drove out what is remembered of another")
	}
	for what, n := range map[string]int{
		"credentials": len(as.credentials.entries), "addresses": len(as.addresses.entries), "good": len(as.good.entries), "order": as.good.order.Len(),
	} {
		if n > remembered {
			t.Errorf("%d %s are held", n, what)
		}
	}
}

// Where a call over REST comes from is known behind the channel too.
func TestConnectionCrossesTheChannel(t *testing.T) {
	var got netip.Prefix
	channel := newChannel(func(ctx context.Context, _ any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
		_, call := withCallInfo(ctx)
		got = call.from
		return new(acquispb.ListKeysResponse), nil
	})
	acquispb.RegisterAdminServiceServer(channel, acquispb.UnimplementedAdminServiceServer{})
	info := &callInfo{from: network("192.0.2.7:1")}
	ctx := context.WithValue(metadata.AppendToOutgoingContext(t.Context(), "x-forwarded-for", "192.0.2.8"), callInfoKey{}, info)
	if _, err := acquispb.NewAdminServiceClient(channel).ListKeys(ctx, new(acquispb.ListKeysRequest)); err != nil || got != info.from {
		t.Errorf("it comes from %v, %v", got, err)
	}
}

func TestNetwork(t *testing.T) {
	for given, want := range map[string]string{
		"192.0.2.7:1234":           "192.0.2.7/32",
		"[::ffff:192.0.2.7]:1":     "192.0.2.7/32",
		"[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64",
		"[2001:db8:1:2::1]:2":      "2001:db8:1:2::/64",
		"[fe80::1%eth0]:2":         "fe80::/64",
		"@":                        "invalid Prefix",
		"somewhere:1":              "invalid Prefix",
	} {
		if got := network(given).String(); got != want {
			t.Errorf("%s is of %s, want %s", given, got, want)
		}
	}
}
