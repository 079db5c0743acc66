package attack

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

const (
	orderVariable  = "ACQUIS_ATTACK_ORDER"  // the task of a child; without it, the binary runs tests
	binaryVariable = "ACQUIS_ATTACK_BINARY" // the server to attack
)

// TestMain builds the server and runs the tests. In a child process it runs the
// attacker or the null server.
func TestMain(m *testing.M) {
	if order := os.Getenv(orderVariable); order != "" {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // it ends with the parent
			cancel()
		}()
		if err := beChild(ctx, order); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	remove, err := build()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		remove()
		os.Exit(code)
	}))
}

// build builds the binary that is attacked, unless one was given.
func build() (remove func(), err error) {
	if os.Getenv(binaryVariable) != "" {
		return func() {}, nil
	}
	dir, err := os.MkdirTemp("", "acquis-attack-")
	if err != nil {
		return nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	binary := filepath.Join(dir, "acquis.exe") // this name works on every system
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/acquis").CombinedOutput(); err != nil {
		remove()
		return nil, fmt.Errorf("building the server: %w\n%s", err, out)
	}
	return remove, os.Setenv(binaryVariable, binary)
}

// long tells whether the long form was requested.
func long() bool { return os.Getenv("ACQUIS_LONG") != "" }

// skip skips a test because something is missing, or fails it if everything is
// required.
func skip(t *testing.T, missing string) {
	t.Helper()
	if os.Getenv("ACQUIS_REQUIRE_ALL") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
