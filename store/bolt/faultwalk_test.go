package bolt

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/storetest"
)

const (
	faultHome = "ACQUIS_TEST_FAULT_HOME" // makes TestEveryFault the child
	faultActs = 12                       // that a child makes
)

// faultPhases are the phases of a child. In each the store is in a folder of that
// name, so that strace, which selects calls by path, fails and counts only the
// calls of that phase.
var faultPhases = []string{"opening", "serving", "closing"}

// A fault makes one system call fail without effect: the n-th of its name in a
// phase.
type fault struct {
	phase, call, errno string
	n                  int
}

func (f fault) String() string { return fmt.Sprintf("%s: %s of %s %d", f.phase, f.errno, f.call, f.n) }

// TestEveryFault fails each call that writes, syncs, grows or renames the store's
// file, one in each run of a real process. Afterwards nothing acknowledged may be
// lost, nothing may be half applied, and the store must open and accept writes;
// and the process must have reported its state correctly.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	if home := os.Getenv(faultHome); home != "" {
		liveThroughFault(t, home)
		return
	}
	strace, err := exec.LookPath("strace")
	if err != nil && os.Getenv("ACQUIS_REQUIRE_ALL") != "" {
		t.Fatal("strace is not installed")
	}
	if err != nil {
		t.Skip("strace is not installed")
	}
	steps := map[string]int{"opening": 2, "serving": 25, "closing": 2} // every so many calls
	if os.Getenv("ACQUIS_LONG") != "" {
		steps = map[string]int{"opening": 1, "serving": 1, "closing": 1}
	}
	var mu sync.Mutex
	faults := make(map[string]int) // by phase
	openedFull := 0
	var walks sync.WaitGroup
	atOnce := make(chan struct{}, 2*runtime.GOMAXPROCS(0)) // most of the time they wait for the disk to have room again
	for _, f := range everyFault() {
		walks.Go(func() {
			for f.n = 1; ; f.n += steps[f.phase] {
				atOnce <- struct{}{}
				met, report := tryFault(t, strace, f)
				<-atOnce
				if !met {
					return
				}
				mu.Lock()
				faults[f.phase]++
				if f.phase == "opening" && report.Opened == "" {
					openedFull++
				}
				mu.Unlock()
			}
		})
	}
	walks.Wait()
	for _, phase := range faultPhases {
		if faults[phase] == 0 {
			t.Errorf("no fault in %s", phase)
		}
	}
	if openedFull == 0 {
		t.Error("no store opened on a full disk")
	}
	t.Logf("faults: %v; in %d of those of opening the disk was full, but the store opened", faults, openedFull)
}

// everyFault lists the system calls that can fail in each phase, each at its
// first call.
func everyFault() (faults []fault) {
	for _, phase := range faultPhases {
		for call, errnos := range map[string][]string{
			"pwrite64":  {"EIO", "ENOSPC"},
			"fdatasync": {"EIO", "ENOSPC"}, // a sync can also find out that there is no room
			"fsync":     {"EIO"},
			"ftruncate": {"EIO", "ENOSPC"},
			"renameat":  {"EIO"}, // in opening: a new store gets its name
		} {
			for _, errno := range errnos {
				faults = append(faults, fault{phase: phase, call: call, errno: errno})
			}
		}
	}
	return faults
}

// A faultReport is what a child reports.
type faultReport struct {
	Opened  string
	Acts    []string // "", "read-only" or "unknown"
	Healed  bool     // a refused act was followed by an accepted one
	Closed  string
	Failure string // of the child itself
}

// tryFault runs a child with the fault, if there is such a call, and checks the
// store that it leaves.
func tryFault(t *testing.T, strace string, f fault) (met bool, report faultReport) {
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, faultPhases[0]), 0o700); err != nil {
		t.Error(err)
		return false, report
	}
	log := filepath.Join(home, "log")
	command := exec.Command(strace, "-f", "-o", log, "-e", "signal=none", "-e", "trace="+f.call,
		"-e", fmt.Sprintf("inject=%s:error=%s:when=%d", f.call, f.errno, f.n))
	names := []string{FileName, FileName + ".new"}
	if f.call == "fsync" {
		names = append(names, "") // of the folder
	}
	for _, name := range names {
		command.Args = append(command.Args, "-P", filepath.Join(home, f.phase, name))
	}
	command.Args = append(command.Args, "--", os.Args[0], "-test.run=^TestEveryFault$")
	command.Env = append(os.Environ(), faultHome+"="+home)
	var said bytes.Buffer
	command.Stderr = &said
	if err := command.Run(); err != nil {
		t.Errorf("%v: %v: %s", f, err, said.String())
		return false, report
	}
	if err := json.NewDecoder(bufio.NewReader(&said)).Decode(&report); err != nil || report.Failure != "" {
		t.Errorf("%v: %v: %+v", f, err, report)
		return false, report
	}
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Error(err)
		return false, report
	}
	if met = bytes.Contains(calls, []byte("(INJECTED)")); met {
		report.check(t, f)
	}
	checkFaulted(t, f, home, report)
	return met, report
}

// check compares what the child was told with what the documentation promises.
func (r faultReport) check(t *testing.T, f fault) {
	t.Helper()
	refused := 0
	for _, act := range r.Acts {
		if act != "" {
			refused++
		}
	}
	heals := f.call == "pwrite64" && f.errno == "ENOSPC"
	switch {
	case f.phase == "opening" && r.Opened == "" && !heals:
		t.Errorf("%v: the store opened: %+v", f, r)
	case f.phase == "serving" && refused == 0:
		t.Errorf("%v: the fault was not reported: %+v", f, r)
	case f.phase == "serving" && heals != r.Healed:
		t.Errorf("%v: healed %v: %+v", f, r.Healed, r)
	case f.phase == "closing" && (r.Closed == "" || refused > 0):
		t.Errorf("%v: the store was closed: %+v", f, r)
	}
}

// liveThroughFault is the child: it opens a store, makes acts one by one, and
// closes the store. Both of its goroutines that write stay on their threads,
// because strace counts calls by thread.
func liveThroughFault(t *testing.T, home string) {
	runtime.LockOSThread()
	var r faultReport
	defer func() {
		if err := json.NewEncoder(os.Stderr).Encode(r); err != nil {
			t.Error(err)
		}
	}()
	dirs := make([]string, len(faultPhases))
	for i, phase := range faultPhases {
		dirs[i] = filepath.Join(home, phase)
	}
	s, err := engine.open(dirs[0], store.Opening{})
	if err != nil {
		r.Opened = err.Error()
		return
	}
	if err := os.Rename(dirs[0], dirs[1]); err != nil {
		r.Failure = err.Error()
	}
	for n := uint64(1); n <= faultActs || s.Health() == nil && r.Acts[len(r.Acts)-1] != ""; n++ {
		r.Acts = append(r.Acts, r.outcome(s, s.faultAct(n)))
	}
	if err := os.Rename(dirs[1], dirs[2]); err != nil {
		r.Failure = err.Error()
	}
	if err := s.Close(); err != nil {
		r.Closed = err.Error()
	}
}

// outcome names an error of an update, and waits for a full disk to have room
// again.
func (r *faultReport) outcome(s *Store, err error) string {
	switch {
	case err == nil:
		r.Healed = r.Healed || len(r.Acts) > 0 && r.Acts[len(r.Acts)-1] != ""
		return ""
	case errors.Is(err, store.ErrUnknownOutcome):
		return "unknown"
	case !errors.Is(err, store.ErrReadOnly):
		r.Failure = err.Error()
	}
	if s.Health() == nil {
		r.Failure = "a store that refuses writes reports that it is healthy"
	}
	for deadline := time.Now().Add(time.Minute); s.progress.failure() == nil && s.Health() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.Failure = "the disk has room, but the store does not find out"
			break
		}
	}
	return "read-only"
}

// faultAct makes act n: two records, one of them sometimes larger than a page,
// and an index entry; it removes the index entry of the act before the previous
// one.
func (s *Store) faultAct(n uint64) error {
	return s.Update(context.Background(), store.Act{}, func(w store.Writer) error {
		runtime.LockOSThread() // repeated calls have no further effect on the writer
		key := store.Key(n)
		return errors.Join(
			w.Put(store.KindCandidacy, key, make([]byte, 200)),
			w.Put(store.KindAssessment, key, make([]byte, 100+n%3*6000)),
			w.Put(store.KindName, key, key),
			w.Delete(store.KindName, store.Key(n-2)),
		)
	})
}

// checkFaulted opens the store that a child left in any phase.
func checkFaulted(t *testing.T, f fault, home string, r faultReport) {
	t.Helper()
	dir := ""
	for _, phase := range faultPhases {
		if _, err := os.Stat(filepath.Join(home, phase)); err == nil {
			dir = filepath.Join(home, phase)
		}
	}
	s, err := engine.open(dir, store.Opening{})
	if err != nil {
		t.Errorf("%v: %v", f, err)
		return
	}
	var events []*storepb.Event
	err = s.View(context.Background(), func(v store.Reader) (err error) {
		if err := wholeActs(v, r.Acts); err != nil {
			return err
		}
		events, err = v.Events(0, 1<<30)
		return err
	})
	if err := errors.Join(err, write(s, "after"), s.Close()); err != nil {
		t.Errorf("%v: %v: %+v", f, err, r)
	}
	storetest.CheckJournal(t, events)
}

// wholeActs: an acknowledged act is there, a refused one is not, and one of
// unknown outcome is there completely or not at all.
func wholeActs(r store.Reader, acts []string) error {
	has := func(kind store.KindID, n int) bool {
		_, err := r.Get(kind, store.Key(uint64(n)))
		return err == nil
	}
	events := 0
	for n := range len(acts) + 3 {
		outcome := "read-only"
		if n > 0 && n <= len(acts) {
			outcome = acts[n-1]
		}
		there := has(store.KindCandidacy, n)
		if there {
			events++
		}
		switch {
		case there != has(store.KindAssessment, n), has(store.KindName, n) != (there && !has(store.KindCandidacy, n+2)):
			return fmt.Errorf("only half of act %d is there", n)
		case there && outcome == "read-only":
			return fmt.Errorf("act %d was refused, but is there", n)
		case !there && outcome == "":
			return fmt.Errorf("act %d was acknowledged, but is lost", n)
		}
	}
	found, err := r.Events(0, 1<<30)
	if len(found) != events {
		return fmt.Errorf("%d events of %d acts", len(found), events)
	}
	return err
}
