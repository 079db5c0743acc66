package store_test

import (
	"bytes"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// TestIndexOrigin: every entry derived from a record leads back to it, and
// belongs to a kind that is an index.
func TestIndexOrigin(t *testing.T) {
	d := store.NewDraft(nothing{}, 0)
	circumstances, err := proto.Marshal(&storepb.DecisionCircumstances{
		SessionUid: 3, MembersPresent: []*storepb.JuryMember{{Subject: "jury-1"}, {Subject: "jury-2"}},
	})
	must(t, err)
	must(t, store.Sessions.Put(d, store.Key(3), &storepb.Session{Uid: 3, Label: "s"}))
	candidacy := &storepb.Candidacy{Uid: 5, Label: "k", SessionUid: 3, CandidateUid: 2}
	must(t, store.Candidacies.PutIndexed(d, store.Key(5), candidacy))
	if uid, err := store.Lookup(d, store.CollectionCandidacy, "s/k"); err != nil || uid != 5 {
		t.Errorf("PutIndexed: the candidacy's name leads to %d (%v)", uid, err)
	}
	identity, err := proto.Marshal(&storepb.Identity{ExternalIds: []*storepb.ExternalId{{System: "lms", Id: "1"}, {System: "sis", Id: "1"}}})
	must(t, err)
	must(t, store.Personals.Put(d, store.Key(9), &storepb.Personal{CandidateUid: 2, Content: identity}))
	for _, c := range []struct {
		kind    store.KindID
		key     []byte
		record  proto.Message
		entries int
		origin  store.KindID // 0: the kind itself
	}{
		{store.KindRevision, store.Key(1), &storepb.ReferentielRevision{Id: "r", Content: &storepb.Referentiel{Id: "m"}}, 1, 0},
		{store.KindCandidate, store.Key(2), &storepb.Candidate{Uid: 2, Label: "c", Identity: &storepb.PersonalRef{Uid: 9}}, 3, 0},
		{store.KindCandidate, store.Key(2), &storepb.Candidate{Uid: 2, Label: "c", Identity: &storepb.PersonalRef{Uid: 10}}, 1, 0},
		{store.KindSession, store.Key(3), &storepb.Session{Uid: 3, Label: "s"}, 1, 0},
		{store.KindCandidacy, store.Key(5), candidacy, 3, 0},
		{store.KindAssessment, store.Key(5, 6), &storepb.Assessment{Uid: 6, Author: "a"}, 0, 0},
		{store.KindAssessment, store.Key(5, 6), &storepb.Assessment{Uid: 6, Author: "j", Settlements: []*storepb.SettlementLine{{}}}, 1, store.KindSession},
		{store.KindCaseFile, store.Key(5, 7), &storepb.CaseFile{Uid: 7, Author: "j", Entry: &storepb.CaseFile_Exemption{}}, 0, 0},
		{store.KindDecision, store.Key(8), &storepb.Decision{Uid: 8, CandidateUid: 2}, 1, 0},
		{store.KindTie, store.Key(2, 11), &storepb.Tie{}, 0, 0},
		{store.KindAttestation, store.Key(12), &storepb.Attestation{Uid: 12, DecisionUid: 8, CodeDigest: []byte("a"), CredentialDigest: []byte("b")}, 3, 0},
		{store.KindAccess, store.Key(13), &storepb.Access{Uid: 13, CandidateUids: []uint64{2, 4}}, 2, 0},
	} {
		entries, err := store.IndexOf(d, c.kind, c.key, c.record)
		if err != nil || len(entries) != c.entries {
			t.Errorf("%v: %d entries, want %d (%v)", c.kind, len(entries), c.entries, err)
		}
		for _, e := range entries {
			kind, key, ok := e.Origin()
			want := c.kind
			if c.origin != 0 {
				want = c.origin
			}
			if !ok || !e.Kind.Index() || kind != want || want == c.kind && string(key) != string(c.key) {
				t.Errorf("%v %x leads to %v %x (%v)", e.Kind, e.Key, kind, key, ok)
			}
		}
	}
	entries, err := store.IndexOf(d, store.KindDecision, store.Key(8), &storepb.Decision{Uid: 8, CandidateUid: 2, Circumstances: circumstances})
	if err != nil || len(entries) != 4 {
		t.Errorf("a decision of a jury: %d entries (%v)", len(entries), err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestReplay: a rebuilt tree has the stored hashes and the root of the log, and
// accepts no event out of order.
func TestReplay(t *testing.T) {
	j := newJournal(t)
	for range 13 {
		j.update(t, store.Act{}, func(w store.Writer) error { return w.Put(store.KindSession, []byte("x"), nil) })
	}
	var replay store.Replay
	events := j.events(t)
	for i, e := range events {
		hashes, err := replay.Append(e)
		must(t, err)
		if !slices.EqualFunc(hashes, e.GetHashes(), bytes.Equal) {
			t.Errorf("event %d has other hashes", i+1)
		}
	}
	if _, err := replay.Append(events[3]); err == nil {
		t.Error("an event was accepted twice")
	}
	root, err := replay.Root()
	must(t, err)
	if want, err := tlog.TreeHash(13, store.Tree(store.NewReader(j))); err != nil || root != want {
		t.Errorf("root %v, want %v (%v)", root, want, err)
	}
}

// TestPutIndexed: an entry that points elsewhere is corrected.
func TestPutIndexed(t *testing.T) {
	d := store.NewDraft(nothing{}, 0)
	name := store.NameKey(store.CollectionSession, "s")
	must(t, d.Put(store.KindName, name, store.Key(9)))
	for range 2 {
		must(t, store.Sessions.PutIndexed(d, store.Key(3), &storepb.Session{Uid: 3, Label: "s"}))
		if uid, err := store.Lookup(d, store.CollectionSession, "s"); err != nil || uid != 3 {
			t.Errorf("the name leads to %d (%v)", uid, err)
		}
	}
}
