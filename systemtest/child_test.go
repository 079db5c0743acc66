package systemtest

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

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/acquis-eval/acquis/backup"
	"github.com/acquis-eval/acquis/notary"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/services"
	"github.com/acquis-eval/acquis/server/transport"
	"github.com/acquis-eval/acquis/store"
)

// What makes the test binary a server in a process of its own.
const (
	childDir   = "ACQUIS_TEST_CHILD_DIR"   // its store; without it, the binary runs tests
	childKey   = "ACQUIS_TEST_CHILD_KEY"   // the first key of a store that is new
	childMarks = "ACQUIS_TEST_CHILD_MARKS" // a file that takes a mark for what the store was told and acknowledged
)

// serveChild serves the store in dir until it is killed or told to stop, and
// prints its process id and addresses.
func serveChild(dir string) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	opened, err := engine().Open(dir, store.Opening{})
	if err != nil {
		return err
	}
	st, err := withMarks(opened, os.Getenv(childMarks))
	if err != nil {
		return err
	}
	if err := bootstrapChild(ctx, st, os.Getenv(childKey)); err != nil {
		return err
	}
	srv, err := server.New(server.Options{
		Store: st, Log: slog.DiscardHandler, Limits: transport.DefaultLimits(),
		Signing: notary.Signing{Key: ed25519.NewKeyFromSeed(make([]byte, 32))},
		Backups: backup.Settings{Scratch: dir},
	})
	if err != nil {
		return err
	}
	ls, err := listenAll()
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

// A child is a server in a process of its own.
type child struct {
	conn *grpc.ClientConn
	base string       // of REST
	ops  string       // of readiness and metrics
	kill func()       // with SIGKILL; more than once is once
	stop func() error // with SIGTERM
}

func startChild(t testing.TB, dir string) *child {
	t.Helper()
	c, err := startChildUnder(t, dir, nil)
	must(t, err)
	return c
}

// startChildUnder starts it under another program, which runs what follows its
// own arguments and goes with it; and with more of an environment.
func startChildUnder(t testing.TB, dir string, under []string, env ...string) (*child, error) {
	t.Helper()
	command := append(under[:len(under):len(under)], os.Args[0])
	process := exec.Command(command[0], command[1:]...)
	process.Env = append(append(os.Environ(), childDir+"="+dir), env...)
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	must(t, err)
	must(t, process.Start())
	var pid int
	var grpcAddress, httpAddress, opsAddress string
	if _, err := fmt.Fscanln(bufio.NewReader(out), &pid, &grpcAddress, &httpAddress, &opsAddress); err != nil {
		_ = process.Process.Kill()
		return nil, fmt.Errorf("the child did not start: %w", errors.Join(err, process.Wait()))
	}
	serving, err := os.FindProcess(pid)
	must(t, err)
	ended := sync.OnceValue(process.Wait)
	c := &child{base: "http://" + httpAddress, ops: "http://" + opsAddress}
	c.kill = sync.OnceFunc(func() {
		_ = serving.Kill()
		_ = ended() // it was killed: that is what it says
	})
	t.Cleanup(c.kill)
	c.conn, err = grpc.NewClient(grpcAddress, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	t.Cleanup(func() { _ = c.conn.Close() })
	c.stop = func() error {
		return errors.Join(serving.Signal(syscall.SIGTERM), ended())
	}
	return c, nil
}

// waitHealth waits until the health service says so.
func (c *child) waitHealth(t *testing.T, want healthpb.HealthCheckResponse_ServingStatus) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	watch, err := healthpb.NewHealthClient(c.conn).Watch(ctx, &healthpb.HealthCheckRequest{})
	must(t, err)
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
