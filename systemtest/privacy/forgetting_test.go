package privacy

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/storetest"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestForgettingListsWhatItErased: a forgetting lists exactly the records and
// event bodies that were erased; the journal is complete, and its tree unchanged.
func TestForgettingListsWhatItErased(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	forgettable(w)
	clock, keys := w.Clock, w.Keys
	stop()
	before, leaves, _ := inventory(t, dir)
	w, stop = world.Start(t, dir)
	w.Clock, w.Keys = clock, keys
	for _, candidate := range []string{"c-001", "c-002"} {
		w.Do("registrar", "POST", "/v1/candidates/"+candidate+":forget", `{"ground":"OBJECTION"}`)
	}
	stop()
	after, leavesAfter, listed := inventory(t, dir)
	var gone []string
	for name := range before {
		if !after[name] {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	slices.Sort(listed)
	if diff := cmp.Diff(gone, listed); diff != "" || len(gone) < 15 {
		t.Errorf("%d are erased, but the list differs:\n%s", len(gone), diff)
	}
	if diff := cmp.Diff(leaves, leavesAfter[:len(leaves)]); diff != "" {
		t.Errorf("leaves changed:\n%s", diff)
	}
	kinds := make(map[string]int)
	for _, name := range gone {
		var kind string
		_, _ = fmt.Sscan(name, &kind)
		kinds[kind]++
	}
	t.Logf("gone: %v", kinds)
	if !slices.Equal(slices.Sorted(maps.Keys(kinds)), []string{"casefile", "event", "personal"}) {
		t.Error("the kinds erased are not the expected ones")
	}
}

// inventory names every journaled record and event body in a store at rest,
// hashes every leaf, and lists everything that forgettings list.
func inventory(t *testing.T, dir string) (names map[string]bool, leaves []string, listed []string) {
	t.Helper()
	s := world.OpenStore(t, dir)
	defer func() { world.Must(t, s.Close()) }()
	names = make(map[string]bool)
	world.Must(t, s.View(t.Context(), func(r store.Reader) error {
		for kind := store.KindID(1); kind.Journaled(); kind++ {
			records, err := r.Scan(kind, nil, nil, 1<<20)
			world.Must(t, err)
			for _, record := range records {
				names[fmt.Sprintf("%v %x", kind, record.Key)] = true
			}
		}
		events, err := r.Events(0, 1<<20)
		world.Must(t, err)
		storetest.CheckJournal(t, events)
		for _, event := range events {
			leaves = append(leaves, store.LeafHash(event).String())
			if event.GetBody() != nil {
				names[fmt.Sprintf("%v %x", store.KindEvent, store.SequenceKey(event.GetSequence()))] = true
			}
		}
		forgettings, err := store.Forgettings.All(r, nil)
		for _, f := range forgettings {
			for _, erased := range f.GetErased() {
				listed = append(listed, fmt.Sprintf("%v %x", store.KindID(erased.GetKind()), erased.GetKey()))
			}
		}
		return err
	}))
	return names, leaves, listed
}
