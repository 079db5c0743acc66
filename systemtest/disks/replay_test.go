package disks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/rig"
	"github.com/acquis-eval/acquis/systemtest/world"
	"github.com/acquis-eval/acquis/verify"
)

// A replay goes through a recording and repeatedly cuts the power.
type replay struct {
	acts []storeAct // in the order of events

	syncs, commits, acknowledged int

	mu       sync.Mutex
	states   int
	failures []string
}

// A storeAct is an update, from its mark.
type storeAct struct {
	update int
	acked  bool
	puts   []rig.Put
}

// A cutTask is a power cut and what must be there after it.
type cutTask struct {
	cut      rig.PowerCut
	acts     []storeAct
	required int // at least so many of the acts
}

// run cuts the power in every n-th window between two syncs. Stores are opened in
// parallel, one per processor.
func (r *replay) run(t *testing.T, ops []rig.DiskOp, seed uint64, subsets, every int) {
	t.Helper()
	tasks := make(chan cutTask)
	var openers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		dir := t.TempDir()
		openers.Go(func() {
			for task := range tasks {
				r.try(dir, task)
			}
		})
	}
	d := rig.NewSimDisk()
	for i, op := range ops {
		last := i == len(ops)-1
		if op.What == rig.OpSync || op.What == rig.OpSyncDir || last {
			r.window(d, op, seed+uint64(i), subsets, every, tasks)
		}
		r.note(op)
		world.Must(t, d.Do(op))
	}
	close(tasks)
	openers.Wait()
}

// window cuts the power before a sync has ended. What was acknowledged by then
// must already have been on disk.
func (r *replay) window(d *rig.SimDisk, op rig.DiskOp, seed uint64, subsets, every int, tasks chan<- cutTask) {
	r.syncs++
	if f := d.Files[world.StoreFile]; op.File == world.StoreFile && f != nil && len(f.Pending) > 0 && f.Pending[len(f.Pending)-1].At < 2*4096 {
		r.commits++
	}
	if r.syncs%every != 0 {
		return
	}
	required := 0
	for i, a := range r.acts {
		if a.acked {
			required = i + 1
		}
	}
	for _, cut := range d.Cuts(seed, subsets) {
		cut.How = fmt.Sprintf("before sync %d ends, %s", r.syncs, cut.How)
		tasks <- cutTask{cut: cut, acts: slices.Clone(r.acts), required: required}
	}
}

// note keeps track of the store's updates and of those that it acknowledged.
func (r *replay) note(op rig.DiskOp) {
	switch {
	case op.What == rig.OpRestart:
		// The next process does not find what the process had not reached.
		r.acts = r.acts[:min(len(r.acts), int(op.At))]
		for i := range r.acts {
			r.acts[i].update = 0 // the next process starts counting again
		}
	case op.What != rig.OpMark:
	case op.Mark.Acked:
		for i := range r.acts {
			if r.acts[i].update == op.Mark.Update {
				r.acts[i].acked = true
				r.acknowledged++
			}
		}
	default:
		r.acts = append(r.acts, storeAct{update: op.Mark.Update, puts: op.Mark.Puts})
	}
}

func (r *replay) try(dir string, task cutTask) {
	err := task.cut.Put(dir, world.StoreFile, world.NewFile)
	if err == nil {
		err = task.check(dir)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.states++
	if err != nil {
		r.failures = append(r.failures, fmt.Sprintf("%s: %v", task.cut.How, err))
	}
}

// check verifies the store, which reads every page and derives everything from
// the records again; opens it; compares it with the acts; and writes to it.
func (task cutTask) check(dir string) error {
	if err := fits(dir); err != nil {
		return err
	}
	st, err := world.Engine().Open(dir, store.Opening{})
	if err != nil {
		return fmt.Errorf("it does not open: %w", err)
	}
	defer st.Close() //nolint:errcheck // closed below if everything is well
	ctx := context.Background()
	if err := st.View(ctx, task.holds); err != nil {
		return err
	}
	key := []byte("after the cut")
	if err := st.Update(ctx, store.Act{}, func(w store.Writer) error { return w.Put(store.KindName, key, key) }); err != nil {
		return fmt.Errorf("it takes no writes: %w", err)
	}
	return st.Close()
}

// fits verifies a store at rest; without a store there is nothing to check.
func fits(dir string) error {
	source, err := world.Engine().Look(dir)
	if errors.Is(err, store.ErrNoStore) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("it cannot be looked at: %w", err)
	}
	defer source.Close() //nolint:errcheck // only read from
	report, err := verify.Verify(context.Background(), source, verify.Options{})
	if err != nil {
		return fmt.Errorf("it cannot be verified: %w", err)
	}
	if !report.OK() {
		return fmt.Errorf("%d things do not fit, the first: %v", len(report.Findings)+report.More, report.Findings[0])
	}
	return nil
}

// holds compares all records with those that the first n acts left, where n is
// the number of events. Verifying has shown that the events match the records.
func (task cutTask) holds(r store.Reader) error {
	events, err := r.Events(0, 1<<30)
	if err != nil {
		return err
	}
	if n := len(events); n < task.required || n > len(task.acts) {
		return fmt.Errorf("%d acts are there, of %d that were acknowledged and %d begun", n, task.required, len(task.acts))
	}
	want := make(map[string][]byte)
	for _, a := range task.acts[:len(events)] {
		for _, p := range a.puts {
			if want[p.ID()] = p.Digest; p.Digest == nil {
				delete(want, p.ID())
			}
		}
	}
	for _, kind := range store.Kinds() {
		if !kind.Writable() {
			continue
		}
		records, err := r.Scan(kind, nil, nil, 1<<30)
		if err != nil {
			return err
		}
		for _, record := range records {
			id := rig.Put{Kind: kind, Key: record.Key}.ID()
			if !bytes.Equal(want[id], rig.Digest(record.Value)) {
				return fmt.Errorf("the %v %x is not what %d acts left", kind, record.Key, len(events))
			}
			delete(want, id)
		}
	}
	if len(want) > 0 {
		return fmt.Errorf("of %d acts %d records are missing", len(events), len(want))
	}
	return nil
}
