// Command acquis runs the evaluation service of a certificateur.
//
// This package is only wiring: it reads flags, opens a store (store/bolt),
// builds the server (package server) on it, and listens. Nothing registers
// itself and nothing is global. service.go passes to each part what it needs;
// serve and demo share it, so the demo runs the real service.
//
//	serve                flags ─▶ addresses ─▶ store ─▶ first key ─▶ server ─▶ listen
//	demo                 the same on a temporary store, and six stories told over gRPC
//	backup               fetches a copy of a running server's store, and checks it
//	restore              puts one into a data directory, unless that contradicts a published checkpoint
//	healthcheck          asks a running server whether it is ready
//	referentiel check    says what is wrong with a file, before it is published
//	referentiel diff     shows what changes from one such file to another, also for candidates under way
//	referentiel explain  says in plain sentences how one acquires what
//	referentiel schema   prints the JSON Schema of such files, for editors
//	verify               checks a store while no server runs, and decides every decision again
//	key create           creates a key while no server runs
//	compact              rewrites a store while no server runs, without erased data
//	version              prints the version of the binary and the rules
//
// Exit codes: 0 done, 1 failed, 2 the command line or the environment is wrong
// and nothing was changed. referentiel diff: 0 the same, 1 different, 2 any error.
//
// # What can never happen
//
//   - A secret is printed, except the first key of an empty store, by serve, and a
//     new key, by key create. A secret from the environment is never printed.
//   - Keys and identities cross a network unencrypted by accident: an address that is
//     not loopback is refused without TLS, unless a flag allows it.
//   - The store is closed while calls still write: it is closed last.
package main
