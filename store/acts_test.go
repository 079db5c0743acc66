package store_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

func decide(w store.Writer, uids ...uint64) error {
	for _, uid := range uids {
		d := &storepb.Decision{Uid: uid, Act: fmt.Appendf(nil, "act %d", uid), ActSalt: []byte("0123456789abcdef"), Circumstances: []byte("PRIVATE")}
		if err := store.Decisions.Put(w, store.Key(uid), d); err != nil {
			return err
		}
	}
	return nil
}

// TestGoldenActs pins how the journal commits to public acts; see TestGolden.
func TestGoldenActs(t *testing.T) {
	j := newJournal(t)
	j.update(t, store.Act{Time: noon}, func(w store.Writer) error { return decide(w, 7) })
	e := j.events(t)[0]
	if len(e.GetActs()) != 16 || !slices.IsSortedFunc(e.GetActs(), bytes.Compare) {
		t.Fatalf("%d digests, sorted %v", len(e.GetActs()), slices.IsSortedFunc(e.GetActs(), bytes.Compare))
	}
	digest := store.ActDigest(&storepb.Decision{Uid: 7, Act: []byte("act 7"), ActSalt: []byte("0123456789abcdef")})
	leaf := store.AppendLeaf(nil, e)
	for _, c := range []struct {
		what      string
		got, want string
	}{
		{"digest of the act", hex.EncodeToString(digest), goldenActDigest},
		{"root, at the end of the leaf", hex.EncodeToString(leaf[96:]), goldenActsRoot},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.what, c.got, c.want)
		}
	}
	digests := append(bytes.Clone(e.GetBodyDigest()), store.Digest(e.GetStubSalt(), e.GetStub())...)
	if !bytes.Equal(leaf[:96], append([]byte("acquis event v2\n\x00\x00\x00\x00\x00\x00\x00\x01\x00\x06\x54\x49\x90\xde\xb2\x40"), digests...)) {
		t.Errorf("the leaf begins with %x", leaf[:96])
	}
}

// TestActs: every act of an event is proven by a path in its leaf; the leaf does
// not reveal how many there are; what is not an act of the event cannot be
// proven.
func TestActs(t *testing.T) {
	for _, c := range []struct{ decisions, digests int }{{0, 0}, {1, 16}, {5, 16}, {16, 16}, {17, 32}} {
		j := newJournal(t)
		uids := make([]uint64, c.decisions)
		for i := range uids {
			uids[i] = uint64(i) + 1
		}
		j.update(t, store.Act{Time: noon}, func(w store.Writer) error {
			return errors.Join(w.Put(store.KindSession, []byte("s"), nil), decide(w, uids...))
		})
		e := j.events(t)[0]
		if len(e.GetActs()) != c.digests {
			t.Fatalf("%d decisions have %d digests, want %d", c.decisions, len(e.GetActs()), c.digests)
		}
		for _, uid := range uids {
			value, err := store.NewReader(j).Get(store.KindDecision, store.Key(uid))
			if err != nil {
				t.Fatal(err)
			}
			d := new(storepb.Decision)
			if err := proto.Unmarshal(value, d); err != nil {
				t.Fatal(err)
			}
			checkAct(t, e, d)
			d.Uid++
			if _, _, err := store.ProveAct(e.GetActs(), store.ActDigest(d)); err == nil {
				t.Error("an act under another uid is proven")
			}
		}
	}
}

func checkAct(t *testing.T, e *storepb.Event, d *storepb.Decision) {
	t.Helper()
	digest := store.ActDigest(d)
	index, path, err := store.ProveAct(e.GetActs(), digest)
	if err != nil {
		t.Fatal(err)
	}
	root := tlog.Hash(store.AppendLeaf(nil, e)[96:])
	if err := tlog.CheckRecord(path, int64(len(e.GetActs())), root, int64(index), tlog.RecordHash(digest)); err != nil {
		t.Error(err)
	}
}

func TestLastSequence(t *testing.T) {
	j := newJournal(t)
	r := store.NewReader(j)
	for n := range uint64(40) {
		for known := uint64(0); known <= n; known++ {
			if last, err := store.LastSequence(r, known); err != nil || last != n {
				t.Fatalf("from %d: %d, %v, want %d", known, last, err, n)
			}
		}
		j.update(t, store.Act{Time: noon}, func(w store.Writer) error { return w.Put(store.KindSession, []byte("x"), nil) })
	}
}

// Computed by a program in another language from the description alone.
const (
	goldenActDigest = "9173b541d4bbced40f31e139a946e3baeed8e111688ebe7074f069592449947a"
	goldenActsRoot  = "a45f0d9b0cab9a6049c7512016c0f14505d527894a9e27f6d3f34fc8617d5650"
)

// TestActsFollow: the padding of the digests is derived from the salt of the
// stub, so that no other act can hide in it.
func TestActsFollow(t *testing.T) {
	j := newJournal(t)
	j.update(t, store.Act{Time: noon}, func(w store.Writer) error { return decide(w, 7) })
	e := j.events(t)[0]
	digest := store.ActDigest(&storepb.Decision{Uid: 7, Act: []byte("act 7"), ActSalt: []byte("0123456789abcdef")})
	if !slices.EqualFunc(store.Acts([][]byte{digest}, e.GetStubSalt()), e.GetActs(), bytes.Equal) {
		t.Error("the event has other digests than those derived from its decision and its salt")
	}
	if store.Acts(nil, e.GetStubSalt()) != nil {
		t.Error("an event without decisions has digests of acts")
	}
}
