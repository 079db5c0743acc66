package bolt

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/storetest"
)

const (
	crashDir     = "ACQUIS_TEST_CRASH_DIR" // makes TestCrash the child
	crashWriters = 16
	crashRounds  = 15 // of one store, which is checked completely after each
)

// TestCrash repeatedly kills a process during 16 concurrent writers. Every
// acknowledged write must be there, and the journal must be complete.
func TestCrash(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv(crashDir); dir != "" {
		writeUntilKilled(t, dir)
		return
	}
	stores := 1
	if os.Getenv("ACQUIS_LONG") != "" {
		stores = 67
	}
	total := 0
	for range stores {
		dir := t.TempDir()
		var acknowledged []uint64
		for range crashRounds {
			acknowledged = append(acknowledged, killedWriters(t, dir)...)
			checkCrashed(t, dir, acknowledged)
		}
		total += len(acknowledged)
	}
	t.Logf("%d rounds, %d acknowledged writes, none lost", stores*crashRounds, total)
}

// writeUntilKilled writes, and prints each uid once its update has returned.
func writeUntilKilled(t *testing.T, dir string) {
	s := open(t, dir)
	var mu sync.Mutex
	var writers sync.WaitGroup
	for range crashWriters {
		writers.Go(func() {
			for {
				uid, err := s.crashWrite()
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				err = binary.Write(os.Stderr, binary.BigEndian, uid)
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	writers.Wait()
}

// crashWrite writes a record under a new uid, one more under the next, and an
// index from one to the other.
func (s *Store) crashWrite() (uid uint64, err error) {
	err = s.Update(context.Background(), store.Act{Time: time.Now()}, func(w store.Writer) error {
		if uid, err = w.NewUID(); err != nil {
			return err
		}
		key := binary.BigEndian.AppendUint64(nil, uid)
		for _, kind := range []store.KindID{store.KindCandidacy, store.KindAssessment, store.KindName} {
			if err := w.Put(kind, key, make([]byte, 200)); err != nil {
				return err
			}
		}
		return nil
	})
	return uid, err
}

// killedWriters runs a child, kills it at a random moment and returns the uids
// that it printed.
func killedWriters(t *testing.T, dir string) []uint64 {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestCrash$")
	child.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := child.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var uids []uint64
	printed := bufio.NewReader(out)
	for {
		var uid uint64
		if err := binary.Read(printed, binary.BigEndian, &uid); err != nil {
			break // killed: a number may be cut short
		}
		if len(uids) == 0 { // the child has begun to write
			time.AfterFunc(time.Duration(rand.IntN(150))*time.Millisecond, func() { _ = child.Process.Kill() })
		}
		uids = append(uids, uid)
	}
	rest, _ := io.ReadAll(printed)
	if err := child.Wait(); err == nil || len(uids) == 0 {
		t.Fatalf("the child was not killed: %v, %d writes, %q", err, len(uids), rest)
	}
	return uids
}

func checkCrashed(t *testing.T, dir string, acknowledged []uint64) {
	t.Helper()
	s := open(t, dir)
	defer s.Close() //nolint:errcheck // the next round shows
	var events []*storepb.Event
	err := s.View(context.Background(), func(r store.Reader) (err error) {
		for _, uid := range acknowledged {
			key := binary.BigEndian.AppendUint64(nil, uid)
			for _, kind := range []store.KindID{store.KindCandidacy, store.KindAssessment, store.KindName} {
				if _, err := r.Get(kind, key); err != nil {
					return fmt.Errorf("kind %v, uid %d: %w", kind, uid, err)
				}
			}
		}
		records, err := r.Scan(store.KindCandidacy, nil, nil, 1<<30)
		if err != nil {
			return err
		}
		events, err = r.Events(0, 1<<30)
		if len(events) != len(records) || s.uid < uint64(len(records)) {
			t.Errorf("%d events for %d records, uid %d", len(events), len(records), s.uid)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	storetest.CheckJournal(t, events)
}
