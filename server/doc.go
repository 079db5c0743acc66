// Package server answers the calls of the contract in proto/acquis/v1, over gRPC
// and over REST.
//
// # One call
//
// Package transport lets it in, over either door: it finds out who calls
// (package authn) and compares roles and the form of the request with what the proto
// file says (package contract). A handler sees only calls that passed.
//
// A handler that reads makes its answer in one View. One that writes is an act
// (core.go): one closure in one Update that reads the records, asks package
// rules, writes what they decide, and notes what it made; the answer is then
// read from the records. A request that is repeated skips the closure and gets
// its answer the same way (repeat.go).
//
// # Where things stand
//
// One file for each noun of the API holds its RPCs and how its records are
// shown. Errors are made and translated in package apierr only.
//
// # Proofs
//
// notary.go signs checkpoints of the journal, proofs.go leads from an event or a
// decision to one, signer.go holds the key. accesses.go notes who read whose file,
// for every RPC that the proto file says reads files; it journals that in the
// background, the only thing that is written without a call. attestations.go
// gives a decision's public act and its proof to people outside, credential.go in
// the form of their field.
//
// # Backups
//
// backups.go sends a copy of the store, scheduled.go makes them by the clock: one
// at a time, over a file of its own, so that nobody slow holds the store. Backup
// is the one RPC that sends a stream, and so over gRPC only.
//
// # What can never happen
//
//   - An RPC that declares no role is callable: no entry admits nobody.
//   - A caller learns what exists before the roles were checked, or reads
//     internal text: an error that package apierr did not make becomes "internal error".
//   - A checkpoint is signed of what is not durable, or of a journal that does not
//     extend the last one.
//   - A refused call has written something: the closure's writes are dropped.
//   - Words about a person stand in a log line, an event or a record of its act:
//     they lie in personal records of their own (core.go, putPersonal).
package server
