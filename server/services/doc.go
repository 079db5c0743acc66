// Package services has the handlers of the contract in proto/acquis/v1. They see
// only admitted calls: package transport has authenticated the caller, and
// checked roles and form of the request against the proto file.
//
// # One call
//
// A handler that reads makes its answer in one View (read, and list.go for
// lists). One that writes is an act (act.go): one closure in one Update that
// reads the records, asks package rules, writes what they decide, and returns the
// keys of what it made; the answer is then read from the records. A repeated
// request skips the closure and gets its answer in the same way (idempotency.go).
// The proto files declare the RPC of a request, the kind of its event and whose
// files it shows.
//
// # Files
//
// One file for each noun of the API has its RPCs and shows its records. Errors
// are made and translated in package apierr only.
//
// # Proofs
//
// proofs.go leads from an event or a decision to a checkpoint. accesses.go
// records who read whose file, for every RPC that reads files according to the
// proto file; it journals that in the background, the only writes that belong to
// no call. attestations.go gives a decision's public act and its proof to
// outsiders.
//
// # What can never happen
//
//   - A refused call has written something: the closure's writes are dropped.
//   - Texts about a person are in a log line, an event or a record of an act: they
//     are in separate personal records (core.go, putPersonal).
package services
