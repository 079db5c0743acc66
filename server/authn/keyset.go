package authn

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Sizes of RSA keys that are accepted. Checking a signature by a much larger one
// would take seconds.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// readKeys takes the keys of a set that can verify signatures, and ignores
// others: issuers also publish keys for other purposes and of newer types. None
// is an answer too; what is no set of keys is an error.
func readKeys(body []byte) (keys []jose.JSONWebKey, err error) {
	var set struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("the issuer's keys are not JSON: %w", err)
	}
	if set.Keys == nil {
		return nil, errors.New("the issuer's keys have no list keys")
	}
	for _, raw := range *set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) == nil && isForSignatures(key, raw) && isStrong(key.Key) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// isForSignatures tells whether a key is not kept for another purpose.
func isForSignatures(key jose.JSONWebKey, raw json.RawMessage) bool {
	var purpose struct {
		Operations []string `json:"key_ops"`
	}
	if json.Unmarshal(raw, &purpose) != nil || key.Use != "" && key.Use != "sig" {
		return false
	}
	return purpose.Operations == nil || slices.Contains(purpose.Operations, "verify")
}

// isStrong accepts public keys only, so that a secret published by mistake
// cannot be used.
func isStrong(key any) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen() >= minRSABits && key.N.BitLen() <= maxRSABits
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}

// fits tells whether a key can verify signatures of an algorithm: by its type,
// and by its own algorithm if it has one.
func fits(key jose.JSONWebKey, algorithm string) bool {
	if key.Algorithm != "" && key.Algorithm != algorithm {
		return false
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")
	case *ecdsa.PublicKey:
		return public.Curve == curveOf(algorithm)
	case ed25519.PublicKey:
		return algorithm == string(jose.EdDSA)
	}
	return false
}

func curveOf(algorithm string) elliptic.Curve {
	switch jose.SignatureAlgorithm(algorithm) {
	case jose.ES256:
		return elliptic.P256()
	case jose.ES384:
		return elliptic.P384()
	case jose.ES512:
		return elliptic.P521()
	}
	return nil
}
