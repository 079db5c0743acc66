// Package privacy tests what is kept about a person, and what is left of them.
//
//   - privacy_test.go: forgetting, holds, the purge; forgetting_test.go holds what a
//     forgetting lists against what the store lacks.
//   - export_test.go: what is told to the person. access_test.go: who read their file.
//   - planted_test.go plants words in every field (planting_test.go), and looks for them in
//     all that the service puts out.
package privacy
