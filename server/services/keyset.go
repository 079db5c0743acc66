package services

import (
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

func newJSONWebKey(public []byte) jsonWebKey {
	return jsonWebKey{
		KeyType: "OKP", Curve: "Ed25519", X: base64.RawURLEncoding.EncodeToString(public),
		KeyID: keyThumbprint(public), Use: "sig", Algorithm: "EdDSA",
	}
}

// keyThumbprint names a public key (RFC 7638), so that a credential can say
// which one signed it.
func keyThumbprint(public []byte) string {
	canonical := fmt.Sprintf(`{"crv":"Ed25519","kty":"OKP","x":%q}`, base64.RawURLEncoding.EncodeToString(public))
	sum := sha256.Sum256([]byte(canonical))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// keySet lists every key that signs or signed here. Caches keep it for a short while
// only: a new key is to be known soon.
func (s *signer) keySet() []byte {
	var set struct {
		Keys []jsonWebKey `json:"keys"`
	}
	for _, known := range s.known {
		key := newJSONWebKey(known.GetPublicKey())
		if !slices.Contains(set.Keys, key) { // it may have signed under two names
			set.Keys = append(set.Keys, key)
		}
	}
	text, _ := json.Marshal(set) // texts alone: it cannot fail
	return text
}
