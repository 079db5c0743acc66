package callers

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// An issuer is a real OIDC issuer on loopback, over TLS: its discovery document,
// its keys, and the tokens that it signs.
type issuer struct {
	t    testing.TB
	http *httptest.Server

	mu      sync.Mutex
	keys    map[string]crypto.Signer // published, by kid
	down    bool
	fetches int // of the keys
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	i := &issuer{t: t, keys: map[string]crypto.Signer{"rsa": world.RSAKey(t), "ec": world.ECKey(t), "ed": world.EdKey(t)}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i.write(w, map[string]string{"issuer": i.http.URL, "jwks_uri": i.http.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		i.fetches++
		i.mu.Unlock()
		i.write(w, i.published())
	})
	i.http = httptest.NewTLSServer(mux)
	t.Cleanup(i.http.Close)
	return i
}

func (i *issuer) write(w http.ResponseWriter, document any) {
	i.mu.Lock()
	down := i.down
	i.mu.Unlock()
	if down {
		http.Error(w, "down", http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document)
}

// published has, besides the signing keys, what issuers also publish: a key for
// another purpose, and one of an unknown type.
func (i *issuer) published() any {
	i.mu.Lock()
	defer i.mu.Unlock()
	keys := []any{
		map[string]string{"kty": "FUTURE", "kid": "future"},
		map[string]string{"kty": "oct", "kid": "oct", "k": base64Text(publishedSecret)},
		jose.JSONWebKey{Key: encryptionKey().Public(), KeyID: "enc", Use: "enc"},
	}
	for kid, key := range i.keys {
		keys = append(keys, jose.JSONWebKey{Key: key.Public(), KeyID: kid, Use: "sig"})
	}
	return map[string]any{"keys": keys}
}

// publishedSecret is published by mistake, as a key for HS256.
const publishedSecret = "a secret of at least 32 bytes in length"

// encryptionKey is published, but not for signatures.
func encryptionKey() crypto.Signer { return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) }

func (i *issuer) publish(keys map[string]crypto.Signer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = keys
}

func (i *issuer) setDown(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

func (i *issuer) fetched() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetches
}

// trust is a configuration that accepts this issuer's tokens.
func (i *issuer) trust(o *server.Options) {
	o.OIDC = &authn.OIDC{
		Issuer: i.http.URL, Audience: "acquis", SubjectClaim: "sub", SubjectPrefix: "oidc:",
		RolesClaim: "realm.groups", Roles: map[string][]acquispb.Role_Enum{
			"office": {acquispb.Role_REGISTRAR, acquispb.Role_READER}, "it": {acquispb.Role_ADMIN}, "control": {acquispb.Role_AUDITOR},
			"jury": {acquispb.Role_JURY}, "health": {acquispb.Role_DISABILITY_ADVISOR}, "teach": {acquispb.Role_ASSESSOR},
		},
		Algorithms: []string{"RS256", "ES256", "EdDSA"}, ClockSkew: 30 * time.Second, Client: i.http.Client(),
	}
}

// claims are those of a valid token of the registrar's office, with changes; nil
// removes one.
func (i *issuer) claims(now time.Time, changed map[string]any) map[string]any {
	claims := map[string]any{
		"iss": i.http.URL, "aud": []string{"other", "acquis"}, "sub": "Zorro", "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(),
		"realm": map[string]any{"groups": []string{"staff", "office"}},
	}
	maps.Copy(claims, changed)
	maps.DeleteFunc(claims, func(_ string, claim any) bool { return claim == nil })
	return claims
}

// token signs claims with one of the issuer's keys.
func (i *issuer) token(kid string, claims map[string]any) string {
	i.t.Helper()
	i.mu.Lock()
	key := i.keys[kid]
	i.mu.Unlock()
	return sign(i.t, key, kid, "JWT", claims)
}

// sign makes a token with the algorithm of the key.
func sign(t testing.TB, key any, kid, kind string, claims map[string]any) string {
	t.Helper()
	algorithm := jose.HS256
	switch key.(type) {
	case *rsa.PrivateKey:
		algorithm = jose.RS256
	case *ecdsa.PrivateKey:
		algorithm = jose.ES256
	case ed25519.PrivateKey:
		algorithm = jose.EdDSA
	}
	options := (&jose.SignerOptions{}).WithHeader("kid", kid).WithType(jose.ContentType(kind))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	world.Must(t, err)
	payload, err := json.Marshal(claims)
	world.Must(t, err)
	signed, err := signer.Sign(payload)
	world.Must(t, err)
	text, err := signed.CompactSerialize()
	world.Must(t, err)
	return text
}
