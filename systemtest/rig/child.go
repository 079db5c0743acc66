package rig

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/acquis-eval/acquis/backup"
	"github.com/acquis-eval/acquis/credential"
	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/services"
	"github.com/acquis-eval/acquis/server/transport"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// Variables that make the test binary a server in its own process.
const (
	childDir   = "ACQUIS_TEST_CHILD_DIR"   // its store; without it, the binary runs tests
	ChildKey   = "ACQUIS_TEST_CHILD_KEY"   // the first key of a store that is new
	ChildMarks = "ACQUIS_TEST_CHILD_MARKS" // a file for marks of the store's updates and acknowledgements
)

// Main runs the tests of a package, after which no goroutine may be left; in a
// child process it runs the server that a test will kill. The TestMain of a
// package that starts such a server calls it.
func Main(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := serveChild(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// serveChild serves the store in dir until it is killed or told to stop, and
// prints its process id and addresses.
func serveChild(dir string) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	opened, err := world.Engine().Open(dir, store.Opening{})
	if err != nil {
		return err
	}
	st, err := withMarks(opened, os.Getenv(ChildMarks))
	if err != nil {
		return err
	}
	if err := bootstrapChild(ctx, st, os.Getenv(ChildKey)); err != nil {
		return err
	}
	srv, err := server.New(server.Options{
		Store: st, Log: slog.DiscardHandler, Limits: transport.DefaultLimits(),
		Signing: notary.Signing{Key: ed25519.NewKeyFromSeed(make([]byte, 32))},
		Issuer:  credential.Issuer{URL: "https://acquis.example", Name: "Acquis"},
		Backups: backup.Settings{Scratch: dir},
	})
	if err != nil {
		return err
	}
	ls, err := world.ListenAll()
	if err != nil {
		return err
	}
	fmt.Println(os.Getpid(), ls.GRPC.Addr(), ls.HTTP.Addr(), ls.Ops.Addr())
	return errors.Join(srv.Serve(ctx, ls, time.Second), st.Close())
}

func bootstrapChild(ctx context.Context, st store.Store, key string) error {
	if key == "" {
		return nil
	}
	first, err := authn.ParseSecret(key)
	if err != nil {
		return err
	}
	embedded, err := referentiel.Embedded()
	if err != nil {
		return err
	}
	_, err = services.Bootstrap(ctx, st, embedded, first, time.Now())
	return err
}

// A Child is a server in its own process.
type Child struct {
	Conn *grpc.ClientConn
	base string       // of REST
	ops  string       // of readiness and metrics
	Kill func()       // with SIGKILL; may be called again
	Stop func() error // with SIGTERM
}

func StartChild(t testing.TB, dir string) *Child {
	t.Helper()
	c, err := StartChildUnder(t, dir, nil)
	world.Must(t, err)
	return c
}

// StartChildUnder starts a child under another program, which runs its last
// arguments as a command and ends with it; and with additional environment
// variables.
func StartChildUnder(t testing.TB, dir string, under []string, env ...string) (*Child, error) {
	t.Helper()
	command := append(under[:len(under):len(under)], os.Args[0])
	process := exec.Command(command[0], command[1:]...)
	process.Env = append(append(os.Environ(), childDir+"="+dir), env...)
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	world.Must(t, err)
	world.Must(t, process.Start())
	var pid int
	var grpcAddress, httpAddress, opsAddress string
	if _, err := fmt.Fscanln(bufio.NewReader(out), &pid, &grpcAddress, &httpAddress, &opsAddress); err != nil {
		_ = process.Process.Kill()
		return nil, fmt.Errorf("the child did not start: %w", errors.Join(err, process.Wait()))
	}
	serving, err := os.FindProcess(pid)
	world.Must(t, err)
	ended := sync.OnceValue(process.Wait)
	c := &Child{base: "http://" + httpAddress, ops: "http://" + opsAddress}
	c.Kill = sync.OnceFunc(func() {
		_ = serving.Kill()
		_ = ended() // its error only says that it was killed
	})
	t.Cleanup(c.Kill)
	c.Conn, err = grpc.NewClient(grpcAddress, grpc.WithTransportCredentials(insecure.NewCredentials()))
	world.Must(t, err)
	t.Cleanup(func() { _ = c.Conn.Close() })
	c.Stop = func() error {
		return errors.Join(serving.Signal(syscall.SIGTERM), ended())
	}
	return c, nil
}

// WaitHealth waits until the health service reports that status.
func (c *Child) WaitHealth(t *testing.T, want healthpb.HealthCheckResponse_ServingStatus) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), world.Patience)
	defer cancel()
	watch, err := healthpb.NewHealthClient(c.Conn).Watch(ctx, &healthpb.HealthCheckRequest{})
	world.Must(t, err)
	for {
		health, err := watch.Recv()
		if err != nil {
			t.Fatalf("waiting for %v: %v", want, err)
		}
		if health.GetStatus() == want {
			return
		}
	}
}

// In is the same world in another process.
func In(w *world.World, c *Child) *world.World {
	return &world.World{T: w.T, Base: c.base, Ops: c.ops, Conn: c.Conn, Keys: w.Keys, Routes: w.Routes, Send: w.Send}
}
