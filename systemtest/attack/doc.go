// Package attack attacks the real server: the binary that is shipped, in its own
// process, over loopback. It shows that callers without any rights cannot disturb
// the service for others.
//
//	go test ./systemtest/attack                                    every kind of attack, a third of a second each
//	go test ./systemtest/attack -run 'TestAttack/.'                the same with their siblings
//	ACQUIS_LONG=1 go test -timeout 1h ./systemtest/attack          all attacks, ten seconds each
//	go test ./systemtest/attack -v -run 'TestAttack/^rapid-reset$' one of them, in either form
//
// ACQUIS_ATTACK_BINARY names a binary to attack instead of one that is built here.
//
// # A round
//
// An attack runs in its own process: on one processor, at low priority, with
// limits on its time, its connections and what it sends. Meanwhile a bystander
// with a key makes calls at a fixed rate on its own connection, alternately
// RecordAssessments and GetGrid. Then the same attack and the same bystander run
// against the null server (null_test.go): grpc-go and net/http with their
// defaults, which answer the bystander with the same bytes and sync a disk as
// often, but have no keys and no limits. Both servers are started for each round,
// so no attack affects another.
//
// What must hold of Acquis:
//
//   - anonymous memory stays within 200 MiB of what it was before;
//   - no call of the bystander fails;
//   - its p99 is at most 3 times that on the null server;
//   - afterwards goroutines, open files and memory are as before, and a new
//     connection is served;
//   - the log grows slowly, unless the attack's calls are admitted ones.
//
// Too much memory, too much log or a server that has ended is a failure in any
// form. Results that depend on time are shown in the table, and judged only in
// the long form, which must have the machine to itself: there a failed round is
// repeated twice, one good round is enough, and its p99 is compared with the
// slowest on the null server so far. In the short form a p99 is the slowest of
// fifteen calls, in the long form one of five hundred. The short form attacks the
// null server only once, to show that the comparison works.
//
// # Files
//
// attacks_test.go lists the attacks; calls_test.go, slow_test.go and frames_test.go
// perform them, through target_test.go. attack_test.go runs a round and judges it,
// measure_test.go and bystander_test.go measure, table_test.go prints. TestStop
// (stop_test.go) asks the server to end under the attacks that hold the most.
package attack
