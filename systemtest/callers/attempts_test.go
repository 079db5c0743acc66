package callers

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// limited is a service that allows three failed attempts per minute with one key
// and six from one address.
func limited(t *testing.T) *world.World {
	t.Helper()
	w, _ := world.Start(t, t.TempDir(), func(o *server.Options) {
		o.Attempts = authn.AttemptLimits{PerCredential: 3, PerAddress: 6}
	})
	return w
}

// wrong is a key with the id of a valid one and another secret.
func wrong(w *world.World, name string) string {
	parts := strings.Split(w.Keys[name], "_")
	return "acq_" + parts[1] + "_" + strings.Repeat("a", len(parts[2]))
}

// TestAttempts: after too many failed attempts further ones are refused without a
// check, until the limit allows the next. Both transports count together. The log
// names the key and the number of attempts, and never the secret.
func TestAttempts(t *testing.T) {
	for _, name := range []string{"REST", "gRPC"} {
		t.Run(name, func(t *testing.T) {
			w := limited(t)
			w.NewKey("reader", "READER")
			call := w.Transports()[name]
			for range 3 {
				if a := call(wrong(w, "reader"), "GET", "/v1/candidates", ""); a.Reason() != "CREDENTIALS_INVALID" {
					t.Fatal(a.Raw)
				}
			}
			for transport, call := range w.Transports() {
				a := call(wrong(w, "reader"), "GET", "/v1/candidates", "")
				if a.Code != "RESOURCE_EXHAUSTED" || a.Reason() != "TOO_MANY_ATTEMPTS" || world.Get(a.Body, "details", 1, "retryDelay") == nil {
					t.Errorf("%s after too many: %s", transport, a.Raw)
				}
				if seconds, _ := strconv.Atoi(a.Head.Get("Retry-After")); transport == "REST" && (a.HTTP != http.StatusTooManyRequests || seconds < 19 || seconds > 20) {
					t.Errorf("status %d, retry after %q", a.HTTP, a.Head.Get("Retry-After"))
				}
			}
			// The right secret is refused too; otherwise guessing could continue.
			if a := call("reader", "GET", "/v1/candidates", ""); a.Reason() != "TOO_MANY_ATTEMPTS" {
				t.Errorf("the right key: %s", a.Raw)
			}
			w.Clock.Advance(20 * time.Second)
			if a := call("reader", "GET", "/v1/candidates", ""); a.Code != "OK" {
				t.Errorf("the right key, in time: %s", a.Raw)
			}
			said, id := w.Logs.String(), strings.Split(w.Keys["reader"], "_")[1]
			for _, want := range []string{
				`"reason":"CREDENTIALS_INVALID","failures":3,`, `"reason":"TOO_MANY_ATTEMPTS","failures":5,`, `"key":"` + id + `"`,
			} {
				if !strings.Contains(said, want) {
					t.Errorf("the log does not say %s:\n%s", want, said)
				}
			}
			for _, secret := range []string{"aaaaaaaa", w.Keys["reader"][20:], "127.0.0.1"} {
				if strings.Contains(said, secret) {
					t.Errorf("the log contains %s", secret)
				}
			}
			if !strings.Contains(world.OpsGet(t, w.Ops+"/metrics"), `acquis_bad_credentials_total{reason="CREDENTIALS_INVALID"} 3`) {
				t.Error("the metrics do not count bad credentials")
			}
		})
	}
}

// TestAttemptsLockNobodyOut: a caller with a recently used key can continue while
// others at the same address, for instance behind a proxy, try keys; other
// addresses are not affected; and no header changes the address.
func TestAttemptsLockNobodyOut(t *testing.T) {
	w := limited(t)
	w.NewKey("reader", "READER")
	w.NewKey("new", "READER")
	w.Do("reader", "GET", "/v1/candidates", "")
	for range 10 {
		w.GRPC(wrong(w, "reader"), "GET", "/v1/candidates", "")
		w.GRPC(authn.NewSecret().String(), "GET", "/v1/candidates", "", "x-forwarded-for", "10.0.0.1")
	}
	for transport, call := range w.Transports() {
		if a := call("reader", "GET", "/v1/candidates", ""); a.Code != "OK" {
			t.Errorf("%s: a caller with a recently used key: %s", transport, a.Raw)
		}
		if a := call("new", "GET", "/v1/candidates", ""); a.Reason() != "TOO_MANY_ATTEMPTS" {
			t.Errorf("%s: a new caller at a busy address: %s", transport, a.Raw)
		}
		if a := call("", "GET", "/v1/candidates", ""); a.Reason() != "CREDENTIALS_MISSING" {
			t.Errorf("%s: a caller without a key: %s", transport, a.Raw)
		}
	}
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Grpc-Metadata-X-Forwarded-For", "True-Client-Ip"} {
		if a := w.REST("new", "GET", "/v1/candidates", "", header, "for=10.0.0.9"); a.Reason() != "TOO_MANY_ATTEMPTS" {
			t.Errorf("%s changed the address: %s", header, a.Raw)
		}
	}
	w.Client = http.Client{Transport: &http.Transport{
		DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext,
	}}
	if a := w.REST("new", "GET", "/v1/candidates", ""); a.Code != "OK" {
		t.Errorf("from another address: %s", a.Raw)
	}
	// A key that is revoked while it is in use is refused, and counts from then
	// on.
	w.Do("admin", "POST", "/v1/keys/"+strings.Split(w.Keys["reader"], "_")[1]+":revoke", "{}")
	if a := w.REST("reader", "GET", "/v1/candidates", ""); a.Reason() != "KEY_REVOKED" {
		t.Errorf("revoked: %s", a.Raw)
	}
	for range 3 {
		w.REST("reader", "GET", "/v1/candidates", "")
	}
	if a := w.REST("reader", "GET", "/v1/candidates", ""); a.Reason() != "TOO_MANY_ATTEMPTS" {
		t.Errorf("revoked, again and again: %s", a.Raw)
	}
}
