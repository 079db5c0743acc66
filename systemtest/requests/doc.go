// Package requests tests what the service does with a request: whether and how it
// is refused, what an identical second one does, and that no request does harm.
//
//   - testdata/refusals.txt and refusals-later.txt: calls that must be refused, over both
//     transports; reasons_test.go sees that every documented reason comes out.
//   - repeat_test.go: the same request again. faulty_test.go plays every act on stores that
//     behave badly, clock_test.go sets the clock back.
//   - Requests that nobody thought of: random_test.go makes them of the OpenAPI document
//     (openapi_test.go, randomcall_test.go), and changes good ones (goodcalls_test.go,
//     mutation_test.go); fuzz_test.go makes them of the fuzzer's bytes.
package requests
