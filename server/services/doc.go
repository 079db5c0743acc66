// Package services holds the handlers of the contract in proto/acquis/v1. They see
// only calls that passed the doors: package transport has found out who calls, and
// compared roles and form of the request with what the proto file says.
//
// # One call
//
// A handler that reads makes its answer in one View (read, and list.go for lists).
// One that writes is an act (act.go): one closure in one Update that reads the
// records, asks package rules, writes what they decide, and returns the keys of
// what it made; the answer is then read from the records. A request that is
// repeated skips the closure and gets its answer the same way (idempotency.go).
// Which RPC a call is, the kind of its event and whose files it shows stand in the
// proto files.
//
// # Where things stand
//
// One file for each noun of the API holds its RPCs and how its records are
// shown. Errors are made and translated in package apierr only.
//
// # Proofs
//
// proofs.go leads from an event or a decision to a checkpoint. accesses.go notes
// who read whose file, for every RPC that the proto file says reads files; it
// journals that in the background, the only thing that is written without a call.
// attestations.go gives a decision's public act and its proof to people outside.
//
// # What can never happen
//
//   - A refused call has written something: the closure's writes are dropped.
//   - Words about a person stand in a log line, an event or a record of its act:
//     they lie in personal records of their own (core.go, putPersonal).
package services
