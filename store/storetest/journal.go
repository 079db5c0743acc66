package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

func journalTests() []test {
	return []test{
		{"one event for every update that writes, without gaps or doubles", testEvents},
		{"Events returns those above after, in order, at most limit", testEventsPage},
		{"an event has the act and the records, erasable ones separately, and no content", testEventBody},
		{"an event is never earlier than the last one", testEventTime},
		{"LastEvent returns the event that last wrote the record", testLastEvent},
		{"EraseEvent removes body and salt, and no proof, unless a record is never erased", testEraseEvent},
		{"the journal continues after a reopening", testJournalReopen},
	}
}

// CheckJournal fails the test unless the events are a complete journal: sequences
// 1, 2, 3 …, times that never go back, bodies that match their digests or are
// erased, and the same hashes as a tree built from the leaves.
func CheckJournal(t testing.TB, events []*storepb.Event) {
	t.Helper()
	var hashes []tlog.Hash
	made := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = hashes[index]
		}
		return found, nil
	})
	for i, e := range events {
		if e.GetSequence() != uint64(i)+1 {
			t.Fatalf("event %d has sequence %d", i+1, e.GetSequence())
		}
		if i > 0 && e.GetTime().AsTime().Before(events[i-1].GetTime().AsTime()) {
			t.Errorf("event %d is earlier than the one before", i+1)
		}
		erased := e.GetBody() == nil && e.GetBodySalt() == nil
		if !erased && !bytes.Equal(e.GetBodyDigest(), store.Digest(e.GetBodySalt(), e.GetBody())) {
			t.Errorf("event %d: body and digest differ", i+1)
		}
		fresh, err := tlog.StoredHashes(int64(i), store.AppendLeaf(nil, e), made)
		if err != nil {
			t.Fatal(err)
		}
		if len(fresh) != len(e.GetHashes()) {
			t.Fatalf("event %d has %d hashes, want %d", i+1, len(e.GetHashes()), len(fresh))
		}
		for level, h := range fresh {
			if !bytes.Equal(h[:], e.GetHashes()[level]) {
				t.Errorf("event %d: hash of level %d differs", i+1, level)
			}
		}
		hashes = append(hashes, fresh...)
	}
}

func body(t testing.TB, e *storepb.Event) *storepb.EventBody {
	t.Helper()
	b := new(storepb.EventBody)
	if err := proto.Unmarshal(e.GetBody(), b); err != nil {
		t.Fatal(err)
	}
	return b
}

func stub(t testing.TB, e *storepb.Event) *storepb.EventStub {
	t.Helper()
	s, err := store.ReadStub(e)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testEvents(f *fixture) {
	each(callers, func(i int) {
		for j := range 3 {
			a := act()
			a.Resource = fmt.Sprintf("records/%d-%d", i, j)
			f.ok(f.Update(context.Background(), a, func(w store.Writer) error { return set(w, a.Resource, 1) }))
		}
	})
	events := f.events()
	CheckJournal(f, events)
	met := map[string]int{}
	for _, e := range events {
		met[body(f, e).GetResource()]++
	}
	if len(events) != callers*3 || len(met) != callers*3 {
		f.Errorf("%d events on %d resources, want %d", len(events), len(met), callers*3)
	}
}

func testEraseEvent(f *fixture) {
	f.put("a=1")
	f.personal("b")
	f.update(func(w store.Writer) error {
		return errors.Join(w.Put(store.KindPersonal, []byte("c"), nil), w.Put(store.KindSession, []byte("c"), nil))
	})
	before := f.events()
	f.is(f.Update(f.Context(), act(), func(w store.Writer) error {
		return errors.Join(w.EraseEvent(2), errRefused)
	}), errRefused)
	if f.events()[1].GetBody() == nil {
		f.Error("an update that failed erased an event")
	}
	if err := f.Update(f.Context(), act(), func(w store.Writer) error { return w.EraseEvent(9) }); err == nil {
		f.Error("an event that does not exist was erased")
	}
	for _, kept := range []uint64{1, 3} {
		if err := f.Update(f.Context(), act(), func(w store.Writer) error { return w.EraseEvent(kept) }); err == nil {
			f.Errorf("event %d was erased, which wrote a session", kept)
		}
	}
	f.update(func(w store.Writer) error { return w.EraseEvent(2) })
	f.reopen()
	after := f.events()
	if len(after) != 4 || after[1].GetBody() != nil || after[1].GetBodySalt() != nil {
		f.Fatalf("%d events, the second is %v", len(after), after[1])
	}
	for i, e := range before {
		if store.LeafHash(e) != store.LeafHash(after[i]) {
			f.Errorf("the leaf of event %d changed", i+1)
		}
	}
	before[1].Body, before[1].BodySalt = nil, nil
	for i, e := range before {
		if !proto.Equal(e, after[i]) {
			f.Errorf("event %d is %v, was %v", i+1, after[i], e)
		}
	}
	CheckJournal(f, after)
}

func testEventsPage(f *fixture) {
	for i := range 5 {
		f.put(fmt.Sprintf("%d=1", i))
	}
	f.view(func(r store.Reader) error {
		for _, c := range []struct {
			after uint64
			limit int
			want  string
		}{
			{0, 9, "[1 2 3 4 5]"}, {0, 2, "[1 2]"}, {2, 2, "[3 4]"}, {4, 9, "[5]"}, {5, 9, "[]"}, {99, 9, "[]"}, {0, 0, "[]"},
		} {
			events, err := r.Events(c.after, c.limit)
			f.ok(err)
			got := []uint64{}
			for _, e := range events {
				got = append(got, e.GetSequence())
			}
			if fmt.Sprint(got) != c.want {
				f.Errorf("Events(%d, %d) = %v, want %s", c.after, c.limit, got, c.want)
			}
		}
		return nil
	})
}

func testEventBody(f *fixture) {
	f.put("a=PRIVATE", "c=PRIVATE")
	f.ok(f.Update(context.Background(), act(), func(w store.Writer) error {
		return errors.Join(
			putAll(w, "b=PRIVATE", "a=PRIVATE"),
			w.Put(store.KindCandidate, []byte("z"), []byte("PRIVATE")),
			w.Put(store.KindPersonal, []byte("p"), []byte("PRIVATE")),
			w.Put(store.KindName, []byte("i"), []byte("PRIVATE")),
			w.Delete(store.KindSession, []byte("c")))
	}))
	e := f.events()[1]
	b := body(f, e)
	want := act()
	if b.GetActor() != want.Actor || b.GetRpc() != want.RPC || b.GetResource() != want.Resource || stub(f, e).GetKind() != want.Kind {
		f.Errorf("event of another act: %v", b)
	}
	var records []string
	if d := stub(f, e).GetRecords(); len(d) != 5 || !d[1].GetErasable() || len(d[1].GetDigest()) != 0 || len(b.GetErasableDigests()) != 1 {
		f.Errorf("the stub names %v, the body %d digests", d, len(b.GetErasableDigests()))
	}
	for _, r := range store.Written(stub(f, e), b) {
		records = append(records, fmt.Sprintf("%v/%s/%d", store.KindID(r.GetKind()), r.GetKey(), len(r.GetDigest())))
	}
	if got, want := fmt.Sprint(records), "[candidate/z/32 personal/p/32 session/a/32 session/b/32 session/c/0]"; got != want {
		f.Errorf("records %s, want %s", got, want)
	}
	if raw, err := proto.Marshal(e); err != nil || bytes.Contains(raw, []byte("PRIVATE")) {
		f.Errorf("the event contains content (%v)", err)
	}
}

func testEventTime(f *fixture) {
	noon := time.Date(2030, 1, 1, 12, 0, 0, 999, time.UTC)
	for i, c := range []struct{ act, want time.Time }{
		{noon, noon.Truncate(time.Microsecond)},
		{noon.Add(-time.Hour), noon.Truncate(time.Microsecond)}, // the clock was set back
		{noon.Add(time.Minute), noon.Add(time.Minute).Truncate(time.Microsecond)},
	} {
		a := act()
		a.Time = c.act
		f.ok(f.Update(context.Background(), a, func(w store.Writer) error { return putAll(w, "a=1") }))
		f.reopen()
		if got := f.events()[i].GetTime().AsTime(); !got.Equal(c.want) {
			f.Errorf("act at %v: event at %v, want %v", c.act, got, c.want)
		}
	}
}

func testLastEvent(f *fixture) {
	f.put("a=1", "b=1")
	f.put("b=2")
	f.update(func(w store.Writer) error { return w.Put(store.KindName, []byte("i"), nil) })
	check := func(r store.Reader, kind store.KindID, key string, want uint64, wantErr error) {
		f.Helper()
		got, err := r.LastEvent(kind, []byte(key))
		f.is(err, wantErr)
		if got != want {
			f.Errorf("LastEvent(%v, %q) = %d, want %d", kind, key, got, want)
		}
	}
	read := func(r store.Reader) error {
		check(r, store.KindSession, "a", 1, nil)
		check(r, store.KindSession, "b", 2, nil)
		check(r, store.KindSession, "none", 0, store.ErrNotFound)
		check(r, store.KindName, "i", 0, store.ErrNotFound)
		return nil
	}
	f.view(read)
	f.update(func(w store.Writer) error {
		f.ok(read(w))
		f.ok(putAll(w, "a=2"))
		f.ok(w.Delete(store.KindSession, []byte("b")))
		check(w, store.KindSession, "a", 0, store.ErrNotFound)
		check(w, store.KindSession, "b", 0, store.ErrNotFound)
		return nil
	})
	f.view(func(r store.Reader) error {
		check(r, store.KindSession, "a", 4, nil)
		check(r, store.KindSession, "b", 0, store.ErrNotFound)
		return nil
	})
}

func testJournalReopen(f *fixture) {
	for i := range 9 {
		f.put(fmt.Sprintf("%d=1", i))
		f.reopen()
	}
	events := f.events()
	CheckJournal(f, events)
	if len(events) != 9 {
		f.Errorf("%d events, want 9", len(events))
	}
}
