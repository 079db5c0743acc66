// Package world starts the real service over a real store, and calls it: what
// tests of the whole service share. It is separate from the tests, which are in
// the folders beside it, so that each of those can be read, and run, by itself.
//
// # What a test looks like
//
// Start (start.go) serves a store in a folder of the test and returns a World:
// addresses, keys by name, a clock that the test sets. Populate fills it with the
// candidates and candidacies described at the head of
// requests/testdata/refusals.txt; MainPath goes from enrolment to award. A call
// is written as in REST, the caller first; Do makes one that must succeed:
//
//	w, _ := world.Start(t, t.TempDir())
//	w.NewKey("registrar", "REGISTRAR")
//	w.Do("registrar", "POST", "/v1/candidates?candidateId=c-001", `{"birthName":"Martin", …}`)
//
// One call goes over both transports (Transports): Transcode finds the RPC that the
// contract binds to a path, and makes its request of path, query and body. Answers are
// JSON over either; List and Get (values.go) walk through them.
//
// Tests never wait for a fixed time: they wait for an event, at most for
// Patience. Long tells whether the long form of a test was requested.
package world
