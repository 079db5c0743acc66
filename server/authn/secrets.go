package authn

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
)

// A Secret is a complete API key: acq_<id>_<secret>.
type Secret struct{ ID, Value string }

const (
	keyIDBytes     = 10 // 80 bits: 16 characters
	keySecretBytes = 32 // 256 bits: 52 characters
	keyIDLength    = 16
	keyValueLength = 52
	keyAlphabet    = "abcdefghijklmnopqrstuvwxyz234567"
)

// NewSecret makes a random key.
func NewSecret() Secret {
	encoding := base32.NewEncoding(keyAlphabet).WithPadding(base32.NoPadding)
	random := make([]byte, keyIDBytes+keySecretBytes)
	_, _ = rand.Read(random) // it never fails: it ends the process instead
	return Secret{
		ID:    encoding.EncodeToString(random[:keyIDBytes]),
		Value: encoding.EncodeToString(random[keyIDBytes:]),
	}
}

// String returns the form that callers send.
func (s Secret) String() string { return "acq_" + s.ID + "_" + s.Value }

// ParseSecret reads acq_<id>_<secret>. Its error never repeats the input.
func ParseSecret(text string) (Secret, error) {
	rest, found := strings.CutPrefix(text, "acq_")
	id, value, cut := strings.Cut(rest, "_")
	switch {
	case !found || !cut || strings.Contains(value, "_"):
		return Secret{}, errors.New("a key has the form acq_<id>_<secret>")
	case len(id) != keyIDLength || len(value) != keyValueLength ||
		strings.ContainsFunc(id, isOutsideAlphabet) || strings.ContainsFunc(value, isOutsideAlphabet):
		return Secret{}, fmt.Errorf("a key has %d and %d characters of a-z and 2-7", keyIDLength, keyValueLength)
	}
	return Secret{ID: id, Value: value}, nil
}

func isOutsideAlphabet(r rune) bool { return (r < 'a' || r > 'z') && (r < '2' || r > '7') }

// Digest is the stored form of a secret. A plain hash is enough for 256 random bits.
func (s Secret) Digest() [sha256.Size]byte { return sha256.Sum256([]byte(s.Value)) }
