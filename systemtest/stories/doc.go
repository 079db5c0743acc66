// Package stories tells random stories to the service and to package model, a second
// implementation of the rules, and compares what both come to (TestModel).
//
// An author makes up acts (random_test.go, random_world_test.go); a stage performs each
// over the wire and in the model (stage_test.go). Where they part, the story is made
// shorter as far as it goes and printed with its seed.
package stories
