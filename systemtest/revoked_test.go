package systemtest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/store"
)

// TestRevokedAtOnce: while many call with a key, so that the service need not read
// it anew, it is revoked. Whatever begins after that was answered is refused.
func TestRevokedAtOnce(t *testing.T) {
	w, _ := start(t, t.TempDir())
	for range 3 {
		w.untilRevoked(func(key string) {
			w.do("admin", "POST", key+":revoke", "{}")
		})
	}
}

// TestRevokedUnawares: the revocation's caller has left before it was durable, and
// was told nothing. Whatever begins after anybody saw it in the list is refused.
func TestRevokedUnawares(t *testing.T) {
	w, _ := startOn(t, t.TempDir(), func(s store.Store) store.Store { return leaving{s} })
	for range 5 {
		w.untilRevoked(func(key string) {
			if a := w.rest("admin", "POST", key+":revoke", "{}"); a.code == "OK" {
				t.Error("the caller was told")
			}
			for !w.listedAsRevoked(strings.TrimPrefix(key, "/v1/")) {
			}
		})
	}
}

// leaving is a store whose callers leave once their revocation has been run, and
// before they are told what came of it.
type leaving struct{ store.Store }

func (s leaving) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	if act.RPC != "acquis.v1.AdminService/RevokeKey" {
		return s.Store.Update(ctx, act, fn)
	}
	ran := make(chan struct{})
	leave := sync.OnceFunc(func() { close(ran) })
	go func() {
		defer leave()
		_ = s.Store.Update(context.WithoutCancel(ctx), act, func(w store.Writer) error { // nobody is left to be told
			defer leave()
			return fn(w)
		})
	}()
	<-ran
	return context.Canceled
}

func (w *world) listedAsRevoked(name string) bool {
	for _, key := range list(w.do("admin", "GET", "/v1/keys?pageSize=1000", ""), "keys") {
		if key["name"] == name {
			return key["revokeTime"] != nil
		}
	}
	w.t.Fatalf("%s is not listed", name)
	return false
}

// untilRevoked has 64 callers call with a new key over both transports. It
// revokes the key by revoke, which returns once anybody may know.
func (w *world) untilRevoked(revoke func(path string)) {
	w.t.Helper()
	const callers, calls = 64, 3
	w.newKey("hammer", "READER")
	var atWork sync.WaitGroup
	var revoked atomic.Bool
	atWork.Add(callers)
	failures := make(chan error, callers)
	for i := range callers {
		call := []func(context.Context, string, string, string, string) (answer, error){w.tryGRPC,
			func(ctx context.Context, key, method, path, body string) (answer, error) {
				return w.tryREST(ctx, key, method, path, body)
			}}[i%2]
		go func() {
			begin := sync.OnceFunc(atWork.Done)
			defer begin()
			failures <- func() error {
				for after := 0; after < calls; begin() {
					late := revoked.Load()
					a, err := call(w.t.Context(), "hammer", "GET", "/v1/candidates", "")
					switch {
					case err != nil:
						return err
					case late && (a.code != "UNAUTHENTICATED" || a.reason() != "KEY_REVOKED"):
						return errors.New("after the revocation: " + a.raw)
					case late:
						after++
					case a.code != "OK" && a.reason() != "KEY_REVOKED":
						return errors.New("before the revocation: " + a.raw)
					}
				}
				return nil
			}()
		}()
	}
	atWork.Wait()
	revoke("/v1/keys/" + strings.Split(w.keys["hammer"], "_")[1])
	revoked.Store(true)
	for range callers {
		if err := <-failures; err != nil {
			w.t.Error(err)
		}
	}
}

// TestExpiredAtWork: the time of a key that is at work, and need not be read
// anew, is up all the same.
func TestExpiredAtWork(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.newKeyOf("short", `{"subject":"short","roles":["READER"],"expireTime":"`+w.clock.Now().Add(time.Hour).Format(time.RFC3339)+`"}`)
	for name, call := range w.transports() {
		if a := call("short", "GET", "/v1/candidates", ""); a.code != "OK" {
			t.Errorf("%s, in time: %s", name, a.raw)
		}
	}
	w.clock.advance(time.Hour)
	for name, call := range w.transports() {
		if a := call("short", "GET", "/v1/candidates", ""); a.reason() != "KEY_EXPIRED" {
			t.Errorf("%s, too late: %s", name, a.raw)
		}
	}
}
