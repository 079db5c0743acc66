package main

import (
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

func newBench(t *testing.T) *bench {
	b := &bench{ctx: t.Context(), form: quick, dir: t.TempDir(), out: t.Output()}
	t.Cleanup(func() {
		for i := len(b.exits) - 1; i >= 0; i-- {
			b.exits[i]()
		}
	})
	if err := b.build(); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSeed: a copied candidacy is, to whoever asks the server, what the API made;
// the jury decides it (openStore has it do so), and the file is sound.
func TestSeed(t *testing.T) {
	b := newBench(t)
	w, err := b.openStore(sessionSize + 20)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.decisions) != 5*6 { // 4 blocs and the award, of a twentieth
		t.Errorf("%d decisions, not 30", len(w.decisions))
	}
	made := gridAt(t, w, 0)
	for _, at := range []place{7, sessionSize + 19} { // in the first session and in another
		copied := gridAt(t, w, at)
		if copied.GetCandidate() != "candidates/"+at.candidate() {
			t.Errorf("%s is of %s", at.candidacy(), copied.GetCandidate())
		}
		own := protocmp.IgnoreFields(&acquispb.Grid{}, "name", "candidate", "etag", "state") // the first is decided
		if diff := cmp.Diff(made, copied, protocmp.Transform(), own); diff != "" {
			t.Errorf("%s differs from what the API made: %s", at.candidacy(), diff)
		}
	}
	last := place(sessionSize + 19)
	if got := listed(t, w, "sessions/"+last.session(), ""); got != 20 {
		t.Errorf("the second session lists %d candidacies, not 20", got)
	}
	if got := listed(t, w, "sessions/-", `candidate = "candidates/`+last.candidate()+`"`); got != 1 {
		t.Errorf("the last candidate has %d candidacies, not 1", got)
	}
	if got := verdictsOf(made); got != 58 {
		t.Errorf("the mould has %d verdicts, not 58", got)
	}
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(b.acquis, "compact", "--data-dir", w.dir).CombinedOutput(); err != nil {
		t.Errorf("the file is not sound: %s", out)
	}
	if w.record < 50 || w.event < 200 {
		t.Errorf("a call stores %d and %d bytes: too little to be true", w.record, w.event)
	}
}

func gridAt(t *testing.T, w *world, at place) *acquispb.Grid {
	t.Helper()
	grid, err := acquispb.NewSessionServiceClient(w.conn).GetGrid(w.as(t.Context(), chair), &acquispb.GetGridRequest{Name: at.candidacy() + "/grid"})
	if err != nil {
		t.Fatal(err)
	}
	return grid
}

func listed(t *testing.T, w *world, parent, filter string) int {
	t.Helper()
	request := &acquispb.ListCandidaciesRequest{Parent: parent, Filter: filter, PageSize: 1000}
	page, err := acquispb.NewSessionServiceClient(w.conn).ListCandidacies(w.as(t.Context(), registrar), request)
	if err != nil {
		t.Fatal(err)
	}
	return len(page.GetCandidacies())
}

func verdictsOf(grid *acquispb.Grid) (count int) {
	for _, bloc := range grid.GetBlocs() {
		for _, competence := range bloc.GetCompetences() {
			for _, criterion := range competence.GetCriteria() {
				count += len(criterion.GetAssessments())
			}
		}
	}
	return count
}

// TestStretches: they lie behind one another, and calls stay within theirs.
func TestStretches(t *testing.T) {
	decided, deliberated, read, recorded := parts(1000)
	all := []stretch{decided, deliberated, read, recorded}
	end := place(0)
	for _, s := range all {
		if s.from != end || s.to <= s.from {
			t.Errorf("%v does not follow %d", s, end)
		}
		end = s.to
		for i := range 5000 {
			if at := s.at(i); at < s.from || at >= s.to {
				t.Fatalf("call %d of %v is at %d", i, s, at)
			}
		}
	}
	if end != 1000 {
		t.Errorf("they end at %d", end)
	}
	verdicts := 0
	for _, call := range recordings("x", true) {
		verdicts += len(call.GetAssessments())
	}
	if verdicts != 58 {
		t.Errorf("%d verdicts, not 58", verdicts)
	}
}

// TestDeliberationsSuffice: no form decides more candidacies than its smallest
// store has, nor so few that they say nothing.
func TestDeliberationsSuffice(t *testing.T) {
	for _, f := range []form{quick, normal, full} {
		_, deliberated, _, _ := parts(f.sizes[0])
		all := (len(f.sizes) - 1) * (f.rounds + 1) * f.deliberations()
		if f.deliberations() < 10 || all > int(deliberated.to-deliberated.from) {
			t.Errorf("form %s: %d a round, %d in all, of %d", f.name, f.deliberations(), all, deliberated.to-deliberated.from)
		}
	}
}
