package attack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func drain(r io.Reader) int64 {
	n, _ := io.Copy(io.Discard, r) // only the number of bytes counts
	return n
}

// anonymous is the memory of a process that is not backed by files, in bytes.
func anonymous(pid int) (int64, error) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "RssAnon:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.Join(lines.Err(), errors.New("/proc does not tell RssAnon"))
}

// needsMemory skips a test if the machine does not report the memory of a
// process.
func needsMemory(t *testing.T) {
	t.Helper()
	if _, err := anonymous(os.Getpid()); err != nil {
		skip(t, fmt.Sprintf("no RssAnon on %s: %v", runtime.GOOS, err))
	}
}

// watchMemory returns the largest memory of a process until stop was called.
// Little can be missed between two measurements: a process touches at most some
// gigabytes per second.
func watchMemory(pid int) (stop func() int64) {
	done, most := make(chan struct{}), make(chan int64)
	go func() {
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		var highest int64
		for {
			if now, err := anonymous(pid); err == nil {
				highest = max(highest, now)
			}
			select {
			case <-ticker.C:
			case <-done:
				most <- highest
				return
			}
		}
	}()
	return func() int64 { close(done); return <-most }
}

// A state is what a server holds, as reported by itself.
type state struct {
	goroutines, files int
	memory            int64
}

func (s state) String() string {
	return fmt.Sprintf("%d goroutines, %d files, %d MiB", s.goroutines, s.files, s.memory>>20)
}

// stateOf asks the server's operations listener, on its own connection.
func stateOf(ctx context.Context, client *http.Client, ops string, pid int) (s state, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+ops+"/metrics", nil)
	if err != nil {
		return s, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return s, err
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		number, _ := strconv.ParseFloat(value, 64) // a comment has none, and none of our names
		switch name {
		case "go_goroutines":
			s.goroutines = int(number)
		case "process_open_fds":
			s.files = int(number)
		}
	}
	s.memory, err = anonymous(pid)
	return s, errors.Join(lines.Err(), err)
}

// A logCount counts the bytes that a server logs, and keeps the last ones.
type logCount struct {
	mu    sync.Mutex
	bytes int64
	tail  []byte
}

const keptOfLog = 64 << 10

func (l *logCount) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes += int64(len(p))
	l.tail = append(l.tail, p...)
	if len(l.tail) > 2*keptOfLog {
		l.tail = append([]byte(nil), l.tail[len(l.tail)-keptOfLog:]...)
	}
	return len(p), nil
}

func (l *logCount) count() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes
}

// last returns the last line that contains the text, or "".
func (l *logCount) last(text string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := bytes.LastIndex(l.tail, []byte(text))
	if at < 0 {
		return ""
	}
	line := l.tail[bytes.LastIndexByte(l.tail[:at], '\n')+1:]
	line, _, _ = bytes.Cut(line, []byte("\n"))
	return string(line)
}
