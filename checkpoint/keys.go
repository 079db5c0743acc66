package checkpoint

import (
	"crypto/ed25519"

	"golang.org/x/mod/sumdb/note"
)

// A Key is one that signs, or signed, checkpoints of a journal under its name.
type Key struct {
	Origin string
	Public ed25519.PublicKey
}

// String writes a key as signed notes do; empty if it is no Ed25519 key, or its
// origin no name: nothing verifies under it.
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

// Verifiers are those of the keys under which something can verify.
func Verifiers(keys []Key) note.Verifiers {
	var known []note.Verifier
	for _, k := range keys {
		if verifier, err := note.NewVerifier(k.String()); err == nil {
			known = append(known, verifier)
		}
	}
	return note.VerifierList(known...)
}
