package callers

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestTokens: a token lets its bearer do what its roles admit, over both
// transports, under a subject that no key has by accident.
func TestTokens(t *testing.T) {
	i := newIssuer(t)
	w, _ := world.Start(t, t.TempDir(), i.trust)
	w.NewKey("auditor", "AUDITOR")
	now := w.Clock.Now()
	for n, kid := range []string{"rsa", "ec", "ed"} {
		for name, call := range w.Transports() {
			token := i.token(kid, i.claims(now, nil))
			id := fmt.Sprintf("c-%d-%s", n, strings.ToLower(name))
			a := call(token, "POST", "/v1/candidates?candidateId="+id, `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
			if a.Code != "OK" {
				t.Fatalf("%s over %s: %s", kid, name, a.Raw)
			}
			journal := w.Journal()
			if actor := journal[len(journal)-1]["actor"]; actor != "oidc:Zorro" {
				t.Errorf("the journal names %v", actor)
			}
			if a := call(token, "GET", "/v1/keys", ""); a.Code != "PERMISSION_DENIED" {
				t.Errorf("the office reads keys: %s", a.Raw)
			}
		}
	}
	if said := w.Logs.String(); !strings.Contains(said, `"issuer":"`+i.http.URL+`"`) || strings.Contains(said, "Zorro") || strings.Contains(said, "eyJ") {
		t.Errorf("the log does not name the issuer, or contains more of the token:\n%s", said)
	}
}

// TestRolesOfTokens: exactly the configured claims give roles.
func TestRolesOfTokens(t *testing.T) {
	i := newIssuer(t)
	w, _ := world.Start(t, t.TempDir(), i.trust)
	groups := func(groups any) map[string]any { return map[string]any{"realm": map[string]any{"groups": groups}} }
	for name, c := range map[string]struct {
		claims     map[string]any
		candidates string // whether it may list them
		keys       string
	}{
		"one of a list":               {groups([]string{"x", "office"}), "OK", "PERMISSION_DENIED"},
		"one text":                    {groups("it"), "PERMISSION_DENIED", "OK"},
		"both":                        {groups([]string{"office", "it", "it"}), "OK", "OK"},
		"a name that maps to nothing": {groups([]string{"ADMIN", "admin", "office2"}), "PERMISSION_DENIED", "PERMISSION_DENIED"},
		"the claim's whole name":      {map[string]any{"realm": nil, "realm.groups": []string{"it"}}, "PERMISSION_DENIED", "OK"},
		"another claim":               {map[string]any{"realm": nil, "groups": []string{"it"}, "roles": []string{"ADMIN"}}, "PERMISSION_DENIED", "PERMISSION_DENIED"},
		"numbers and objects":         {groups([]any{1, map[string]any{"it": "it"}, nil}), "PERMISSION_DENIED", "PERMISSION_DENIED"},
		"no list":                     {groups(map[string]any{"it": true}), "PERMISSION_DENIED", "PERMISSION_DENIED"},
		"not nested":                  {map[string]any{"realm": "it"}, "PERMISSION_DENIED", "PERMISSION_DENIED"},
	} {
		token := i.token("ed", i.claims(w.Clock.Now(), c.claims))
		for transport, call := range w.Transports() {
			if a := call(token, "GET", "/v1/candidates", ""); a.Code != c.candidates {
				t.Errorf("%s over %s: candidates: %s", name, transport, a.Raw)
			}
			if a := call(token, "GET", "/v1/keys", ""); a.Code != c.keys {
				t.Errorf("%s over %s: keys: %s", name, transport, a.Raw)
			}
		}
	}
}

// badTokens are tokens of the issuer, or like them, that must be refused.
func badTokens(t *testing.T, i *issuer, now time.Time) map[string]string {
	with := func(name string, value any) string { return i.token("rsa", i.claims(now, map[string]any{name: value})) }
	good := i.claims(now, nil)
	parts := strings.Split(i.token("rsa", good), ".")
	payload := func(claims map[string]any) string { text, _ := json.Marshal(claims); return base64Text(string(text)) }
	der, err := x509.MarshalPKIXPublicKey(i.keys["rsa"].Public())
	world.Must(t, err)
	return map[string]string{
		"not yet valid":                            with("nbf", now.Add(time.Hour).Unix()),
		"issued in the future":                     with("iat", now.Add(time.Hour).Unix()),
		"without an end":                           with("exp", nil),
		"an end that is no time":                   with("exp", "tomorrow"),
		"another issuer":                           with("iss", "https://issuer.example"),
		"without an issuer":                        with("iss", nil),
		"another audience":                         with("aud", "other"),
		"without an audience":                      with("aud", nil),
		"without a subject":                        with("sub", nil),
		"an empty subject":                         with("sub", ""),
		"a subject that is a number":               with("sub", 7),
		"a subject with a line feed":               with("sub", "a\nb"),
		"a subject too long":                       with("sub", strings.Repeat("a", 124)),
		"alg none":                                 base64Text(`{"alg":"none","kid":"rsa"}`) + "." + parts[1] + ".",
		"alg none, signed":                         base64Text(`{"alg":"none","kid":"rsa"}`) + "." + parts[1] + "." + parts[2],
		"alg NONE":                                 base64Text(`{"alg":"NONE"}`) + "." + parts[1] + ".",
		"HS256 with the public key":                sign(t, der, "rsa", "JWT", good),
		"HS256 with the secret that was published": sign(t, []byte(publishedSecret), "oct", "JWT", good),
		"an algorithm that is not allowed":         base64Text(`{"alg":"PS256","kid":"rsa"}`) + "." + parts[1] + "." + parts[2],
		"unknown kid":                              sign(t, i.keys["rsa"], "another", "JWT", good),
		"no kid, by another's key":                 sign(t, world.RSAKey(t), "", "JWT", good),
		"signed by another":                        sign(t, world.RSAKey(t), "rsa", "JWT", good),
		"the kid of another key":                   sign(t, i.keys["ed"], "ec", "JWT", good),
		"a key for encryption":                     sign(t, encryptionKey(), "enc", "JWT", good),
		"a token of another kind":                  sign(t, i.keys["rsa"], "rsa", "logout+jwt", good),
		"tampered with":                            parts[0] + "." + payload(i.claims(now, map[string]any{"realm": map[string]any{"groups": "it"}})) + "." + parts[2],
		"without its signature":                    parts[0] + "." + parts[1] + ".",
		"cut":                                      strings.Join(parts, ".")[:200],
		"two tokens":                               strings.Join(parts, ".") + " " + strings.Join(parts, "."),
		"in JSON":                                  `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"too large":                                with("more", strings.Repeat("x", 8<<10)),
		"a key of its own":                         signWithOwnKey(t, good),
	}
}

// TestRefusedTokens: a token with any fault is refused over both transports, and
// only the bearer of a valid token that has expired learns why.
func TestRefusedTokens(t *testing.T) {
	i := newIssuer(t)
	w, _ := world.Start(t, t.TempDir(), i.trust)
	now := w.Clock.Now()
	good := i.claims(now, nil)
	refused := badTokens(t, i, now)

	for name, token := range refused {
		for transport, call := range w.Transports() {
			a := call(token, "GET", "/v1/candidates", "")
			if a.Code != "UNAUTHENTICATED" || world.Get(a.Body, "details", 0, "reason") != "CREDENTIALS_INVALID" {
				t.Errorf("%s over %s: %s", name, transport, a.Raw)
			}
		}
	}
	for transport, call := range w.Transports() {
		a := call(i.token("rsa", i.claims(now, map[string]any{"exp": now.Add(-time.Hour).Unix()})), "GET", "/v1/candidates", "")
		if a.Code != "UNAUTHENTICATED" || world.Get(a.Body, "details", 0, "reason") != "TOKEN_EXPIRED" {
			t.Errorf("expired over %s: %s", transport, a.Raw)
		}
		forged := sign(t, world.RSAKey(t), "rsa", "JWT", i.claims(now, map[string]any{"exp": 1}))
		if a := call(forged, "GET", "/v1/candidates", ""); world.Get(a.Body, "details", 0, "reason") != "CREDENTIALS_INVALID" {
			t.Errorf("expired and forged over %s: %s", transport, a.Raw)
		}
		for _, token := range []string{i.token("rsa", good), sign(t, i.keys["rsa"], "", "JWT", good)} {
			if a := call(token, "GET", "/v1/candidates", ""); a.Code != "OK" {
				t.Errorf("a good one, with or without kid, over %s: %s", transport, a.Raw)
			}
		}
	}
	if said := w.Logs.String(); strings.Contains(said, "eyJ") || strings.Contains(said, "Zorro") {
		t.Error("the log contains tokens, or their claims")
	}
	t.Logf("%d bad tokens over two transports", len(refused)+2)
}

// signWithOwnKey makes a token that brings the key to check it with.
func signWithOwnKey(t *testing.T, claims map[string]any) string {
	t.Helper()
	options := &jose.SignerOptions{EmbedJWK: true}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: world.EdKey(t)}, options)
	world.Must(t, err)
	payload, err := json.Marshal(claims)
	world.Must(t, err)
	signed, err := signer.Sign(payload)
	world.Must(t, err)
	text, err := signed.CompactSerialize()
	world.Must(t, err)
	return text
}

func base64Text(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// TestKeyRotation: a new key is found when a token names it; a key that the
// issuer no longer publishes is dropped at the same time, or after an hour at the
// latest.
func TestKeyRotation(t *testing.T) {
	i := newIssuer(t)
	w, _ := world.Start(t, t.TempDir(), i.trust)
	old, lost := i.keys["rsa"], i.keys["ec"]
	token := func(kid string, key crypto.Signer) string {
		return sign(t, key, kid, "JWT", i.claims(w.Clock.Now(), nil))
	}
	calls := func(kid string, key crypto.Signer, want string) {
		t.Helper()
		if a := w.REST(token(kid, key), "GET", "/v1/candidates", ""); a.Code != want {
			t.Errorf("key %s: %s", kid, a.Raw)
		}
	}
	calls("rsa", old, "OK")
	calls("ec", lost, "OK")
	next := world.EdKey(t)
	i.publish(map[string]crypto.Signer{"next": next, "ec": lost})
	calls("rsa", old, "OK") // the service does not know yet that it was removed
	w.Clock.Advance(time.Minute)
	calls("next", next, "OK")
	calls("rsa", old, "UNAUTHENTICATED")
	calls("ec", lost, "OK")
	i.publish(map[string]crypto.Signer{"next": next})
	w.Clock.Advance(time.Hour)
	calls("ec", lost, "UNAUTHENTICATED")
	calls("next", next, "OK")
	i.publish(nil)
	w.Clock.Advance(time.Minute)
	calls("unknown", next, "UNAUTHENTICATED") // because of which keys are fetched: there is none any more
	calls("next", next, "UNAUTHENTICATED")
	i.publish(map[string]crypto.Signer{"next": next})
	w.Clock.Advance(time.Minute)
	calls("next", next, "OK")
	// A key under a known id that is not the published one is refused.
	calls("next", world.EdKey(t), "UNAUTHENTICATED")
}

// TestUnknownKeysDoNotHammer: tokens with made-up keys cause at most one fetch
// per interval, and valid tokens do not wait for it.
func TestUnknownKeysDoNotHammer(t *testing.T) {
	i := newIssuer(t)
	w, _ := world.Start(t, t.TempDir(), i.trust)
	good := i.token("ed", i.claims(w.Clock.Now(), nil))
	for n := range 100 {
		forged := sign(t, world.EdKey(t), fmt.Sprint("k", n), "JWT", i.claims(w.Clock.Now(), nil))
		if a := w.GRPC(forged, "GET", "/v1/candidates", ""); a.Code != "UNAUTHENTICATED" {
			t.Fatal(a.Raw)
		}
		if a := w.GRPC(good, "GET", "/v1/candidates", ""); a.Code != "OK" {
			t.Fatal(a.Raw)
		}
	}
	// The clock advances by a millisecond each time it is read, which is less
	// than the interval.
	if got := i.fetched(); got > 2 {
		t.Errorf("the keys were fetched %d times", got)
	}
}

// TestIssuerDown: without its issuer the service starts, keys work, and tokens
// are refused with a reason; when the issuer is available they are accepted, and
// stay so for an hour after it has gone again.
func TestIssuerDown(t *testing.T) {
	i := newIssuer(t)
	i.setDown(true)
	w, _ := world.Start(t, t.TempDir(), i.trust)
	for transport, call := range w.Transports() {
		token := i.token("ed", i.claims(w.Clock.Now(), nil))
		if a := call(token, "GET", "/v1/candidates", ""); a.Code != "UNAVAILABLE" || world.Get(a.Body, "details", 0, "reason") != "ISSUER_UNAVAILABLE" {
			t.Errorf("%s: %s", transport, a.Raw)
		}
		if a := call("admin", "GET", "/v1/keys", ""); a.Code != "OK" {
			t.Errorf("%s: a key while the issuer is down: %s", transport, a.Raw)
		}
	}
	for !strings.Contains(w.Logs.String(), "could not fetch the issuer's keys") { // logged after the calls were answered
		if t.Context().Err() != nil {
			t.Fatal("the log does not say that the issuer is down")
		}
		time.Sleep(time.Millisecond)
	}
	i.setDown(false)
	for _, c := range []struct {
		after time.Duration
		down  bool
		want  string
	}{{time.Minute, false, "OK"}, {30 * time.Minute, true, "OK"}, {31 * time.Minute, true, "UNAVAILABLE"}, {time.Minute, false, "OK"}} {
		i.setDown(c.down)
		w.Clock.Advance(c.after)
		if a := w.REST(i.token("ed", i.claims(w.Clock.Now(), nil)), "GET", "/v1/candidates", ""); a.Code != c.want {
			t.Errorf("%v later, down %v: %s", c.after, c.down, a.Raw)
		}
	}
}

// TestClockSkew: a token is valid from its beginning to its end, extended by the
// skew on either side.
func TestClockSkew(t *testing.T) {
	i := newIssuer(t)
	w, _ := world.Start(t, t.TempDir(), i.trust) // the skew is 30 s
	for _, c := range []struct {
		claim string
		after time.Duration
		want  string
	}{
		{"exp", -28 * time.Second, "OK"}, {"exp", -30 * time.Second, "TOKEN_EXPIRED"},
		{"nbf", 30 * time.Second, "OK"}, {"nbf", 32 * time.Second, "CREDENTIALS_INVALID"},
		{"iat", 30 * time.Second, "OK"}, {"iat", 32 * time.Second, "CREDENTIALS_INVALID"},
	} {
		now := w.Clock.Now()
		a := w.GRPC(i.token("ed", i.claims(now, map[string]any{c.claim: now.Add(c.after).Unix()})), "GET", "/v1/candidates", "")
		if got, _ := world.Get(a.Body, "details", 0, "reason").(string); got != c.want && (c.want != "OK" || a.Code != "OK") {
			t.Errorf("%s %v: %s", c.claim, c.after, a.Raw)
		}
	}
}

// TestCentreOfTokens: if a claim for the centre is configured, a token must have
// it, and a caller of one centre is never an administrator, even if their groups
// say so.
func TestCentreOfTokens(t *testing.T) {
	i := newIssuer(t)
	w, _ := world.Start(t, t.TempDir(), func(o *server.Options) {
		i.trust(o)
		o.OIDC.CentreClaim = "site"
	})
	for _, c := range []struct {
		site             any
		candidates, keys string
	}{
		{"LYON", "OK", "PERMISSION_DENIED"}, {"*", "OK", "OK"},
		{nil, "UNAUTHENTICATED", "UNAUTHENTICATED"}, {"", "UNAUTHENTICATED", "UNAUTHENTICATED"},
		{"a b", "UNAUTHENTICATED", "UNAUTHENTICATED"}, {[]string{"*"}, "UNAUTHENTICATED", "UNAUTHENTICATED"},
	} {
		token := i.token("ed", i.claims(w.Clock.Now(), map[string]any{
			"site": c.site, "realm": map[string]any{"groups": []string{"office", "it"}},
		}))
		candidates, keys := w.REST(token, "GET", "/v1/candidates", ""), w.GRPC(token, "GET", "/v1/keys", "")
		if candidates.Code != c.candidates || keys.Code != c.keys {
			t.Errorf("site %v: %s %s", c.site, candidates.Raw, keys.Raw)
		}
	}
}

// TestTokenRaisesNobody: an administrator by token cannot create a key for their
// own subject, and a token with the name of a key's subject is another subject.
func TestTokenRaisesNobody(t *testing.T) {
	i := newIssuer(t)
	w, _ := world.Start(t, t.TempDir(), i.trust)
	it := map[string]any{"groups": "it"}
	for transport, call := range w.Transports() {
		token := i.token("ed", i.claims(w.Clock.Now(), map[string]any{"realm": it}))
		if a := call(token, "POST", "/v1/keys", `{"subject":"oidc:Zorro","roles":["REGISTRAR"]}`); world.Get(a.Body, "details", 0, "reason") != "OWN_SUBJECT" {
			t.Errorf("%s: their own subject: %s", transport, a.Raw)
		}
		a := call(i.token("ed", i.claims(w.Clock.Now(), map[string]any{"sub": "admin", "realm": it})), "POST", "/v1/keys", `{"subject":"reader-`+strings.ToLower(transport)+`","roles":["READER"]}`)
		if world.Get(a.Body, "key", "creator") != "oidc:admin" {
			t.Errorf("%s: made by %s", transport, a.Raw)
		}
		delegate := call(i.token("ed", i.claims(w.Clock.Now(), map[string]any{"delegate": true, "roles": []string{"ADMIN"}})), "GET", "/v1/keys", "")
		if delegate.Code != "PERMISSION_DENIED" {
			t.Errorf("%s: %s", transport, delegate.Raw)
		}
	}
}
