// Package stories plays random stories with the service and with package model, a
// second implementation of the rules, and compares the results (TestModel).
//
// An author makes up acts (random_test.go, random_world_test.go); a stage
// performs each through the API and in the model (stage_test.go). If the results
// differ, the story is shortened as far as possible and printed with its seed.
package stories
