package verify_test

import (
	"runtime/debug"
	"testing"

	"go.uber.org/goleak"
)

// The tests tamper with stores that the service made, with random acts among
// others (historian_test.go). A vault (vault_test.go) has such a store, with
// records of every kind; a tamperer (tamperer_test.go) writes over it, and can
// make everything consistent again that needs no signing key. TestVerifyTampered
// (tamper_test.go) alters it in every way that must be reported; TestTamperings
// does so at random, and decides independently what may be accepted
// (accepted_test.go). guards_test.go compares the guards of the service with what
// verify would report without them.

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // a store is read and dropped a thousand times: the collector took a quarter of the time
	goleak.VerifyTestMain(m)
}
