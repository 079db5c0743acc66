package server

import (
	"fmt"
	"slices"
	"testing"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/bolt"
)

// TestAccessesAreBounded: who reads many files in one hour leaves several records
// of bounded size, and each candidate is found in theirs.
func TestAccessesAreBounded(t *testing.T) {
	s, err := bolt.Open(t.TempDir(), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	const count = 2*maxAccessList + 50
	var reads []access
	err = s.Update(t.Context(), store.Act{RPC: "test", Time: time.Now()}, func(w store.Writer) error {
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
		return putAccesses(w, append(reads, reads[7]))
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
