package services

import (
	"fmt"
	"slices"
	"testing"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// TestAccessesAreBounded: who reads many files in one hour leaves several records
// of bounded size, and each candidate is found in theirs.
func TestAccessesAreBounded(t *testing.T) {
	s := memstore.New()
	defer func() { _ = s.Close() }()
	const count = 2*maxAccessList + 50
	var reads []access
	err := s.Update(t.Context(), store.Act{RPC: "test", Time: time.Now()}, func(w store.Writer) error {
		reads = nil
		for i := range count {
			uid, err := w.NewUID()
			if err != nil {
				return err
			}
			label := fmt.Sprintf("c-%d", i)
			if err := store.Candidates.PutIndexed(w, store.Key(uid), &storepb.Candidate{Uid: uid, Label: label}); err != nil {
				return err
			}
			reads = append(reads, access{subject: "reader", rpc: "r", name: candidateName(label)})
		}
		return putAccesses(w, append(reads, reads[7]), time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(r store.Reader) error {
		all, err := store.Accesses.All(r, nil)
		if err != nil {
			return err
		}
		if len(all) != 3 || slices.ContainsFunc(all, func(a *storepb.Access) bool { return len(a.GetCandidateUids()) > maxAccessList }) {
			t.Errorf("%d records", len(all))
		}
		for _, read := range reads {
			uid, err := candidateOf(r, read.name)
			if err != nil {
				return err
			}
			found, err := store.Accesses.Listed(r, store.KindCandidateAccess, uid)
			if len(found) != 1 || !slices.Contains(found[0].GetCandidateUids(), uid) || err != nil {
				t.Errorf("%s is found in %v: %v", read.name, found, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAccessesAfterTheClockWasSetBack: a read of an hour that is yet to come, since
// the clock was set back before it was journaled, is noted in the hour of its event.
func TestAccessesAfterTheClockWasSetBack(t *testing.T) {
	s := memstore.New()
	defer func() { _ = s.Close() }()
	now := time.Date(2026, 6, 15, 9, 40, 0, 0, time.UTC)
	err := s.Update(t.Context(), store.Act{RPC: "test", Time: now}, func(w store.Writer) error {
		if err := store.Candidates.PutIndexed(w, store.Key(1), &storepb.Candidate{Uid: 1, Label: "c"}); err != nil {
			return err
		}
		early, late := now.Add(-time.Hour).Truncate(time.Hour), now.Add(time.Hour).Truncate(time.Hour)
		return putAccesses(w, []access{{"reader", "r", candidateName("c"), late}, {"reader", "s", candidateName("c"), early}}, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.View(t.Context(), func(r store.Reader) error {
		all, err := store.Accesses.All(r, nil)
		if len(all) != 2 || all[0].GetHourTime().AsTime().Hour() != 9 || all[1].GetHourTime().AsTime().Hour() != 8 {
			t.Errorf("noted: %v", all)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
