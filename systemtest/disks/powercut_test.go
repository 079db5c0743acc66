package disks

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/rig"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestPowerCut records what a server has its disk do, from the creation of its
// store, while callers write over gRPC. During this it is killed and restarted,
// then some of its syncs fail, at the end it is stopped. Then the power is cut:
// at every sync, and between two syncs with each part of the writes in between
// that the seeds choose. Each time the store must open, contain exactly the first
// n acts, with n at least the number acknowledged by the end of the later sync,
// and accept more.
//
// Then the same recording without every second sync, like a store that does not
// sync its pages before its header: this must fail.
func TestPowerCut(t *testing.T) {
	commits, subsets, every, failures := 200, 20, 1, 6
	if !world.Long() {
		commits, subsets, every, failures = 24, 6, 4, 2 // every fourth window
	}
	rec := recordStore(t, rig.Strace(t), commits, failures)
	seed := rand.Uint64()
	r := new(replay)
	r.run(t, rec.ops, seed, subsets, every)
	if r.commits < commits {
		t.Errorf("only %d commits", r.commits)
	}
	for _, failure := range r.failures {
		t.Error(failure)
	}
	t.Logf("%d commits, %d syncs, %d acts, %d of them acknowledged; %d power cuts, seed %x: %d stores that fail",
		r.commits, r.syncs, len(r.acts), r.acknowledged, r.states, seed, len(r.failures))

	careless := new(replay)
	careless.run(t, withoutDataSyncs(rec.ops), seed, subsets, 2*every)
	if len(careless.failures) == 0 {
		t.Error("a store that does not sync before it writes its header passes as well")
	}
	t.Logf("without every second sync: %d power cuts, %d stores that fail", careless.states, len(careless.failures))
}

// A recording is what happened to a disk, over several processes.
type recording struct {
	ops []rig.DiskOp
}

// recordStore has callers write to a recorded server, until it has made that many
// commits and that many processes have had a failed sync.
func recordStore(t *testing.T, strace string, commits, failures int) (rec recording) {
	t.Helper()
	home := t.TempDir()
	dir, marks := filepath.Join(home, "data"), filepath.Join(home, "marks")
	world.Must(t, os.Mkdir(dir, 0o700))
	first := authn.NewSecret()
	begin := func(n int, more ...string) (*rig.Child, *world.World, string) {
		log := filepath.Join(home, fmt.Sprint("recording-", n))
		under := rig.Recorder(strace, log, dir, filepath.Join(dir, world.StoreFile), filepath.Join(dir, world.NewFile), marks)
		under = slices.Insert(under, len(under)-1, more...)
		c, err := rig.StartChildUnder(t, dir, under, rig.ChildKey+"="+first.String(), rig.ChildMarks+"="+marks)
		world.Must(t, err)
		w := rig.In((&world.World{T: t, Keys: map[string]string{"admin": first.String()}, Routes: world.ReadRoutes()}), c)
		w.Send = func(w *world.World, key, method, path, body string) world.Answer {
			return w.REST(key, method, path, body)
		}
		return c, w, log
	}
	end := func(log string) {
		ops, err := rig.ReadRecording(log, dir, marks)
		world.Must(t, err)
		rec.ops = append(rec.ops, ops...)
		rec.restart(t, dir)
	}

	c, w, log := begin(0)
	populateForCrash(w)
	keys := w.Keys
	killed := make(chan []write)
	go func() { killed <- callers(c, keys["platform"], 0, 1<<30) }()
	for acked := 0; acked < commits/2; acked = countMarks(t, marks) {
		runtime.Gosched()
	}
	c.Kill()
	acknowledged := <-killed
	end(log)

	// Alternately a sync of pages fails, or one of a header, and all that follow.
	for round := 1; round <= failures; round++ {
		c, _, log = begin(round, "-e", fmt.Sprintf("inject=fdatasync:error=EIO:when=%d+", 8+round))
		acknowledged = append(acknowledged, callers(c, keys["platform"], round, 1<<30)...)
		c.Kill()
		end(log)
	}

	c, _, log = begin(failures + 1)
	acknowledged = append(acknowledged, callers(c, keys["platform"], failures+1, commits/2)...)
	world.Must(t, c.Stop())
	end(log)
	checkCrash(t, dir, keys, acknowledged)
	return rec
}

// restart adds what only the file itself shows after a process has ended: how
// many events it has, and the remains of a write in progress.
func (rec *recording) restart(t *testing.T, dir string) {
	t.Helper()
	d := rig.NewSimDisk()
	for _, op := range rec.ops {
		world.Must(t, d.Do(op))
	}
	rec.ops = append(rec.ops, d.Unfinished(t, dir)...)
	is, err := os.ReadFile(filepath.Join(dir, world.StoreFile))
	world.Must(t, err)
	copied := t.TempDir()
	world.Must(t, os.WriteFile(filepath.Join(copied, world.StoreFile), is, 0o600))
	st := world.OpenStore(t, copied)
	defer st.Close() //nolint:errcheck // a copy
	events := 0
	world.Must(t, st.View(t.Context(), func(r store.Reader) error {
		all, err := r.Events(0, 1<<30)
		events = len(all)
		return err
	}))
	rec.ops = append(rec.ops, rig.DiskOp{What: rig.OpRestart, At: int64(events)})
}

// callers make at most that many calls until the server ends, and return the
// acknowledged ones. Few call at once, so that there are many commits; some
// comments are longer than a page.
func callers(c *rig.Child, key string, round, calls int) (acknowledged []write) {
	ctx, cancel := context.WithTimeout(context.Background(), world.Patience)
	defer cancel()
	w := &world.World{Keys: map[string]string{"platform": key}}
	client := acquispb.NewSessionServiceClient(c.Conn)
	var mu sync.Mutex
	var all sync.WaitGroup
	const atOnce = 2
	for n := range atOnce {
		all.Go(func() {
			for i := range calls {
				request := crashRequest(round, n, i)
				request.Assessments[0].Comment = strings.Repeat("vu.", 1+(i%7)*(i%11)*20)
				if _, err := client.RecordAssessments(w.Bearing(ctx, "platform"), request); err != nil {
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, write{request})
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return acknowledged
}

// countMarks counts the updates that were acknowledged so far.
func countMarks(t *testing.T, marks string) int {
	t.Helper()
	raw, err := os.ReadFile(marks)
	world.Must(t, err)
	return bytes.Count(raw, []byte(`"Acked":true`))
}

// withoutDataSyncs leaves out each sync that is followed by another of the same
// file with one write between them: that write is the header's.
func withoutDataSyncs(ops []rig.DiskOp) (left []rig.DiskOp) {
	for i, op := range ops {
		if op.What == rig.OpSync && op.File == world.StoreFile && headerFollows(ops[i+1:]) {
			continue
		}
		left = append(left, op)
	}
	return left
}

func headerFollows(ops []rig.DiskOp) bool {
	for _, op := range ops {
		if op.What != rig.OpMark {
			return op.What == rig.OpWrite && op.At < 2*4096
		}
	}
	return false
}
