package credential

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
)

// jsonWebKey is a public key as RFC 8037 writes it.
type jsonWebKey struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	KeyID     string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

func newJSONWebKey(public ed25519.PublicKey) jsonWebKey {
	return jsonWebKey{
		KeyType: "OKP", Curve: "Ed25519", X: base64.RawURLEncoding.EncodeToString(public),
		KeyID: keyThumbprint(public), Use: "sig", Algorithm: "EdDSA",
	}
}

// keyThumbprint names a public key (RFC 7638), so that a credential can say which
// key signed it.
func keyThumbprint(public ed25519.PublicKey) string {
	canonical := fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":%q}`, base64.RawURLEncoding.EncodeToString(public))
	sum := sha256.Sum256([]byte(canonical))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// KeySet is a JSON Web Key Set (RFC 7517) of the keys, each once.
func KeySet(keys []ed25519.PublicKey) []byte {
	var set struct {
		Keys []jsonWebKey `json:"keys"`
	}
	for _, public := range keys {
		if key := newJSONWebKey(public); !slices.Contains(set.Keys, key) {
			set.Keys = append(set.Keys, key)
		}
	}
	text, _ := json.Marshal(set) // only texts: this cannot fail
	return text
}
