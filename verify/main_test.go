package verify_test

import (
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

// The tests tamper with stores that the service has made before, acts at random among
// them (historian_test.go). A vault (vault_test.go) holds such a store, with records of
// every kind; a tamperer (tamperer_test.go) writes over it, and can make everything fit
// again that fits without the signing key. TestVerifyTampered (tamper_test.go) alters it
// in every way that must be named; TestTamperings does so at random, and judges by itself
// what may be accepted (accepted_test.go). guards_test.go holds the guards of the service
// against what would be found without them.

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // a thousand times a whole store is read, and dropped: a quarter of the time
	goleak.VerifyTestMain(m)
}
