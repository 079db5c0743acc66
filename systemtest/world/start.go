package world

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/acquis-eval/acquis/credential"
	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/rules/retention"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/server/admission"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/listen"
	"github.com/acquis-eval/acquis/server/services"
	"github.com/acquis-eval/acquis/server/transport"
	"github.com/acquis-eval/acquis/store"
)

// Retain sets retention periods; an empty one never ends.
func Retain(t testing.TB, identity, freeText, accommodations string) func(*server.Options) {
	t.Helper()
	var r retention.Periods
	Must(t, r.Identity.UnmarshalText([]byte(identity)))
	Must(t, r.FreeText.UnmarshalText([]byte(freeText)))
	Must(t, r.Accommodations.UnmarshalText([]byte(accommodations)))
	return func(o *server.Options) { o.Retention = r }
}

// ListenAll listens on three free ports of this machine.
func ListenAll() (l server.Listeners, err error) {
	for _, listener := range []*net.Listener{&l.GRPC, &l.HTTP, &l.Ops} {
		if *listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return l, err
		}
	}
	return l, nil
}

// Start runs a service on a store in dir until the test ends, or stop is called.
// Its signing key is the same in every run, like that of a real service.
func Start(t testing.TB, dir string, change ...func(*server.Options)) (w *World, stop func()) {
	t.Helper()
	return StartBehind(t, nil, dir, change...)
}

// StartOn runs a service whose store is wrapped. Reads and writes before the
// service starts go directly to the store.
func StartOn(t testing.TB, dir string, wrap func(store.Store) store.Store) (w *World, stop func()) {
	t.Helper()
	return Start(t, dir, func(o *server.Options) { o.Store = wrap(o.Store) })
}

// manyConnections are limits for a test whose callers all come from one address,
// some with a new connection for each call.
func manyConnections() listen.Limits {
	limits := listen.DefaultLimits
	limits.PerNetwork, limits.Openings = limits.Connections, 100_000
	return limits
}

// manyCalls sets no rate, because a test makes in a second as many calls as
// unknown callers may make in minutes.
func manyCalls() admission.Limits {
	limits := admission.DefaultLimits()
	for _, class := range []admission.Class{admission.Public, admission.Watch, admission.Refused} {
		limits.Classes[class].Network, limits.Classes[class].All = admission.Share{}, admission.Share{}
	}
	return limits
}

// StartBehind starts a service whose listeners use TLS, with clients of that
// configuration; nil: plain text.
func StartBehind(t testing.TB, doors *tls.Config, dir string, change ...func(*server.Options)) (w *World, stop func()) {
	t.Helper()
	w = &World{
		T: t, Keys: make(map[string]string), Routes: ReadRoutes(), Logs: new(Logs),
		Clock: &Clock{now: time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)},
		Send:  func(w *World, key, method, path, body string) Answer { return w.REST(key, method, path, body) },
	}
	st := OpenStore(t, dir)
	w.Store = st
	embedded, err := referentiel.Embedded()
	Must(t, err)
	first := authn.NewSecret()
	made, err := services.Bootstrap(t.Context(), st, embedded, first, w.Clock.Now())
	Must(t, err)
	if made {
		w.Keys["admin"] = first.String()
	}
	options := server.Options{
		Store: st, Log: w.Handler(), Now: w.Clock.Now,
		Issuer:  credential.Issuer{URL: "https://acquis.example", Name: "Acquis"},
		Limits:  transport.Limits{MaxRequestBytes: 1 << 20, CallTimeout: Patience, Listen: manyConnections(), Admission: manyCalls()},
		Signing: notary.Signing{Key: ed25519.NewKeyFromSeed(make([]byte, 32)), Every: time.Millisecond},
	}
	for _, change := range change {
		change(&options)
	}
	srv, err := server.New(options)
	Must(t, err)
	ls := server.Listeners{GRPC: loopback(t), HTTP: loopback(t), Ops: loopback(t)}
	w.Ops = "http://" + ls.Ops.Addr().String()
	w.dial(doors, ls.HTTP.Addr().String(), ls.GRPC.Addr().String())
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx, ls, 5*time.Second) }()
	stop = sync.OnceFunc(func() {
		_ = w.Conn.Close()
		http.DefaultClient.CloseIdleConnections()
		w.Client.CloseIdleConnections()
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := st.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(stop)
	return w, stop
}

// Handler is the handler of the service's log.
func (w *World) Handler() slog.Handler { return slog.NewJSONHandler(w.Logs, nil) }

func (w *World) dial(doors *tls.Config, rest, grpcAddress string) {
	w.T.Helper()
	w.Base = "http://" + rest
	transport := insecure.NewCredentials()
	if doors != nil {
		w.Client, w.Base = http.Client{Transport: &http.Transport{TLSClientConfig: doors, ForceAttemptHTTP2: true}}, "https://"+rest
		transport = credentials.NewTLS(doors)
	}
	var err error
	w.Conn, err = grpc.NewClient(grpcAddress, grpc.WithTransportCredentials(transport))
	Must(w.T, err)
}

func loopback(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	Must(t, err)
	return l
}
