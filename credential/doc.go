// Package credential makes what the holder of an attestation shows: a code that
// people read from paper and type, and a signed credential in a standard format
// (an Open Badge 3.0 as a JWT), which anybody can check with only the public
// keys: docs/attestations.md says how.
package credential
