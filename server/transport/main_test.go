package transport

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain finds goroutines that outlive the tests. The HTTP library waits for a
// moment when it has answered what is no request.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}
