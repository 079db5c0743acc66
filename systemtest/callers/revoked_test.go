package callers

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestRevokedAtOnce: a key is revoked while many call with it, so that the
// service has it in its cache. Every call that begins after the answer is
// refused.
func TestRevokedAtOnce(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	for range 3 {
		untilRevoked(w, func(key string) {
			w.Do("admin", "POST", key+":revoke", "{}")
		})
	}
}

// TestRevokedUnawares: the caller of the revocation left before it was durable,
// and got no answer. Every call that begins after somebody saw it in the list is
// refused.
func TestRevokedUnawares(t *testing.T) {
	w, _ := world.StartOn(t, t.TempDir(), func(s store.Store) store.Store { return leaving{s} })
	for range 5 {
		untilRevoked(w, func(key string) {
			if a := w.REST("admin", "POST", key+":revoke", "{}"); a.Code == "OK" {
				t.Error("the caller got an answer")
			}
			for !listedAsRevoked(w, strings.TrimPrefix(key, "/v1/")) {
			}
		})
	}
}

// leaving is a store whose callers leave after their revocation has run, and
// before they get its result.
type leaving struct{ store.Store }

func (s leaving) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	if act.RPC != "acquis.v1.AdminService/RevokeKey" {
		return s.Store.Update(ctx, act, fn)
	}
	ran := make(chan struct{})
	leave := sync.OnceFunc(func() { close(ran) })
	go func() {
		defer leave()
		_ = s.Store.Update(context.WithoutCancel(ctx), act, func(w store.Writer) error { // the caller has left
			defer leave()
			return fn(w)
		})
	}()
	<-ran
	return context.Canceled
}

func listedAsRevoked(w *world.World, name string) bool {
	for _, key := range world.List(w.Do("admin", "GET", "/v1/keys?pageSize=1000", ""), "keys") {
		if key["name"] == name {
			return key["revokeTime"] != nil
		}
	}
	w.T.Fatalf("%s is not listed", name)
	return false
}

// untilRevoked has 64 callers call with a new key over both transports, and
// revokes the key with revoke, which returns as soon as somebody may know about
// it.
func untilRevoked(w *world.World, revoke func(path string)) {
	w.T.Helper()
	const callers, calls = 64, 3
	w.NewKey("hammer", "READER")
	var atWork sync.WaitGroup
	var revoked atomic.Bool
	atWork.Add(callers)
	failures := make(chan error, callers)
	for i := range callers {
		call := []func(context.Context, string, string, string, string) (world.Answer, error){w.TryGRPC,
			func(ctx context.Context, key, method, path, body string) (world.Answer, error) {
				return w.TryREST(ctx, key, method, path, body)
			}}[i%2]
		go func() {
			begin := sync.OnceFunc(atWork.Done)
			defer begin()
			failures <- func() error {
				for after := 0; after < calls; begin() {
					late := revoked.Load()
					a, err := call(w.T.Context(), "hammer", "GET", "/v1/candidates", "")
					switch {
					case err != nil:
						return err
					case late && (a.Code != "UNAUTHENTICATED" || a.Reason() != "KEY_REVOKED"):
						return errors.New("after the revocation: " + a.Raw)
					case late:
						after++
					case a.Code != "OK" && a.Reason() != "KEY_REVOKED":
						return errors.New("before the revocation: " + a.Raw)
					}
				}
				return nil
			}()
		}()
	}
	atWork.Wait()
	revoke("/v1/keys/" + strings.Split(w.Keys["hammer"], "_")[1])
	revoked.Store(true)
	for range callers {
		if err := <-failures; err != nil {
			w.T.Error(err)
		}
	}
}

// TestExpiredAtWork: a key that is in use and cached expires too.
func TestExpiredAtWork(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKeyOf("short", `{"subject":"short","roles":["READER"],"expireTime":"`+w.Clock.Now().Add(time.Hour).Format(time.RFC3339)+`"}`)
	for name, call := range w.Transports() {
		if a := call("short", "GET", "/v1/candidates", ""); a.Code != "OK" {
			t.Errorf("%s, in time: %s", name, a.Raw)
		}
	}
	w.Clock.Advance(time.Hour)
	for name, call := range w.Transports() {
		if a := call("short", "GET", "/v1/candidates", ""); a.Reason() != "KEY_EXPIRED" {
			t.Errorf("%s, too late: %s", name, a.Raw)
		}
	}
}
