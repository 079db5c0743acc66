// Package systemtest holds tests of the whole service: the real server over a
// real store, called over real gRPC and real HTTP. What no caller can see is tested
// in the package that does it.
//
// # How a test goes
//
// start (world_test.go) serves a store in a folder of the test and returns a world:
// addresses, keys by name, a clock that the test sets. populate fills it with the
// candidates and candidacies that testdata/refusals.txt describes at its head. A call
// is written as REST writes it, who calls first:
//
//	w, _ := start(t, t.TempDir())
//	w.newKey("registrar", "REGISTRAR")
//	w.do("registrar", "POST", "/v1/candidates?candidateId=c-001", `{"birthName":"Martin", …}`)
//
// One call runs over both transports: transcode_test.go finds the RPC that the
// contract binds to a path, and makes its request of path, query and body. Cases
// that need no Go stand in testdata, each file with its form at its head.
//
// # What is where
//
//   - What callers get: path_test.go goes from enrolment to award, the first to
//     read; service_test.go, encoded_test.go and the two …form_test.go have what
//     the main path leaves out.
//   - What is refused: testdata/refusals.txt and refusals-later.txt; reasons_test.go
//     sees that every documented reason comes out.
//   - Who may call and who sees what: testdata/matrix.txt has a row for each RPC;
//     facts_test.go, visibility_test.go; keys, tokens and certificates in
//     attempts_test.go, tokens_test.go, certificates_test.go.
//   - The same request again: repeat_test.go.
//   - What is kept about a person: privacy_test.go, forgetting_test.go,
//     export_test.go, access_test.go; planted_test.go looks for planted words in
//     all that the service puts out.
//   - Proofs: proof_test.go, attestation_test.go; outsider_test.go checks them with
//     none of our code; verify_test.go and tamper_test.go alter a store in every way
//     (vault_test.go) that acquis verify must name; tamperings_test.go in ways at
//     random, and judges by itself what may be accepted.
//   - Backups: backup_test.go, scheduled_test.go.
//   - Requests that nobody thought of: random_test.go makes them of the OpenAPI
//     document (randomcall_test.go, mutation_test.go), fuzz_test.go of the fuzzer's
//     bytes.
//
// # Hard tests
//
// They are longer with ACQUIS_LONG=1, and print a seed or what they counted.
//
//   - crash_test.go kills the server under writers (child_test.go runs it in a
//     process of its own);
//   - powercut_test.go records what a server has its disk do (recording_test.go),
//     lets a disk forget any part that was not synced (disk_test.go), and holds
//     the store against what was acknowledged (replay_test.go);
//   - fulldisks_test.go lets real disks run full under it, failedsync_linux_test.go
//     makes a sync fail;
//   - linear_test.go lets 64 callers at once loose on it, across kills,
//     power cuts, full and failing disks too (linear_faults_test.go), and has
//     porcupine look for one order of all calls that explains every answer;
//     what a candidacy should do stands in linear_model_test.go, on a page;
//   - faulty_test.go plays every act on stores that behave badly;
//   - clock_test.go sets the clock back.
//
// Package attack attacks the binary itself, and measures what it does to others.
//
// TestModel tells random stories to the service and to package model, a second
// implementation of the rules, and compares what both come to. An author makes
// up acts (model_random_test.go); a stage performs each over the wire and in the
// model (model_stage_test.go). Where they part, the story is shortened as far as
// it goes and printed with its seed.
package systemtest
