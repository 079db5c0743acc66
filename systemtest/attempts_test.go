package systemtest

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/server/authn"
)

// limited is a service that takes three bad attempts a minute with one key and
// six from one address.
func limited(t *testing.T) *world {
	t.Helper()
	w, _ := start(t, t.TempDir(), func(o *server.Options) {
		o.Attempts = authn.AttemptLimits{PerCredential: 3, PerAddress: 6}
	})
	return w
}

// wrong is a key with the id of a good one and another secret.
func (w *world) wrong(name string) string {
	parts := strings.Split(w.keys[name], "_")
	return "acq_" + parts[1] + "_" + strings.Repeat("a", len(parts[2]))
}

// TestAttempts: after too many bad attempts further ones are refused unseen,
// until the limit allows the next. Both transports count together, and the log
// tells which key is tried, how often, and never with what.
func TestAttempts(t *testing.T) {
	for _, name := range []string{"REST", "gRPC"} {
		t.Run(name, func(t *testing.T) {
			w := limited(t)
			w.newKey("reader", "READER")
			call := w.transports()[name]
			for range 3 {
				if a := call(w.wrong("reader"), "GET", "/v1/candidates", ""); a.reason() != "CREDENTIALS_INVALID" {
					t.Fatal(a.raw)
				}
			}
			for transport, call := range w.transports() {
				a := call(w.wrong("reader"), "GET", "/v1/candidates", "")
				if a.code != "RESOURCE_EXHAUSTED" || a.reason() != "TOO_MANY_ATTEMPTS" || get(a.body, "details", 1, "retryDelay") == nil {
					t.Errorf("%s after too many: %s", transport, a.raw)
				}
				if seconds, _ := strconv.Atoi(a.head.Get("Retry-After")); transport == "REST" && (a.http != http.StatusTooManyRequests || seconds < 19 || seconds > 20) {
					t.Errorf("status %d, retry after %q", a.http, a.head.Get("Retry-After"))
				}
			}
			// The right secret would be refused too: else guessing would go on.
			if a := call("reader", "GET", "/v1/candidates", ""); a.reason() != "TOO_MANY_ATTEMPTS" {
				t.Errorf("the right key: %s", a.raw)
			}
			w.clock.advance(20 * time.Second)
			if a := call("reader", "GET", "/v1/candidates", ""); a.code != "OK" {
				t.Errorf("the right key, in time: %s", a.raw)
			}
			said, id := w.logs.String(), strings.Split(w.keys["reader"], "_")[1]
			for _, want := range []string{
				`"reason":"CREDENTIALS_INVALID","failures":3,`, `"reason":"TOO_MANY_ATTEMPTS","failures":5,`, `"key":"` + id + `"`,
			} {
				if !strings.Contains(said, want) {
					t.Errorf("the log does not say %s:\n%s", want, said)
				}
			}
			for _, secret := range []string{"aaaaaaaa", w.keys["reader"][20:], "127.0.0.1"} {
				if strings.Contains(said, secret) {
					t.Errorf("the log holds %s", secret)
				}
			}
			if !strings.Contains(opsGet(t, w.ops+"/metrics"), `acquis_bad_credentials_total{reason="CREDENTIALS_INVALID"} 3`) {
				t.Error("the metrics do not count bad credentials")
			}
		})
	}
}

// TestAttemptsLockNobodyOut: who is at work goes on working while others at the
// same address, as behind a proxy, try keys; other addresses are not concerned;
// and no header makes an address another.
func TestAttemptsLockNobodyOut(t *testing.T) {
	w := limited(t)
	w.newKey("reader", "READER")
	w.newKey("new", "READER")
	w.do("reader", "GET", "/v1/candidates", "")
	for range 10 {
		w.grpc(w.wrong("reader"), "GET", "/v1/candidates", "")
		w.grpc(authn.NewSecret().String(), "GET", "/v1/candidates", "", "x-forwarded-for", "10.0.0.1")
	}
	for transport, call := range w.transports() {
		if a := call("reader", "GET", "/v1/candidates", ""); a.code != "OK" {
			t.Errorf("%s: who was at work: %s", transport, a.raw)
		}
		if a := call("new", "GET", "/v1/candidates", ""); a.reason() != "TOO_MANY_ATTEMPTS" {
			t.Errorf("%s: who comes new to a busy address: %s", transport, a.raw)
		}
		if a := call("", "GET", "/v1/candidates", ""); a.reason() != "CREDENTIALS_MISSING" {
			t.Errorf("%s: who sends nothing: %s", transport, a.raw)
		}
	}
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Grpc-Metadata-X-Forwarded-For", "True-Client-Ip"} {
		if a := w.rest("new", "GET", "/v1/candidates", "", header, "for=10.0.0.9"); a.reason() != "TOO_MANY_ATTEMPTS" {
			t.Errorf("%s made another address: %s", header, a.raw)
		}
	}
	w.client = http.Client{Transport: &http.Transport{
		DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext,
	}}
	if a := w.rest("new", "GET", "/v1/candidates", ""); a.code != "OK" {
		t.Errorf("from another address: %s", a.raw)
	}
	// A key that is revoked while it is at work is refused, and counts from then on.
	w.do("admin", "POST", "/v1/keys/"+strings.Split(w.keys["reader"], "_")[1]+":revoke", "{}")
	if a := w.rest("reader", "GET", "/v1/candidates", ""); a.reason() != "KEY_REVOKED" {
		t.Errorf("revoked: %s", a.raw)
	}
	for range 3 {
		w.rest("reader", "GET", "/v1/candidates", "")
	}
	if a := w.rest("reader", "GET", "/v1/candidates", ""); a.reason() != "TOO_MANY_ATTEMPTS" {
		t.Errorf("revoked, again and again: %s", a.raw)
	}
}
