// Package systemtest has the main path of the service, from enrolment to award,
// which is the first to read (path_test.go), and other things that callers see
// (service_test.go). The folders below have the tests of the whole service, by
// what they need; what no caller can see is tested in its own package.
//
//   - world starts the real service over a real store, and calls it over gRPC and HTTP;
//     rig puts it where it can be harmed. Both hold no tests: they are what tests share.
//   - callers: who may call, and who sees what.
//   - requests: what is refused, what is done only once, what nobody thought of.
//   - transport: TLS, forms of requests and answers, strangers.
//   - privacy: what is kept about a person. proofs: what is signed.
//   - disks: what is lost if a server is killed or its disk fails. linear: whether all that
//     many callers are told fits one order.
//   - stories: the service beside model, a second implementation of the rules.
//   - attack attacks the binary itself, and measures what it does to others.
//   - mutants plants faults in the code, and tells which tests notice.
//
// Tests that tamper with a store that the service made are in package verify.
package systemtest
