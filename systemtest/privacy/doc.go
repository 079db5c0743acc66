// Package privacy tests what is kept about a person, and what is left after forgetting.
//
//   - privacy_test.go: forgetting, holds, the purge; forgetting_test.go compares what a
//     forgetting lists with what is missing from the store.
//   - export_test.go: what the person gets. access_test.go: who read their file.
//   - planted_test.go plants words in every field (planting_test.go), and looks for them in
//     all output of the service.
package privacy
