package store_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// counting is a source of salts that are the same in every run: 00 01 02 …
type counting byte

func (c *counting) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(*c)
		*c++
	}
	return len(b), nil
}

// A journal is a table and its head.
type journal struct {
	*store.Overlay
	head   store.Head
	random io.Reader
}

func newJournal(t *testing.T) *journal {
	t.Helper()
	return &journal{Overlay: table(t), random: new(counting)}
}

// update does what an engine does, and tells whether there was an event.
func (j *journal) update(t *testing.T, act store.Act, fn func(store.Writer) error) bool {
	t.Helper()
	d := store.NewDraft(j, 0)
	if err := fn(d); err != nil {
		t.Fatal(err)
	}
	before := j.head
	entry, err := d.Entry(&j.head, act, j.random)
	if err != nil {
		t.Fatal(err)
	}
	if entry == nil {
		return false
	}
	if err := entry.Store(j); err != nil {
		t.Fatal(err)
	}
	return j.head != before
}

func (j *journal) events(t *testing.T) []*storepb.Event {
	t.Helper()
	events, err := store.NewReader(j).Events(0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

var noon = time.Date(2026, 6, 15, 12, 0, 0, 123456789, time.UTC)

// TestGolden pins what is stored. If it fails, existing stores can no longer be
// read or proven: raise the format and keep reading the old one.
func TestGolden(t *testing.T) {
	j := newJournal(t)
	act := store.Act{
		Actor: "assessor-1", RPC: "acquis.v1.SessionService/RecordAssessments",
		Resource: "sessions/s-001/candidacies/k-001", Kind: storepb.EventBody_Kind_ASSESSMENT, Time: noon,
	}
	j.update(t, act, func(w store.Writer) error {
		return errors.Join(
			w.Put(store.KindName, []byte("index"), []byte("bare")),
			w.Put(store.KindCandidacy, store.Key(40), []byte("\x20\x0c")), // of candidate 12
			w.Put(store.KindAssessment, store.Key(40, 57), []byte("message")),
			w.Put(store.KindPersonal, store.Key(58), []byte("\x08\x0c")),
		)
	})
	stored, err := j.Get(store.KindAssessment, store.Key(40, 57))
	if err != nil {
		t.Fatal(err)
	}
	index, err := j.Get(store.KindName, []byte("index"))
	if err != nil {
		t.Fatal(err)
	}
	e := j.events(t)[0]
	stub, err := store.ReadStub(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what      string
		got, want string
	}{
		{"envelope: sequence 1, salt, message", hex.EncodeToString(stored),
			"0000000000000001" + "404142434445464748494a4b4c4d4e4f" + hex.EncodeToString([]byte("message"))},
		{"a record that is not journaled", string(index), "bare"},
		{"record digest", hex.EncodeToString(stub.GetRecords()[2].GetDigest()), goldenRecordDigest},
		{"body salt", hex.EncodeToString(e.GetBodySalt()), "000102030405060708090a0b0c0d0e0f"},
		{"body", hex.EncodeToString(e.GetBody()), goldenBody},
		{"body digest", hex.EncodeToString(e.GetBodyDigest()), goldenBodyDigest},
		{"stub salt", hex.EncodeToString(e.GetStubSalt()), "101112131415161718191a1b1c1d1e1f"},
		{"stub", hex.EncodeToString(e.GetStub()), goldenStub},
		{"leaf", hex.EncodeToString(store.AppendLeaf(nil, e)),
			hex.EncodeToString([]byte("acquis event v2\n")) + "0000000000000001" + goldenMicros + goldenBodyDigest + goldenStubDigest},
		{"leaf hash", hex.EncodeToString(e.GetHashes()[0]), goldenLeafHash},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.what, c.got, c.want)
		}
	}
}

func TestEventSaysWhatWasWritten(t *testing.T) {
	j := newJournal(t)
	j.update(t, store.Act{Time: noon}, func(w store.Writer) error {
		return w.Put(store.KindCandidate, store.Key(1), []byte("1"))
	})
	j.update(t, store.Act{Actor: "a", RPC: "r", Resource: "x", Kind: storepb.EventBody_Kind_CANDIDATE, Time: noon}, func(w store.Writer) error {
		return errors.Join(
			w.Put(store.KindSession, []byte("2"), []byte("second")),
			w.Put(store.KindSession, []byte("1"), []byte("first")),
			w.Put(store.KindPersonal, []byte("p"), []byte("text")),
			w.Put(store.KindExternalID, []byte("i"), []byte("index")),
			w.Delete(store.KindCandidate, store.Key(1)),
			w.Delete(store.KindCandidate, store.Key(2)), // never existed
		)
	})
	e, body := j.events(t)[1], new(storepb.EventBody)
	stub, err := store.ReadStub(e)
	if err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(e.GetBody(), body); err != nil {
		t.Fatal(err)
	}
	digest := func(kind store.KindID, key, message string) []byte {
		stored, err := j.Get(kind, []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		e, err := store.OpenEnvelope(stored)
		if err != nil || string(e.Message) != message || e.Sequence != 2 {
			t.Fatalf("envelope %+v, %v", e, err)
		}
		return store.Digest(e.Salt, []byte(message))
	}
	want := &storepb.EventBody{
		Actor: "a", Rpc: "r", Resource: "x", ErasableDigests: [][]byte{digest(store.KindPersonal, "p", "text")},
	}
	if diff := cmp.Diff(want, body, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	wantStub := &storepb.EventStub{Kind: storepb.EventBody_Kind_CANDIDATE, CandidateUid: 1, Records: []*storepb.RecordDigest{
		{Kind: uint32(store.KindCandidate), Key: store.Key(1)},
		{Kind: uint32(store.KindPersonal), Key: []byte("p"), Erasable: true},
		{Kind: uint32(store.KindSession), Key: []byte("1"), Digest: digest(store.KindSession, "1", "first")},
		{Kind: uint32(store.KindSession), Key: []byte("2"), Digest: digest(store.KindSession, "2", "second")},
	}}
	if diff := cmp.Diff(wantStub, stub, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatLeavesAnEvent(t *testing.T) {
	j := newJournal(t)
	for _, c := range []struct {
		what string
		fn   func(store.Writer) error
		want bool
	}{
		{"nothing", func(store.Writer) error { return nil }, false},
		{"a delete of nothing", func(w store.Writer) error { return w.Delete(store.KindSession, []byte("x")) }, false},
		{"an index alone", func(w store.Writer) error { return w.Put(store.KindName, []byte("x"), nil) }, true},
		{"a record", func(w store.Writer) error { return w.Put(store.KindSession, []byte("x"), nil) }, true},
		{"a checkpoint alone", func(w store.Writer) error { return w.Put(store.KindCheckpoint, []byte("x"), nil) }, false},
		{"a checkpoint and an index", func(w store.Writer) error {
			return errors.Join(w.Put(store.KindCheckpoint, []byte("x"), nil), w.Put(store.KindName, []byte("x"), nil))
		}, true},
		{"a record put and deleted", func(w store.Writer) error {
			return errors.Join(w.Put(store.KindSession, []byte("y"), nil), w.Delete(store.KindSession, []byte("y")))
		}, false},
	} {
		if got := j.update(t, store.Act{Time: noon}, c.fn); got != c.want {
			t.Errorf("%s: event %v, want %v", c.what, got, c.want)
		}
	}
}

func TestEventTimes(t *testing.T) {
	j := newJournal(t)
	for i, c := range []struct{ act, want time.Time }{
		{time.Time{}, time.UnixMicro(0)},
		{noon, noon.Truncate(time.Microsecond)},
		{noon.Add(-time.Hour), noon.Truncate(time.Microsecond)},
		{time.Time{}, noon.Truncate(time.Microsecond)},
		{noon.Add(time.Hour), noon.Add(time.Hour).Truncate(time.Microsecond)},
	} {
		j.update(t, store.Act{Time: c.act}, func(w store.Writer) error { return w.Put(store.KindSession, []byte("x"), nil) })
		if got := j.events(t)[i].GetTime(); !got.AsTime().Equal(c.want) {
			t.Errorf("act at %v: event at %v, want %v", c.act, got.AsTime(), c.want)
		}
	}
	d := store.NewDraft(j, 0)
	if err := d.Put(store.KindSession, []byte("x"), nil); err != nil {
		t.Fatal(err)
	}
	before := j.head
	if _, err := d.Entry(&j.head, store.Act{Time: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)}, j.random); err == nil {
		t.Error("an act in the year 12026 has an event")
	}
	if j.head != before {
		t.Error("an entry that failed moved the head of the journal")
	}
}

// TestTree compares the stored hashes with a tree built from the leaves, and
// checks proofs made from them.
func TestTree(t *testing.T) {
	j := newJournal(t)
	var plain []tlog.Hash // all hashes, by stored index
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = plain[index]
		}
		return hashes, nil
	})
	roots := []tlog.Hash{{}}
	for n := range int64(70) {
		j.update(t, store.Act{Time: noon}, func(w store.Writer) error {
			return w.Put(store.KindSession, fmt.Appendf(nil, "%d", n), nil)
		})
		e := j.events(t)[n]
		hashes, err := tlog.StoredHashes(n, store.AppendLeaf(nil, e), reader)
		if err != nil {
			t.Fatal(err)
		}
		plain = append(plain, hashes...)
		root, err := tlog.TreeHash(n+1, reader)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tlog.TreeHash(n+1, store.Tree(store.NewReader(j))); err != nil || got != root {
			t.Fatalf("root of %d events: %v, %v, want %v", n+1, got, err, root)
		}
		roots = append(roots, root)
		head, err := store.LoadHead(j, uint64(n)+1)
		if err != nil || head != j.head {
			t.Fatalf("head after %d events, read again: %+v, %v, want %+v", n+1, head, err, j.head)
		}
	}
	for range 200 {
		checkProofs(t, j, roots)
	}
}

func checkProofs(t *testing.T, j *journal, roots []tlog.Hash) {
	t.Helper()
	tree := store.Tree(store.NewReader(j))
	size := rand.Int64N(int64(len(roots)-1)) + 1
	n := rand.Int64N(size)
	proof, err := tlog.ProveRecord(size, n, tree)
	if err != nil {
		t.Fatal(err)
	}
	leaf := store.LeafHash(j.events(t)[n])
	if err := tlog.CheckRecord(proof, size, roots[size], n, leaf); err != nil {
		t.Errorf("event %d in %d: %v", n+1, size, err)
	}
	growth, err := tlog.ProveTree(size, n+1, tree)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckTree(growth, size, roots[size], n+1, roots[n+1]); err != nil {
		t.Errorf("tree of %d in %d: %v", n+1, size, err)
	}
}

// TestErasure: the leaf and the hashes do not change without the body; they
// change without the stub or its salt, and with a change of either.
func TestErasure(t *testing.T) {
	e := &storepb.Event{
		Sequence: 1, Time: timestamppb.New(noon), BodyDigest: bytes.Repeat([]byte{7}, 32), Body: []byte("b"), BodySalt: []byte("s"),
		Stub: []byte("stub"), StubSalt: []byte("salt"),
	}
	whole := store.LeafHash(e)
	e.Body, e.BodySalt = nil, nil
	if store.LeafHash(e) != whole {
		t.Error("the leaf depends on the body")
	}
	for what, change := range map[string]func(*storepb.Event){
		"its stub": func(e *storepb.Event) { e.Stub = nil }, "its stub's salt": func(e *storepb.Event) { e.StubSalt = nil },
		"another stub": func(e *storepb.Event) { e.Stub = []byte("stub2") },
	} {
		changed := proto.CloneOf(e)
		if change(changed); store.LeafHash(changed) == whole {
			t.Errorf("the leaf does not depend on %s", what)
		}
	}
}

// Computed by a program in another language from the description alone.
const (
	goldenRecordDigest = "c5da1deb43cd21a499b5f63d042a43a4068fa6a8ae4e039f85854808d9fe705e"
	goldenBody         = "0a0a6173736573736f722d31122a6163717569732e76312e53657373696f6e536572766963652f5265636f72644173736573736d656e7473" +
		"1a2073657373696f6e732f732d3030312f63616e64696461636965732f6b2d30303122207883eeafe80b96d0dc52a3371baea146dba7be74" +
		"2f896da43df739de072d9731"
	goldenBodyDigest = "a22ec8f102f7ab6724cbc913d686fc97e55ecbf2bd6ba8cc26611cfc421d27fe"
	goldenStub       = "0806100c1a0e08041208000000000000003a20011a2e0807120800000000000000281a204aef5a8187a6a067f67dad391609945bb101794b" +
		"f94f78494b9478101216af2d1a3608081210000000000000002800000000000000391a20c5da1deb43cd21a499b5f63d042a43a4068fa6a8" +
		"ae4e039f85854808d9fe705e"
	goldenStubDigest = "6d90803de77fc5e0931b6133fcce7a40dcc34fbfa4a1de38c2398cc61fea3b9f"
	goldenMicros     = "0006544990deb240"
	goldenLeafHash   = "7120400708584986a5e3acaeaf6140eeeb79fa0396040bf5a4c71dda41b03bbf"
)

// TestAmended: a record that is amended keeps its salt, so that its earlier
// content can be compared with the earlier event; any other record gets a new
// salt.
func TestAmended(t *testing.T) {
	for _, kind := range []store.KindID{store.KindKey, store.KindHold, store.KindSession} {
		j := newJournal(t)
		envelopes := make([]store.Envelope, 2)
		for i, message := range []string{"before", "after"} {
			j.update(t, store.Act{Time: noon}, func(w store.Writer) error { return w.Put(kind, store.Key(1, 2), []byte(message)) })
			stored, err := j.Get(kind, store.Key(1, 2))
			if err != nil {
				t.Fatal(err)
			}
			if envelopes[i], err = store.OpenEnvelope(stored); err != nil {
				t.Fatal(err)
			}
		}
		if same := bytes.Equal(envelopes[0].Salt, envelopes[1].Salt); same != kind.Amended() {
			t.Errorf("%v has the same salt: %t", kind, same)
		}
		stub, err := store.ReadStub(j.events(t)[0])
		if err != nil {
			t.Fatal(err)
		}
		if same := bytes.Equal(store.Digest(envelopes[1].Salt, []byte("before")), stub.GetRecords()[0].GetDigest()); same != kind.Amended() {
			t.Errorf("%v: its earlier content has the digest in the earlier event: %t", kind, same)
		}
	}
}
