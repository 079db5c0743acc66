// Package callers tests who may call, and who sees what.
//
//   - testdata/matrix.txt has a row for each RPC: which role may call it, in which state of
//     a candidacy (matrix_test.go, matrix_case_test.go). roles_test.go tests the roles of the
//     contract.
//   - facts_test.go and visibility_test.go: what exists for a caller, and which part of it
//     they see.
//   - Keys, tokens and their limits: attempts_test.go, tokens_test.go with an issuer of its
//     own (issuer_test.go), revoked_test.go; conflicts_test.go has roles that exclude each
//     other.
package callers
