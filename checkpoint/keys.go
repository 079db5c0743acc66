package checkpoint

import (
	"crypto/ed25519"

	"golang.org/x/mod/sumdb/note"
)

// A Key is a public key that signs, or signed, checkpoints of a journal under its
// name.
type Key struct {
	Origin string
	Public ed25519.PublicKey
}

// String is a key in the form of signed notes. It is empty if the key is not
// Ed25519, or its origin is not a valid name: then nothing can be verified with
// it.
func (k Key) String() string {
	text, err := note.NewEd25519VerifierKey(k.Origin, k.Public)
	if err != nil {
		return ""
	}
	if _, err := note.NewVerifier(text); err != nil {
		return ""
	}
	return text
}

// Verifiers returns the verifiers of the valid keys.
func Verifiers(keys []Key) note.Verifiers {
	var known []note.Verifier
	for _, k := range keys {
		if verifier, err := note.NewVerifier(k.String()); err == nil {
			known = append(known, verifier)
		}
	}
	return note.VerifierList(known...)
}
