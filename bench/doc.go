// Command bench measures Acquis against what this machine can do, and against what
// one would pick instead.
//
// # The idea
//
// A figure by itself says little: machines differ, and one machine differs from
// minute to minute. So each figure is a ratio of two, taken side by side: those
// who do the same job take turns (contest.go), round by round, and what is told is
// the ratio of their medians, with the spread of the ratios of single rounds.
//
// # Who runs where
//
// This process makes the calls. Acquis is the program that users run, built from
// this tree and served on a store of its own; echo, plain net/http, bare bbolt and
// PocketBase are this binary again, told by its first argument what to be
// (child.go); PostgreSQL is the one of the machine's packages. All listen on
// loopback, lie in one temporary directory, and end with the bench.
//
// The caller is as cheap as it can be, for it takes its time from the same cores:
// requests are encoded before, answers are counted and not decoded.
//
// # Parts
//
//   - limits.go: what carries Acquis, with nothing of Acquis in it.
//   - peers.go: PocketBase and PostgreSQL at the same job, and what they leave out.
//   - growth.go: small and large stores side by side; file, heap, start-up.
//   - mixed.go: a day of deliberations, recordings and reads.
//   - paired.go: an older build of Acquis at the same calls, instead of all these.
//
// It runs on Linux.
package main
