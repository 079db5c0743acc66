// Package proofs tests what the service signs: checkpoints and proofs of events
// (proof_test.go), attestations of decisions (attestation_test.go).
// outsider_test.go checks attestations without any of our code.
package proofs
