package verify_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
	"github.com/acquis-eval/acquis/verify"
)

// TestTamperings is somebody who knows this code and can write the file, but has
// no signing key, and does random changes to a store: every operation on every
// kind of record under every cover. What verify accepts must be of one of the
// classes in docs/threat-model.md, which is decided by comparing both stores
// (accepted), not by verify. The long form is ten histories, and 21 tamperings
// for each kind, operation and cover; a tampering can be repeated by its name,
// from which its seed is derived.
func TestTamperings(t *testing.T) {
	histories, each, events := 2, 1, 40
	if world.Long() {
		histories, each, events = 10, 21, 90
	}
	results := newTable()
	var vaults []*vault
	for seed := range histories {
		vaults = append(vaults, vaultOf(t, uint64(seed)+1, 1, events, true))
		checkUntouched(t, vaults[seed])
	}
	began := time.Now()
	var all sync.WaitGroup
	for _, kind := range store.Kinds() {
		for _, o := range deeds {
			all.Go(func() {
				for n := range each {
					try(t, results, vaults[n%histories], n%histories+1, n, kind, o)
				}
			})
		}
	}
	all.Wait()
	t.Logf("%v", time.Since(began).Round(time.Millisecond))
	results.print(t)
	if world.Long() {
		results.complete(t, 5000, 20)
	}
}

func checkUntouched(t *testing.T, v *vault) {
	t.Helper()
	report, err := v.tampered(func(*tamperer) error { return nil }, verify.Options{Checkpoint: v.note})
	world.Must(t, err)
	for _, f := range report.Findings {
		t.Errorf("untouched: %v", f)
	}
}

// try tampers once. If that is impossible in a history, or changes nothing, it
// tries a few other choices.
func try(t *testing.T, results *table, v *vault, history, n int, kind store.KindID, o deed) {
	for again := range 30 {
		name := fmt.Sprintf("history %d, tampering %d.%d: %v %s", history, n, again, kind, o.name)
		hash := fnv.New64a()
		_, _ = hash.Write([]byte(name))
		x := &attempt{vault: v, tamperer: v.tamperer(), rng: rand.New(rand.NewPCG(hash.Sum64(), 0)), kind: kind}
		if !o.do(x) || v.same(x.tamperer) {
			continue
		}
		report, err := verify.Verify(t.Context(), x.tamperer, verify.Options{Checkpoint: v.note, Limit: 1})
		if err != nil {
			t.Errorf("%s: %s: %v", name, x, err)
			return
		}
		cell := cell{kind, o.name}
		if !report.OK() {
			results.add(cell, found)
			return
		}
		class, lost := v.accepted(x.tamperer)
		if lost != "" {
			t.Errorf("%s: %s: accepted, and %s", name, x, lost)
		}
		results.add(cell, class)
		return
	}
}

// A class is the result of a tampering.
type class int

const (
	found       class = iota
	later             // only acts after the checkpoint, or what these may erase
	checkpoints       // the store's own are missing or older; the one outside is not
	memory            // of request ids
)

var classes = []string{"found", "later", "checkpoints", "memory"}

// A cell is one kind of record and one operation.
type cell struct {
	kind      store.KindID
	operation string
}

// A table counts results of tamperings.
type table struct {
	mu    sync.Mutex
	cells map[cell][]int // by class
}

func newTable() *table { return &table{cells: make(map[cell][]int)} }

func (t *table) add(c cell, as class) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cells[c] == nil {
		t.cells[c] = make([]int, len(classes))
	}
	t.cells[c][as]++
}

func sum(counts []int) (n int) {
	for _, count := range counts {
		n += count
	}
	return n
}

// print shows the table: a row for each kind; each cell has how many were
// detected of those tried, and the classes of those accepted.
func (t *table) print(tb testing.TB) {
	var s strings.Builder
	total := make([]int, len(classes))
	for _, kind := range store.Kinds() {
		fmt.Fprintf(&s, "\n%v:", kind)
		for _, o := range deeds {
			counts := t.cells[cell{kind, o.name}]
			if sum(counts) == 0 {
				continue
			}
			fmt.Fprintf(&s, "\n    %-28s %3d tried, %3d found", o.name, sum(counts), counts[found])
			for i, n := range counts {
				total[i] += n
				if i > 0 && n > 0 {
					fmt.Fprintf(&s, ", %d accepted (%s)", n, classes[i])
				}
			}
		}
	}
	fmt.Fprintf(&s, "\nall: %d tried", sum(total))
	for i, n := range total {
		fmt.Fprintf(&s, ", %d %s", n, classes[i])
	}
	tb.Log(s.String())
}

// complete requires that enough was tried of everything that can be done.
func (t *table) complete(tb testing.TB, all, each int) {
	n := 0
	for _, kind := range store.Kinds() {
		for _, o := range deeds {
			tried := sum(t.cells[cell{kind, o.name}])
			n += tried
			if tried < each && !slices.ContainsFunc(impossible, func(c cell) bool { return c.kind == kind && strings.HasPrefix(o.name, c.operation) }) {
				tb.Errorf("%v: %s: only %d tried", kind, o.name, tried)
			}
		}
	}
	if n < all {
		tb.Errorf("only %d tamperings", n)
	}
}
