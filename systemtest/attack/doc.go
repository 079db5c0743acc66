// Package attack attacks the real server: the binary that is shipped, in a process
// of its own, over loopback. It shows that who has no right to anything cannot take
// the service from those who have.
//
//	go test ./systemtest/attack                                    every kind of attack, a third of a second each
//	go test ./systemtest/attack -run 'TestAttack/.'                the same with their siblings
//	ACQUIS_LONG=1 go test -timeout 1h ./systemtest/attack          all attacks, ten seconds each
//	go test ./systemtest/attack -v -run 'TestAttack/^rapid-reset$' one of them, whichever the form
//
// ACQUIS_ATTACK_BINARY names a binary to attack instead of one that is built here.
//
// # A round
//
// An attack runs in a process of its own: on one processor, at low priority, with a
// bound on its time, its connections and what it sends. Meanwhile a bystander with
// a key makes calls of a fixed rate on a connection of its own, RecordAssessments and
// GetGrid in turn. Then the same attack and the same bystander meet the null server
// (null_test.go): grpc-go and net/http as they are by default, which answer the
// bystander with the same bytes and sync a disk as often, and know nothing of keys
// or limits. Both servers begin a round anew, so no attack inherits from another.
//
// What must hold of Acquis:
//
//   - anonymous memory stays within 200 MiB of what it was before;
//   - no call of the bystander fails;
//   - its p99 is at most 3 times that beside the null server;
//   - afterwards goroutines, open files and memory are as before, and a new
//     connection is served;
//   - the log grows slowly, unless the attack's calls are admitted ones.
//
// Too much memory, too much log or a server that is gone is a failure in any form.
// What depends on time is told in the table, and judged in the long form alone, which
// must have the machine to itself: there a round that fails is repeated twice, one
// good round suffices, and its p99 is held against the slowest beside the null server
// so far. In the short form a p99 is the slowest of fifteen calls, in the long form
// one of five hundred. The short form attacks the null server only once, to show that
// the comparison works.
//
// # What is where
//
// attacks_test.go lists the attacks; calls_test.go, slow_test.go and frames_test.go
// perform them, through target_test.go. attack_test.go runs a round and judges it,
// measure_test.go and bystander_test.go measure, table_test.go prints. TestStop
// (stop_test.go) asks the server to end under the attacks that hold the most.
package attack
