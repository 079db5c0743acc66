package authn

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/acquis-eval/acquis/server/apierr"
)

// A publisher is an issuer that answers as a test likes.
type publisher struct {
	*issuer
	now       time.Time
	discovery http.HandlerFunc // nil: as it should
	keys      http.HandlerFunc
}

func newPublisher(t *testing.T) *publisher {
	t.Helper()
	p := &publisher{now: time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)}
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		if p.discovery != nil {
			p.discovery(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": server.URL, "jwks_uri": server.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) { p.keys(w, r) })
	mux.HandleFunc("GET /elsewhere", says(set(jwk("elsewhere", edKey(), ""))))
	o := goodOIDC()
	o.Issuer, o.Client = server.URL, server.Client()
	p.issuer = newIssuer(o, slog.New(slog.DiscardHandler), func() time.Time { return p.now })
	return p
}

// says answers with a text.
func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

func set(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

// jwk is a public key with members beside those of the key, such as "use":"enc".
func jwk(kid string, key crypto.PublicKey, more string) string {
	text, err := jose.JSONWebKey{Key: key, KeyID: kid}.MarshalJSON()
	if err != nil {
		panic(err) // the keys of tests can be written
	}
	if more != "" {
		text = append(append(text[:len(text)-1], ','), more+"}"...)
	}
	return string(text)
}

func edKey() ed25519.PublicKey {
	return ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
}

func ecKey(t *testing.T, curve elliptic.Curve) *ecdsa.PublicKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	must(t, err)
	return &key.PublicKey
}

func rsaKey(t *testing.T) *rsa.PublicKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, minRSABits)
	must(t, err)
	return &key.PublicKey
}

// finds tells why no key is found; "" if one is.
func (p *publisher) finds(name, algorithm string) string {
	p.tried = p.now // so that nothing is fetched, and no test waits
	_, err := p.keysFor(context.Background(), name, algorithm)
	return apierr.ReasonOf(err)
}

// TestNoKeyIsAnAnswer: an issuer that publishes no key that fits is believed at
// the next fetch. One that cannot be reached, or answers something else than a
// set of keys, is not: its last keys hold for an hour, and no longer.
func TestNoKeyIsAnAnswer(t *testing.T) {
	good := set(jwk("a", edKey(), ""))
	redirect := func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }
	broken := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); _, _ = w.Write([]byte(set())) }
	}
	for what, c := range map[string]struct {
		discovery, keys http.HandlerFunc
		none            bool
	}{
		"an empty set":                    {nil, says(`{"keys":[]}`), true},
		"only a key for encryption":       {nil, says(set(jwk("a", edKey(), `"use":"enc"`))), true},
		"only a key that does not verify": {nil, says(set(jwk("a", edKey(), `"key_ops":["sign"]`))), true},
		"only a secret":                   {nil, says(set(`{"kty":"oct","kid":"a","k":"c2VjcmV0"}`)), true},
		"only a key of a new type":        {nil, says(set(`{"kty":"NEW","kid":"a"}`)), true},
		"another key":                     {nil, says(set(jwk("b", edKey(), ""))), true},
		"the key for another algorithm":   {nil, says(set(jwk("a", edKey(), `"alg":"ES256"`))), true},
		"a fault":                         {nil, broken(http.StatusInternalServerError), false},
		"not found":                       {nil, broken(http.StatusNotFound), false},
		"keys elsewhere":                  {nil, redirect, false},
		"HTML":                            {nil, says("<html>maintenance</html>"), false},
		"no set":                          {nil, says(`{}`), false},
		"nothing":                         {nil, says(``), false},
		"a list":                          {nil, says(`[]`), false},
		"no list of keys":                 {nil, says(`{"keys":null}`), false},
		"a huge set":                      {nil, says(`{"keys":[],"x":"` + strings.Repeat("x", maxIssuerBytes) + `"}`), false},
		"a document elsewhere":            {redirect, says(set()), false},
		"a document that is HTML":         {says("<html>"), says(set()), false},
		"a huge document":                 {says(`{"x":"` + strings.Repeat("x", maxIssuerBytes) + `"}`), says(set()), false},
		"another issuer's document":       {says(`{"issuer":"https://issuer.example","jwks_uri":"https://issuer.example/keys"}`), says(set()), false},
		"a document without keys":         {says(`{}`), says(set()), false},
	} {
		p := newPublisher(t)
		p.keys = says(good)
		must(t, p.refresh(t.Context()))
		p.now = p.now.Add(keysRefresh)
		p.discovery, p.keys = c.discovery, c.keys
		if err := p.refresh(t.Context()); (err == nil) != c.none {
			t.Errorf("%s: %v", what, err)
		}
		want := ""
		if c.none {
			want = "CREDENTIALS_INVALID"
		}
		if got := p.finds("a", "EdDSA"); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
		p.now = p.now.Add(keysMaxAge)
		if got := p.finds("a", "EdDSA"); got != "ISSUER_UNAVAILABLE" {
			t.Errorf("%s, an hour later: %q", what, got)
		}
	}
	p := newPublisher(t)
	ctx, cancel := context.WithCancel(t.Context())
	p.keys = func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() } // as at the time limit of a fetch
	if err := p.refresh(ctx); err == nil || p.finds("a", "EdDSA") != "ISSUER_UNAVAILABLE" {
		t.Errorf("an issuer that never answers: %v", err)
	}
}

// TestWhichKey: a token names its key, or names none and the issuer has only one
// that fits its algorithm.
func TestWhichKey(t *testing.T) {
	p256, p384, big := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P384()), rsaKey(t)
	for _, c := range []struct {
		what, name, algorithm string
		keys                  []string
		found                 int // 0: refused
	}{
		{"its name", "a", "EdDSA", []string{jwk("a", edKey(), ""), jwk("b", edKey(), "")}, 1},
		{"another's name", "c", "EdDSA", []string{jwk("a", edKey(), "")}, 0},
		{"no name and one key", "", "EdDSA", []string{jwk("a", edKey(), "")}, 1},
		{"no name and a key without one", "", "EdDSA", []string{jwk("", edKey(), "")}, 1},
		{"a name and a key without one", "a", "EdDSA", []string{jwk("", edKey(), "")}, 0},
		{"no name and two keys", "", "EdDSA", []string{jwk("a", edKey(), ""), jwk("b", edKey(), "")}, 0},
		{"no name and no key", "", "EdDSA", nil, 0},
		{"no name and one key of each type", "", "RS256", []string{jwk("a", edKey(), ""), jwk("b", p256, ""), jwk("c", big, "")}, 1},
		{"no name and one key for each algorithm", "", "PS256", []string{jwk("a", big, `"alg":"RS256"`), jwk("b", big, `"alg":"PS256"`)}, 1},
		{"no name and one key of each curve", "", "ES384", []string{jwk("a", p256, ""), jwk("b", p384, "")}, 1},
		{"no name and one for encryption", "", "RS256", []string{jwk("a", big, `"use":"enc"`), jwk("b", big, `"use":"sig"`)}, 1},
		{"a name that two keys have", "a", "RS256", []string{jwk("a", big, ""), jwk("a", rsaKey(t), "")}, 2},
		{"a name that two types have", "a", "ES256", []string{jwk("a", big, ""), jwk("a", p256, "")}, 1},
		{"its name, of another type", "a", "RS256", []string{jwk("a", p256, "")}, 0},
		{"its name, of another curve", "a", "ES256", []string{jwk("a", p384, "")}, 0},
		{"its name, for another algorithm", "a", "RS256", []string{jwk("a", big, `"alg":"RS512"`)}, 0},
	} {
		p := newPublisher(t)
		p.keys = says(set(c.keys...))
		must(t, p.refresh(t.Context()))
		p.tried = p.now
		keys, err := p.keysFor(t.Context(), c.name, c.algorithm)
		if len(keys) != c.found || (err == nil) != (c.found > 0) || err != nil && apierr.ReasonOf(err) != "CREDENTIALS_INVALID" {
			t.Errorf("%s: %d keys, %v", c.what, len(keys), err)
		}
	}
}

// TestAnIssuerComesBack: keys that are published again are taken again, and
// rotated ones replaced.
func TestAnIssuerComesBack(t *testing.T) {
	p := newPublisher(t)
	var found []string
	for _, keys := range []string{set(jwk("a", edKey(), "")), set(), set(jwk("b", edKey(), "")), set(jwk("b", edKey(), ""), jwk("c", edKey(), ""))} {
		p.keys = says(keys)
		must(t, p.refresh(t.Context()))
		for _, name := range []string{"a", "b", "c"} {
			if p.finds(name, "EdDSA") == "" {
				found = append(found, name)
			}
		}
		found = append(found, ";")
	}
	if !slices.Equal(found, []string{"a", ";", ";", "b", ";", "b", "c", ";"}) {
		t.Errorf("found %v", found)
	}
}
