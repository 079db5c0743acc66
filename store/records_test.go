package store_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// Lists are read page by page, whether the last page is full or not, and without
// the records of neighbours.
func TestListsOfManyPages(t *testing.T) {
	const owner = 7
	for _, many := range []uint64{0, 1, 512, 513, 1100} {
		t.Run(fmt.Sprint(many), func(t *testing.T) {
			j := newJournal(t)
			var want []uint64
			j.update(t, store.Act{Time: noon}, func(w store.Writer) error {
				errs := []error{putOwned(w, owner-1, 1), putOwned(w, owner+1, many+2)}
				for uid := uint64(2); uid < many+2; uid++ {
					errs = append(errs, putOwned(w, owner, uid))
					want = append(want, uid)
				}
				return errors.Join(errs...)
			})
			r := store.NewReader(j)
			ties, err := store.Ties.All(r, store.Key(owner))
			if diff := cmp.Diff(want, uids(ties)); err != nil || diff != "" {
				t.Errorf("All: %v\n%s", err, diff)
			}
			decisions, err := store.Decisions.Listed(r, store.KindCandidateDecision, owner)
			if diff := cmp.Diff(want, uids(decisions)); err != nil || diff != "" {
				t.Errorf("Listed: %v\n%s", err, diff)
			}
		})
	}
}

// putOwned writes a tie under its owner, and a decision that an index lists there.
func putOwned(w store.Writer, owner, uid uint64) error {
	return errors.Join(
		store.Ties.Put(w, store.Key(owner, uid), &storepb.Tie{CandidateUid: owner, Uid: uid}),
		store.Decisions.Put(w, store.Key(uid), &storepb.Decision{CandidateUid: owner, Uid: uid}),
		w.Put(store.KindCandidateDecision, store.Key(owner, uid), nil))
}

func uids[M interface{ GetUid() uint64 }](of []M) []uint64 {
	var all []uint64
	for _, m := range of {
		all = append(all, m.GetUid())
	}
	return all
}

// Names lead to the right uids, by collection and parent; unknown names are not
// found.
func TestNames(t *testing.T) {
	j := newJournal(t)
	j.update(t, store.Act{Time: noon}, func(w store.Writer) error {
		return errors.Join(
			w.Put(store.KindName, store.NameKey(store.CollectionSession, "juin"), store.Key(4)),
			w.Put(store.KindName, store.NameKey(store.CollectionCandidacy, store.CandidacyLabel("juin", "k")), store.Key(5)))
	})
	r := store.NewReader(j)
	for _, c := range []struct {
		collection store.Collection
		label      string
		want       uint64
	}{
		{store.CollectionSession, "juin", 4},
		{store.CollectionCandidacy, "juin/k", 5},
		{store.CollectionCandidacy, "juin", 0},
		{store.CollectionCandidate, "juin", 0},
		{store.CollectionSession, "jui", 0},
	} {
		uid, err := store.Lookup(r, c.collection, c.label)
		if uid != c.want || errors.Is(err, store.ErrNotFound) != (c.want == 0) {
			t.Errorf("%d/%s is %d, %v, want %d", c.collection, c.label, uid, err, c.want)
		}
	}
}

func TestKeysHoldUIDs(t *testing.T) {
	key := store.Key(1, 2, 1<<63)
	if first, last := store.FirstUID(key), store.LastUID(key); first != 1 || last != 1<<63 {
		t.Errorf("%x begins with %d and ends with %d", key, first, last)
	}
	if first, last := store.FirstUID(key[:7]), store.LastUID(key[:7]); first != 0 || last != 0 {
		t.Errorf("a short key begins with %d and ends with %d", first, last)
	}
}
