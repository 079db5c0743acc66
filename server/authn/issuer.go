package authn

import (
	"context"
	"crypto"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"google.golang.org/grpc/codes"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// issuer has the public keys of an OIDC issuer. One goroutine fetches them: at
// the start, every keysRefresh, and when a token names an unknown key, as after
// a rotation; but never more often than every fetchPause, so that forged names
// cannot make us flood the issuer. A key that the issuer no longer publishes is
// gone after the next fetch, also if it was the last one: no key is an answer.
//
// While the issuer cannot be reached, or what it answers is no set of keys, the
// last keys are used for keysMaxAge. Without keys, tokens are refused; API keys
// never depend on the issuer.
type issuer struct {
	url    string
	client *http.Client
	log    *slog.Logger
	now    func() time.Time
	wake   chan struct{} // requests a fetch from run; has room for one

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time     // when keys were fetched; zero: never
	tried   time.Time     // when that was last tried
	under   chan struct{} // closed when the fetch that is asked for, or under way, has ended; else nil
}

const (
	keysRefresh    = 5 * time.Minute
	keysMaxAge     = time.Hour
	fetchPause     = 10 * time.Second
	fetchTimeout   = 5 * time.Second
	maxFetchPause  = time.Minute // between tries while the issuer does not answer
	maxIssuerBytes = 1 << 20
)

func newIssuer(o OIDC, log *slog.Logger, now func() time.Time) *issuer {
	client := new(http.Client)
	if o.Client != nil {
		*client = *o.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Transport = limitedTransport{client.Transport}
	return &issuer{url: o.Issuer, client: client, log: log, now: now, wake: make(chan struct{}, 1)}
}

// limitedTransport limits the size of the issuer's answers, which the library
// reads completely.
type limitedTransport struct{ next http.RoundTripper }

func (l limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	next := l.next
	if next == nil {
		next = http.DefaultTransport
	}
	answer, err := next.RoundTrip(r)
	if err == nil {
		answer.Body = http.MaxBytesReader(nil, answer.Body, maxIssuerBytes)
	}
	return answer, err
}

// checkIssuerURL refuses an issuer that others could impersonate.
func checkIssuerURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("%q is not the URL of an issuer", text)
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("the issuer's URL %s must begin with https: otherwise anybody on the network path could forge tokens", text)
}

// checkKeysURL refuses a URL of keys that is less safe than the issuer itself.
func (i *issuer) checkKeysURL(text string) error {
	u, err := url.Parse(text)
	plain := strings.HasPrefix(i.url, "http:")
	if err == nil && (u.Scheme == "https" || plain && u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil
	}
	return fmt.Errorf("the issuer publishes its keys at %q, which does not begin with https", text)
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// run fetches until ctx ends.
func (i *issuer) run(ctx context.Context) {
	pause := time.Second
	for timer := time.NewTimer(0); ; {
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-i.wake:
		}
		err := i.refresh(ctx)
		switch {
		case err == nil:
			pause = time.Second
			timer.Reset(keysRefresh)
		case ctx.Err() == nil:
			i.log.WarnContext(ctx, "could not fetch the issuer's keys", "issuer", i.url, "error", firstPart(err), "retry_in", pause.String())
			timer.Reset(pause)
			pause = min(2*pause, maxFetchPause)
		}
	}
}

// firstPart limits how much of an issuer's answer gets into the log.
func firstPart(err error) string {
	text := []rune(err.Error())
	return string(text[:min(len(text), 300)])
}

// refresh fetches the keys and wakes those who wait for them.
func (i *issuer) refresh(ctx context.Context) error {
	i.mu.Lock()
	if i.under == nil {
		i.under = make(chan struct{})
	}
	i.tried = i.now()
	i.mu.Unlock()
	keys, err := i.fetch(ctx)
	i.mu.Lock()
	defer i.mu.Unlock()
	if err == nil {
		i.tell(ctx, len(keys))
		i.keys, i.fetched = keys, i.now()
	}
	select {
	case <-i.wake: // requested what has just been done
	default:
	}
	close(i.under)
	i.under = nil
	return err
}

// tell logs what was fetched if it says something new.
func (i *issuer) tell(ctx context.Context, keys int) {
	switch first := i.fetched.IsZero(); {
	case keys == 0 && (first || len(i.keys) > 0):
		i.log.WarnContext(ctx, "the issuer publishes no key that can verify signatures: all tokens are refused", "issuer", i.url)
	case keys > 0 && (first || len(i.keys) == 0):
		i.log.InfoContext(ctx, "fetched the issuer's keys", "issuer", i.url, "keys", keys)
	}
}

// fetch discovers the URL of the keys, which may change too, and gets them.
func (i *issuer) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, i.client), i.url)
	if err != nil {
		return nil, err
	}
	var document struct {
		KeysURL string `json:"jwks_uri"`
	}
	if err := provider.Claims(&document); err != nil {
		return nil, err
	}
	if err := i.checkKeysURL(document.KeysURL); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, document.KeysURL, nil)
	if err != nil {
		return nil, err
	}
	answer, err := i.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", document.KeysURL, answer.Status)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	return readKeys(body)
}

// keysFor returns the keys of that name for that algorithm; without a name the
// one key that fits the algorithm. If there are none, it waits for a fetch, if
// one is due.
func (i *issuer) keysFor(ctx context.Context, name, algorithm string) ([]crypto.PublicKey, error) {
	keys, fresh, under := i.look(name, algorithm)
	if (len(keys) == 0 || !fresh) && under != nil {
		patience := time.NewTimer(2 * fetchTimeout)
		defer patience.Stop()
		select {
		case <-under:
		case <-patience.C: // the service is stopping
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		keys, fresh, _ = i.look(name, algorithm)
	}
	switch {
	case !fresh:
		return nil, apierr.New(codes.Unavailable, acquispb.ErrorReason_ISSUER_UNAVAILABLE, "tokens cannot be checked now; try again later")
	case len(keys) == 0, name == "" && len(keys) > 1: // trying several would accept what the issuer signed with any of them
		return nil, invalidCredentials()
	}
	return keys, nil
}

// look returns the keys that keysFor is about, whether they are recent enough,
// and what to wait for if they are not what the caller wants.
func (i *issuer) look(name, algorithm string) (keys []crypto.PublicKey, fresh bool, under <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, key := range i.keys {
		if (name == "" || key.KeyID == name) && fits(key, algorithm) {
			keys = append(keys, key.Key)
		}
	}
	now := i.now()
	fresh = !i.fetched.IsZero() && now.Sub(i.fetched) < keysMaxAge
	if (len(keys) == 0 || !fresh) && i.under == nil && now.Sub(i.tried) >= fetchPause {
		i.under = make(chan struct{})
		i.wake <- struct{}{} // it has room: under was nil, and refresh empties it before it makes it so
	}
	return keys, fresh, i.under
}
