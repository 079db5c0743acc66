// Command acquis runs the evaluation service of a certificateur.
//
// This package is the wiring diagram, and no more: it reads flags, opens a store
// (store/bolt), puts the server (package server) over it, and listens. Nothing
// registers itself and nothing is global; what a part needs is handed to it in
// service.go, which serve and demo share, so that the demo is the real thing.
//
//	serve               flags ─▶ addresses ─▶ store ─▶ first key ─▶ server ─▶ listen
//	demo                the same on a temporary store, and six stories told over gRPC
//	backup              fetches a copy of a running server's store, and checks it
//	restore             puts one into a data directory, unless that forked a journal
//	healthcheck         asks a running server whether it is ready
//	referentiel check   says what is wrong with a file, before it is published
//	verify              checks a store at rest, and decides every decision again
//	key create          makes a key in a store at rest: the way back in
//	compact             writes a store that nobody has open anew, without what was erased
//	version             what this binary is
//
// Exit codes: 0 done, 1 it failed, 2 the command line or its environment is
// wrong and nothing was touched.
//
// # What can never happen
//
//   - A secret is printed by any line but the one that announces the first key
//     of an empty store, and that of the key that key create makes; one that came from the environment is never printed.
//   - Keys and identities cross a network in the clear by accident: an address
//     that is not loopback is refused until somebody says who encrypts.
//   - The store is closed while calls still write: it is closed last.
package main
