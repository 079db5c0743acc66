// Package rig runs a server where it can be damaged: in its own process, on a
// disk that forgets, fails or runs full. The tests of what is lost then, and of
// what is not, are in the folders disks and linear.
//
//   - child.go runs the test binary as a server, to be killed; a package whose tests do so
//     has Main as its TestMain. A file of marks (marks.go) tells what the store of a child
//     was told, and what it acknowledged, up to the moment at which it was killed.
//   - recording.go has strace record what a server has its disk do.
//   - disk.go plays such a recording on a disk in memory, and cuts its power: it may then
//     have forgotten any part of what was not synced.
//   - smalldisk.go mounts a disk that runs full.
//
// If something is missing on a machine, such as strace or the right to mount, a
// test is skipped; with ACQUIS_REQUIRE_ALL=1 it fails.
package rig
