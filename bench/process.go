package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// A process is a program that the bench started, and ends.
type process struct {
	cmd    *exec.Cmd
	out    *bufio.Reader
	errors *errorLog
	read   chan struct{} // closed when its standard error has ended
	end    func() error  // waits for it; more than once is once
}

// start starts a program that dies with the bench, at the latest.
func (b *bench) start(cmd *exec.Cmd) (*process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	said, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, out: bufio.NewReader(out), errors: new(errorLog), read: make(chan struct{})}
	go func() {
		defer close(p.read)
		p.errors.follow(said)
	}()
	p.end = sync.OnceValue(func() error {
		<-p.read
		return cmd.Wait()
	})
	b.atExit(p.kill)
	return p, nil
}

// stop asks the process to end, and waits.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := p.end(); err != nil {
		return p.failed(err)
	}
	return nil
}

// kill ends the process as a crash would, and waits.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have gone already
	_ = p.end()              // it was killed: that is what it says
}

// failed adds what the process said last to an error, and ends it.
func (p *process) failed(err error) error {
	p.kill()
	return fmt.Errorf("%w: %s", err, p.errors.lastLine())
}

// anonymous is the memory of the process that is no page of a file, in bytes.
func (p *process) anonymous() (float64, error) { return anonymousMemory(p.cmd.Process.Pid) }

// An errorLog follows what a process writes on standard error: what Go tells of
// its collector there (GODEBUG=gctrace=1), and the last line of anything else.
type errorLog struct {
	mu      sync.Mutex
	last    string
	gcShare float64 // of all processor time since the start, in percent
	gcHeap  float64 // largest live heap after a collection, in bytes
}

func (l *errorLog) follow(said io.Reader) {
	lines := bufio.NewScanner(said)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		l.note(lines.Text())
	}
	_, _ = io.Copy(io.Discard, said) // a line too long ends the scanner, not the process
}

func (l *errorLog) note(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	share, heap, err := parseGC(line)
	if err != nil {
		l.last = line
		return
	}
	l.gcShare, l.gcHeap = share, max(l.gcHeap, heap)
}

func (l *errorLog) lastLine() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// collector returns the share of the collector and the largest live heap.
func (l *errorLog) collector() (share, heap float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gcShare, l.gcHeap
}

var errNoGC = errors.New("not a line of the collector")

// parseGC reads a line such as
//
//	gc 7 @0.5s 3%: 0.01+1.2+0.003 ms clock, … ms cpu, 4->5->2 MB, 5 MB goal, …
func parseGC(line string) (share, heap float64, err error) {
	words := strings.Fields(line)
	if len(words) < 4 || words[0] != "gc" || !strings.HasSuffix(words[3], "%:") {
		return 0, 0, errNoGC
	}
	if share, err = strconv.ParseFloat(strings.TrimSuffix(words[3], "%:"), 64); err != nil {
		return 0, 0, errNoGC
	}
	for _, word := range words {
		if sizes := strings.Split(word, "->"); len(sizes) == 3 {
			heap, err = strconv.ParseFloat(sizes[2], 64)
			return share, heap * (1 << 20), err
		}
	}
	return 0, 0, errNoGC
}
