// Package systemtest holds tests of the whole service: the real server over a
// real store, called over real gRPC and real HTTP.
//
// Calls are written as REST writes them, in Go or in the text files of testdata.
// One call runs over both transports: transcode.go finds the RPC that the
// contract binds to a path, and makes its request of path, query and body.
//
// Hard tests, longer with ACQUIS_LONG=1:
//
//   - crash_test.go kills the server under writers;
//   - powercut_test.go records what a server has its disk do (recording_test.go),
//     lets a disk forget any part that was not synced (disk_test.go), and holds
//     the store against what was acknowledged (replay_test.go);
//   - fulldisks_test.go lets real disks run full under it;
//   - linear_test.go lets 64 callers at once loose on it, across kills,
//     power cuts, full and failing disks too (linear_faults_test.go), and has
//     porcupine look for one order of all calls that explains every answer;
//     what a candidacy should do stands in linear_model_test.go, on a page;
//   - faulty_test.go plays every act on stores that behave badly;
//   - clock_test.go sets the clock back.
//
// TestModel tells random stories to the service and to package model, a second
// implementation of the rules, and compares what both come to. An author makes
// up acts (model_random_test.go); a stage performs each over the wire and in the
// model (model_stage_test.go). Where they part, the story is shortened as far as
// it goes and printed with its seed.
package systemtest
