package linear

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/storetest"
	"github.com/acquis-eval/acquis/systemtest/rig"
	"github.com/acquis-eval/acquis/systemtest/world"
)

const (
	linGroups  = 8  // of callers, each on its own candidacies
	linCallers = 8  // of a group, all on one candidacy
	linEach    = 2  // candidacies that a group goes through
	linCalls   = 12 // that a caller makes on each
	linCheck   = world.Patience
)

// TestLinearizable: 64 callers at once on a real store, over gRPC and REST; some
// leave before they get an answer, some repeat their request. All answers must
// fit one order of all calls. Once on a good store and once on one that fails
// every write twice.
func TestLinearizable(t *testing.T) {
	for _, c := range []struct {
		store  string
		wrap   func(store.Store) store.Store
		habits linHabits
	}{
		{"good", func(s store.Store) store.Store { return s }, linHabits{leaves: 0.1, givesUp: 0.1}},
		{"Faulty", storetest.Faulty, linHabits{leaves: 0.05, givesUp: 0.03}},
	} {
		t.Run(c.store, func(t *testing.T) {
			var total linFigures
			for range linRounds(100) {
				dir := t.TempDir()
				prepared, stop := world.Start(t, dir)
				h := newLinHistory(prepared, linEach)
				stop()
				w, stop := world.StartOn(t, dir, c.wrap)
				w.Keys = prepared.Keys
				<-h.play(t.Context(), newLinPlace(w, true), c.habits)
				h.readLast(w)
				total.add(h.check(t))
				stop()
			}
			total.report(t)
		})
	}
}

// TestLinearizableAcrossKills: the same while the server is killed with SIGKILL
// and restarted on its store. Callers whose server ended repeat their request to
// the next one, or leave it open.
func TestLinearizableAcrossKills(t *testing.T) {
	var total linFigures
	for range linRounds(100) {
		dir := t.TempDir()
		w, stop := world.Start(t, dir)
		h := newLinHistory(w, linEach)
		stop()
		child := rig.StartChild(t, dir)
		place := newLinPlace(rig.In(w, child), false)
		done := h.play(t.Context(), place, linHabits{leaves: 0.1, givesUp: 0.1})
		for kill := range linKills {
			h.reaches((kill + 1) * linGroups * linCallers * linEach * linCalls / (linKills + 1))
			child.Kill()
			child = rig.StartChild(t, dir)
			place.move(rig.In(w, child))
			total.kills++
		}
		<-done
		h.readLast(place.now())
		child.Kill()
		total.add(h.check(t))
	}
	total.report(t)
}

// linKills is how often the server of one history is killed.
const linKills = 4

func linRounds(most int) int {
	if world.Long() {
		return most
	}
	return 1
}

// readLast reads the final state of every candidacy, after all other calls.
func (h *linHistory) readLast(w *world.World) {
	w.T.Helper()
	for _, candidacy := range h.candidacies() {
		for _, act := range []string{"grid", "ledger", "decisions"} {
			call := linCall{candidacy: candidacy, act: act}
			began := h.now()
			a, known, _ := call.request("jury-1", false).send(w.T.Context(), w)
			if !known {
				w.T.Fatalf("reading the %s of %s: %s", act, candidacy, a.Raw)
			}
			h.add(linGroups*linCallers, call, began, call.read(a))
		}
	}
	h.events = w.Events() - h.events
}

// linFigures count what tests have covered.
type linFigures struct {
	rounds, operations, candidacies, written, refused, stale, decided, repeated, open, kills, faults int
	checking                                                                                         time.Duration
	seeds                                                                                            []uint64
}

func (f *linFigures) add(g linFigures) {
	f.rounds++
	f.operations += g.operations
	f.candidacies += g.candidacies
	f.written += g.written
	f.refused += g.refused
	f.stale += g.stale
	f.decided += g.decided
	f.repeated += g.repeated
	f.open += g.open
	f.checking += g.checking
	f.seeds = append(f.seeds, g.seeds...)
}

// report fails if so little happened that the test shows nothing.
func (f linFigures) report(t *testing.T) {
	t.Helper()
	if f.decided+f.stale == 0 || f.written == 0 || f.refused == 0 || f.repeated == 0 || f.open == 0 {
		t.Error("hardly anything happened")
	}
	t.Logf("%d rounds, %d kills, %d faults of the disk: %d operations on %d candidacies; %d acts written, %d refused, %d stale, %d candidacies decided; "+
		"%d calls repeated, %d left open; checked in %v; seeds %x", f.rounds, f.kills, f.faults, f.operations, f.candidacies,
		f.written, f.refused, f.stale, f.decided, f.repeated, f.open, f.checking, f.seeds)
}

// check compares the history with the model, and the journal with the history: an
// event for every acknowledged act, and no others except for calls left open.
func (h *linHistory) check(t *testing.T) linFigures {
	t.Helper()
	f := linFigures{
		operations: len(h.operations), candidacies: linGroups * h.each,
		repeated: h.repeated, open: h.unknown, seeds: []uint64{h.seed},
	}
	for _, op := range h.operations {
		call, a := op.Input.(linCall), op.Output.(linAnswer)
		switch {
		case call.reads() || a.unknown:
		case a.code == "OK":
			f.written++
			if call.act == "deliberate" {
				f.decided++
			}
		case a.code == "ABORTED":
			f.stale++
		default:
			f.refused++
		}
	}
	if len(h.trouble) > 0 {
		t.Errorf("seed %x: %d calls got answers that no call may get, the first: %s", h.seed, len(h.trouble), h.trouble[0])
	}
	if h.events < f.written || h.events > f.written+f.open {
		t.Errorf("seed %x: %d acts were acknowledged and %d left open, %d events were written", h.seed, f.written, f.open, h.events)
	}
	began := time.Now()
	result, info := porcupine.CheckOperationsVerbose(linModel(), h.operations, linCheck)
	if result != porcupine.Ok {
		page := filepath.Join(t.ArtifactDir(), fmt.Sprintf("history-%x.html", h.seed))
		world.Must(t, porcupine.VisualizePath(linModel(), info, page))
		t.Errorf("seed %x: the checker says %s; run with -artifacts to keep %s", h.seed, result, page)
	}
	f.checking = time.Since(began)
	return f
}
