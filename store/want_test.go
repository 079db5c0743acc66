package store_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// distant is a layer that counts round trips: a Prefetch, or a read that was not
// announced.
type distant struct {
	store.Layer
	announced map[string]bool
	trips     int
}

func far(l store.Layer) *distant { return &distant{Layer: l, announced: map[string]bool{}} }

func (d *distant) Prefetch(wants ...store.Want) error {
	before := len(d.announced)
	for _, w := range wants {
		d.announced[fmt.Sprint(w)] = true
	}
	if len(d.announced) > before {
		d.trips++
	}
	return nil
}

func (d *distant) read(w store.Want) {
	if !d.announced[fmt.Sprint(w)] {
		d.trips++
	}
}

func (d *distant) Get(kind store.KindID, key []byte) ([]byte, error) {
	d.read(store.Want{Kind: kind, Key: key})
	return d.Layer.Get(kind, key)
}

func (d *distant) Scan(kind store.KindID, prefix, after []byte, limit int) ([]store.Record, error) {
	d.read(store.Want{Kind: kind, Key: prefix, After: after, Limit: limit})
	return d.Layer.Scan(kind, prefix, after, limit)
}

// TestAnnounced: the announcements of this package match its reads.
func TestAnnounced(t *testing.T) {
	j := newJournal(t)
	prefix, key := store.Key(7), store.Key(7, 1)
	j.update(t, store.Act{Time: noon}, func(w store.Writer) error {
		return errors.Join(
			w.Put(store.KindName, store.NameKey(store.CollectionSession, "juin"), store.Key(4)),
			store.Assessments.Put(w, key, &storepb.Assessment{Uid: 1}))
	})
	for what, c := range map[string]struct {
		want store.Want
		read func(store.Reader) error
	}{
		"One": {store.Assessments.One(key), func(r store.Reader) error { _, err := store.Assessments.Get(r, key); return err }},
		"Every": {store.Assessments.Every(prefix), func(r store.Reader) error {
			found, err := store.Assessments.All(r, prefix)
			if len(found) != 1 {
				t.Errorf("found %v", found)
			}
			return err
		}},
		"Listing": {store.Listing(store.KindSessionCandidacy, 7), func(r store.Reader) error {
			_, err := store.Candidacies.Listed(r, store.KindSessionCandidacy, 7)
			return err
		}},
		"Name": {store.Name(store.CollectionSession, "juin"), func(r store.Reader) error {
			_, err := store.Lookup(r, store.CollectionSession, "juin")
			return err
		}},
	} {
		d := far(j)
		r := store.NewReader(d)
		if err := errors.Join(r.Prefetch(c.want), c.read(r)); err != nil || d.trips != 1 {
			t.Errorf("%s: %d trips, %v", what, d.trips, err)
		}
	}
}

// TestGetMany: many records are one read, in the order of the requested keys; a
// missing one is an error. Listed reads the list and then the records.
func TestGetMany(t *testing.T) {
	const owner, many = 9, 600 // more than a page of Listed
	j := newJournal(t)
	var all []uint64
	j.update(t, store.Act{Time: noon}, func(w store.Writer) (err error) {
		for uid := uint64(1); uid <= many; uid++ {
			all = append(all, uid)
			err = errors.Join(err, store.Candidacies.Put(w, store.Key(uid), &storepb.Candidacy{Uid: uid}),
				w.Put(store.KindSessionCandidacy, store.Key(owner, uid), []byte{1}))
		}
		return err
	})
	d := far(j)
	got, err := store.Candidacies.GetMany(store.NewReader(d), [][]byte{store.Key(3), store.Key(1), store.Key(3)})
	if diff := cmp.Diff([]uint64{3, 1, 3}, uids(got)); diff != "" || err != nil || d.trips != 1 {
		t.Errorf("%s, %v after %d trips", diff, err, d.trips)
	}
	if _, err := store.Candidacies.GetMany(store.NewReader(j), [][]byte{store.Key(1), store.Key(many + 1)}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an absent one: %v", err)
	}
	d = far(j)
	listed, err := store.Candidacies.Listed(store.NewReader(d), store.KindSessionCandidacy, owner)
	if diff := cmp.Diff(all, uids(listed)); diff != "" || err != nil || d.trips != 4 {
		t.Errorf("%s, %v after %d trips", diff, err, d.trips)
	}
}

// TestEntryReadsOnce: everything needed for an entry is read below the draft at
// once; what the closure has read is not read again.
func TestEntryReadsOnce(t *testing.T) {
	j := newJournal(t)
	key := []byte("k")
	j.update(t, store.Act{Time: noon}, func(w store.Writer) error {
		return errors.Join(w.Put(store.KindKey, key, []byte("1")), w.Put(store.KindPersonal, store.Key(1), nil), w.Put(store.KindPersonal, store.Key(2), nil),
			store.Candidacies.Put(w, store.Key(3), &storepb.Candidacy{Uid: 3, CandidateUid: 4}))
	})
	for what, c := range map[string]struct {
		write func(store.Writer) error
		trips int
	}{
		"nothing": {func(store.Writer) error { return nil }, 0},
		"rewritten": {func(w store.Writer) error {
			return w.Put(store.KindSession, store.Key(5), nil)
		}, 0},
		"new, removed and amended": {func(w store.Writer) error {
			uid, err := w.NewUID()
			other, otherErr := w.NewUID()
			return errors.Join(err, otherErr, w.Put(store.KindSession, store.Key(uid), nil), w.Put(store.KindTie, store.Key(4, other), nil),
				w.Delete(store.KindPersonal, store.Key(1)), w.Delete(store.KindPersonal, store.Key(2)), w.Put(store.KindKey, key, []byte("2")))
		}, 1},
		"a verdict": {func(w store.Writer) error {
			uid, err := w.NewUID()
			return errors.Join(err, w.Prefetch(store.Candidacies.One(store.Key(3))), w.Put(store.KindAssessment, store.Key(3, uid), nil))
		}, 2},
	} {
		d := far(j)
		draft := store.NewDraft(d, 10)
		head := j.head
		if err := c.write(draft); err != nil {
			t.Fatal(err)
		}
		if _, err := draft.Entry(&head, store.Act{Time: noon}, new(counting)); err != nil || d.trips != c.trips {
			t.Errorf("%s: %d trips, want %d; %v", what, d.trips, c.trips, err)
		}
	}
}
