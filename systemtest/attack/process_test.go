package attack

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// An order is the task of a child, sent as JSON.
type order struct {
	Null   *nullOrder   `json:",omitempty"`
	Attack *attackOrder `json:",omitempty"`
}

func beChild(ctx context.Context, text string) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	switch {
	case o.Null != nil:
		return serveNull(ctx, *o.Null)
	case o.Attack != nil:
		return perform(ctx, *o.Attack)
	}
	return errors.New("an order without a task")
}

// A process is a program that a test starts and ends.
type process struct {
	cmd *exec.Cmd
	in  io.Closer
	out *bufio.Reader
	end func() error // waits for it; may be called again
}

func start(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	in, err := cmd.StdinPipe() // kept open as long as this process runs
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	p := &process{cmd: cmd, in: in, out: bufio.NewReader(out), end: sync.OnceValue(cmd.Wait)}
	t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	_ = p.end()              // its error only says that it was killed
}

// startChild starts this binary with the task of the order.
func startChild(t testing.TB, o order, command ...string) *process {
	t.Helper()
	text, err := json.Marshal(o)
	must(t, err)
	command = append(command, os.Args[0])
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), orderVariable+"="+string(text))
	if o.Attack != nil {
		cmd.Env = append(cmd.Env, "GOMAXPROCS=1", "GOMEMLIMIT=512MiB")
	}
	cmd.Stderr = os.Stderr
	return start(t, cmd)
}

// An attackOrder is the order for an attacker.
type attackOrder struct {
	Name   string
	Target door
	For    time.Duration
	Long   bool
}

// perform attacks for the time in the order. It writes a line as soon as the
// attack has begun, and the results at the end.
func perform(ctx context.Context, o attackOrder) error {
	a, ok := attackNamed(o.Name)
	if !ok {
		return fmt.Errorf("there is no attack %q", o.Name)
	}
	// Cancelled instead of a deadline, which would tell the server when to give
	// up.
	ctx, cancel := context.WithCancel(ctx)
	defer time.AfterFunc(o.For, cancel).Stop()
	defer cancel()
	t := newTarget(o.Target, o.Long)
	start := time.Now()
	go func() {
		select {
		case <-t.underWay:
		case <-ctx.Done():
		}
		fmt.Println("{}")
	}()
	a.run(ctx, t)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Took = time.Since(start)
	return json.NewEncoder(os.Stdout).Encode(t.tally)
}

// An attacker is a running attacker process.
type attacker struct{ *process }

func startAttacker(t testing.TB, o attackOrder) attacker {
	t.Helper()
	var command []string
	if nice, err := exec.LookPath("nice"); err == nil {
		command = []string{nice, "-n", "10"}
	}
	return attacker{startChild(t, order{Attack: &o}, command...)}
}

// underWay waits until the attack has begun.
func (a attacker) underWay() error {
	_, err := a.out.ReadBytes('\n')
	return err
}

// result waits until the attack has ended. It ends by itself; if it hangs, it is
// killed long after its time.
func (a attacker) result(o attackOrder) (tally, error) {
	hung := time.AfterFunc(o.For+30*time.Second, a.kill)
	defer hung.Stop()
	var got tally
	err := json.NewDecoder(a.out).Decode(&got)
	return got, errors.Join(err, a.end())
}
