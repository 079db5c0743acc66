// Package disks tests what is lost, and what is not, if a server is killed, its
// disk fails or its power is cut. The tests are longer with ACQUIS_LONG=1, and
// print a seed or their counts. Package rig provides the faulty disks.
//
//   - crash_test.go kills the server under writers.
//   - powercut_test.go records what a server has its disk do, lets the disk forget any part
//     that was not synced, and holds the store against what was acknowledged
//     (replay_test.go).
//   - fulldisks_test.go lets real disks run full under it, failedsync_linux_test.go makes a
//     sync fail.
//   - backup_test.go and scheduled_test.go: copies that are made meanwhile.
package disks
