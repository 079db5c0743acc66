package services

import (
	"strconv"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/checkpoint"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
)

// opened is a checkpoint whose signature was checked.
func (s *stage) opened(note string) checkpoint.Checkpoint {
	s.Helper()
	made, err := checkpoint.Open([]byte(note), checkpoint.Verifiers(s.core.notary.Keys()))
	must(s, err)
	return made
}

func (s *stage) checkpoint() *acquispb.Checkpoint {
	s.Helper()
	return ask(s.anybody, s.GetCheckpoint, &acquispb.GetCheckpointRequest{Name: "checkpoint"})
}

func hashes(list [][]byte) (all []tlog.Hash) {
	for _, h := range list {
		all = append(all, tlog.Hash(h))
	}
	return all
}

// TestCheckpointIsSigned: anybody gets a signed checkpoint, and the next one
// provably extends it.
func TestCheckpointIsSigned(t *testing.T) {
	s := newStage(t)
	first := s.checkpoint()
	signed := s.opened(first.GetCheckpoint())
	if first.GetName() != "checkpoint" || first.GetOrigin() != signed.Origin || first.GetOrigin() == "" || uint64(first.GetTreeSize()) != signed.Size ||
		tlog.Hash(first.GetRootHash()) != signed.Root || len(first.GetKeys()) != 1 || first.GetKeys()[0] != s.core.notary.Keys()[0].String() {
		t.Errorf("the checkpoint is %v, what was signed %v", first, signed)
	}
	s.candidate("camille")
	second := s.checkpoint()
	if second.GetTreeSize() <= first.GetTreeSize() {
		t.Fatalf("the next checkpoint covers %d events, not more than %d", second.GetTreeSize(), first.GetTreeSize())
	}
	for what, to := range map[string]int64{"to the latest": 0, "to a named size": second.GetTreeSize()} {
		p := ask(s.anybody, s.GetConsistencyProof, &acquispb.GetConsistencyProofRequest{Name: "checkpoint", From: first.GetTreeSize(), To: to})
		if to > 0 && p.GetTo() != to || p.GetFrom() != first.GetTreeSize() {
			t.Errorf("%s: the proof is from %d to %d", what, p.GetFrom(), p.GetTo())
		}
		root := tlog.Hash(second.GetRootHash())
		if p.GetTo() != second.GetTreeSize() { // signed since
			root = tlog.Hash(s.checkpoint().GetRootHash())
		}
		if err := tlog.CheckTree(hashes(p.GetHashes()), p.GetTo(), root, p.GetFrom(), tlog.Hash(first.GetRootHash())); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	prove := func(from, to int64) string {
		return try(s.anybody, s.GetConsistencyProof, &acquispb.GetConsistencyProofRequest{Name: "checkpoint", From: from, To: to})
	}
	if got := prove(1, 1000); got != "INVALID_FIELD at to" {
		t.Errorf("to more than was signed: %q", got)
	}
	if got := prove(3, 2); got != "INVALID_FIELD at from" {
		t.Errorf("backwards: %q", got)
	}
}

// TestEventIsIncluded: each event leads to a signed root, of the latest tree or
// of an earlier one.
func TestEventIsIncluded(t *testing.T) {
	s := newStage(t)
	s.candidate("camille")
	last := s.checkpoint()
	prove := func(name string, size int64) *acquispb.InclusionProof {
		return ask(s.auditor, s.GetInclusionProof, &acquispb.GetInclusionProofRequest{Name: name, TreeSize: size})
	}
	for _, event := range ask(s.auditor, s.ListEvents, &acquispb.ListEventsRequest{}).GetEvents() {
		if event.GetSequence() > last.GetTreeSize() {
			continue
		}
		p := prove(event.GetName()+"/inclusionProof", last.GetTreeSize())
		if p.GetName() != event.GetName()+"/inclusionProof" || p.GetSequence() != event.GetSequence() || p.GetTreeSize() != last.GetTreeSize() {
			t.Errorf("the proof is %v", p)
		}
		if err := tlog.CheckRecord(hashes(p.GetHashes()), p.GetTreeSize(), tlog.Hash(last.GetRootHash()), p.GetSequence()-1, tlog.RecordHash(p.GetLeaf())); err != nil {
			t.Errorf("%s: %v", event.GetName(), err)
		}
	}
	latest := prove("events/1/inclusionProof", 0)
	signed := s.opened(latest.GetCheckpoint())
	if uint64(latest.GetTreeSize()) != signed.Size {
		t.Errorf("a proof of %d events has a checkpoint of %d", latest.GetTreeSize(), signed.Size)
	}
	if err := tlog.CheckRecord(hashes(latest.GetHashes()), latest.GetTreeSize(), signed.Root, 0, tlog.RecordHash(latest.GetLeaf())); err != nil {
		t.Error(err)
	}
	if earlier := prove("events/1/inclusionProof", 2); earlier.GetCheckpoint() != "" || earlier.GetTreeSize() != 2 {
		t.Errorf("a proof for a tree that was not signed last is %v", earlier)
	}
	for _, c := range []struct {
		name string
		size int64
		want string
	}{
		{"events/3/inclusionProof", 2, "INVALID_FIELD at treeSize"},
		{"events/1/inclusionProof", 1000, "INVALID_FIELD at treeSize"},
		{"events/1000/inclusionProof", 0, "NOT_FOUND events/1000/inclusionProof"},
		{"events/999999999999999999/inclusionProof", 0, "NOT_FOUND events/999999999999999999/inclusionProof"},
	} {
		if got := try(s.auditor, s.GetInclusionProof, &acquispb.GetInclusionProofRequest{Name: c.name, TreeSize: c.size}); got != c.want {
			t.Errorf("%s in %d: %q", c.name, c.size, got)
		}
	}
}

// TestDecisionIsProven: a decision's public act leads to a signed checkpoint.
func TestDecisionIsProven(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	for _, d := range s.decided("juin", "camille", met, "B2", "B3").GetDecisions() {
		p := ask(s.reader, s.GetDecisionProof, &acquispb.GetDecisionProofRequest{Name: d.GetName() + "/proof"})
		act := new(storepb.DecisionAct)
		must(t, proto.Unmarshal(p.GetAct(), act))
		if p.GetName() != d.GetName()+"/proof" || act.GetBloc() != d.GetBloc() || !act.GetDecideTime().AsTime().Equal(d.GetDecideTime().AsTime()) {
			t.Errorf("the proof of %s is of %v", d.GetName(), act)
		}
		uid, err := strconv.ParseUint(segment(d.GetName(), 3), 10, 64)
		must(t, err)
		digest := store.ActDigest(&storepb.Decision{Uid: uid, Act: p.GetAct(), ActSalt: p.GetActSalt()})
		root := tlog.Hash(p.GetLeaf()[len(p.GetLeaf())-tlog.HashSize:])
		if err := tlog.CheckRecord(hashes(p.GetActHashes()), int64(p.GetActCount()), root, int64(p.GetActIndex()), tlog.RecordHash(digest)); err != nil {
			t.Errorf("the act is not in its leaf: %v", err)
		}
		signed := s.opened(p.GetCheckpoint())
		if uint64(p.GetTreeSize()) != signed.Size {
			t.Errorf("the proof is of %d events, the checkpoint of %d", p.GetTreeSize(), signed.Size)
		}
		if err := tlog.CheckRecord(hashes(p.GetHashes()), p.GetTreeSize(), signed.Root, p.GetSequence()-1, tlog.RecordHash(p.GetLeaf())); err != nil {
			t.Errorf("the leaf is not in the tree: %v", err)
		}
	}
	if got := try(s.reader, s.GetDecisionProof, &acquispb.GetDecisionProofRequest{Name: "candidates/camille/decisions/1/proof"}); got != "NOT_FOUND candidates/camille/decisions/1" {
		t.Errorf("of something that does not exist: %q", got)
	}
}

// TestJournalIsInDoubt: if the journal does not extend what was signed, nothing
// is signed, and callers get that error.
func TestJournalIsInDoubt(t *testing.T) {
	s := newStage(t)
	s.checkpoint()
	must(t, s.store.Update(t.Context(), store.Act{Time: s.clock.Now()}, func(w store.Writer) error {
		last, err := store.Checkpoints.Get(w, store.LatestCheckpoint())
		must(t, err)
		last.Root[0]++
		return store.Checkpoints.Put(w, store.LatestCheckpoint(), last)
	}))
	s.candidate("camille")
	if got := try(s.anybody, s.GetCheckpoint, &acquispb.GetCheckpointRequest{Name: "checkpoint"}); got != "JOURNAL_IN_DOUBT" {
		t.Errorf("got %q", got)
	}
}
