// Package credential makes what the holder of an attestation shows: a code that
// people read from paper and type, and a signed credential in the form of the field
// (an Open Badge 3.0 as a JWT), which anybody can check with the public keys and
// nothing else of ours: docs/attestations.md says how.
package credential
