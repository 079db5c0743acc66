package systemtest

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/store/bolt"
)

// childDir tells the test binary to be the server that is going to be killed.
const childDir = "ACQUIS_TEST_CHILD_DIR"

// serveChild serves the store in dir until it is killed, and prints its
// addresses.
func serveChild(dir string) error {
	st, err := bolt.Open(dir, bolt.Options{})
	if err != nil {
		return err
	}
	srv, err := server.New(server.Options{Store: st, Log: slog.DiscardHandler, Limits: server.DefaultLimits})
	if err != nil {
		return err
	}
	ls, err := listenAll()
	if err != nil {
		return err
	}
	fmt.Println(ls.GRPC.Addr(), ls.HTTP.Addr())
	return srv.Serve(context.Background(), ls, time.Second)
}

// A child is a server in a process of its own.
type child struct {
	conn *grpc.ClientConn
	base string // of REST
	kill func() // with SIGKILL; more than once is once
}

func startChild(t testing.TB, dir string) *child {
	t.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), childDir+"="+dir)
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	must(t, err)
	must(t, process.Start())
	c := &child{kill: sync.OnceFunc(func() {
		_ = process.Process.Kill()
		_ = process.Wait() // it was killed: that is what it says
	})}
	t.Cleanup(c.kill)
	addresses, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	grpcAddress, httpAddress, _ := strings.Cut(strings.TrimSpace(addresses), " ")
	c.base = "http://" + httpAddress
	c.conn, err = grpc.NewClient(grpcAddress, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	t.Cleanup(func() { _ = c.conn.Close() })
	return c
}
