package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/acquis-eval/acquis/store"
)

func readerTests() []test {
	return []test{
		{"Get returns the record under kind and key, or ErrNotFound", testGet},
		{"an empty record is a record", testEmptyRecord},
		{"what a Reader returns is the caller's own", testOwnCopies},
		{"Scan returns records by prefix, behind after, in key order, at most limit", testScan},
		{"Scan merges the writes of the closure with the records below", testScanMerges},
		{"a Reader or Writer fails after its closure", testEnded},
	}
}

func writerTests() []test {
	return []test{
		{"a Writer reads its own writes", testOwnWrites},
		{"the store keeps no reference to what it was given", testNoReference},
		{"Delete removes the record, if any", testDelete},
		{"NewUID gives identifiers above all that were given before", testUID},
		{"no uid comes back after a reopening", testUIDReopen},
		{"an Update that fails or writes nothing gives its uids back", testUIDBack},
		{"a record under a new uid overwrites none", testUIDInUse},
		{"uids ascend under concurrency", testUIDConcurrent},
	}
}

func testGet(f *fixture) {
	f.put("a=1")
	f.update(func(w store.Writer) error { return w.Put(store.KindName, []byte("a"), []byte("index")) })
	f.view(func(r store.Reader) error {
		for _, c := range []struct {
			kind store.KindID
			key  string
			want string
			err  error
		}{
			{store.KindSession, "a", "1", nil},
			{store.KindName, "a", "index", nil},
			{store.KindSession, "b", "", store.ErrNotFound},
			{store.KindCandidate, "a", "", store.ErrNotFound},
		} {
			got, err := r.Get(c.kind, []byte(c.key))
			f.is(err, c.err)
			if string(got) != c.want {
				f.Errorf("Get(%v, %q) = %q, want %q", c.kind, c.key, got, c.want)
			}
		}
		return nil
	})
}

func testEmptyRecord(f *fixture) {
	f.update(func(w store.Writer) error {
		return errors.Join(w.Put(store.KindSession, []byte("a"), nil), w.Put(store.KindName, []byte("a"), nil))
	})
	check := func(r store.Reader) error {
		for _, kind := range []store.KindID{store.KindSession, store.KindName} {
			if got, err := r.Get(kind, []byte("a")); err != nil || got == nil || len(got) > 0 {
				f.Errorf("Get(%v) = %v, %v", kind, got, err)
			}
			if got, err := r.Scan(kind, nil, nil, 9); err != nil || len(got) != 1 {
				f.Errorf("Scan(%v) = %v, %v", kind, got, err)
			}
		}
		return nil
	}
	f.view(check)
	f.reopen()
	f.view(check)
}

func testOwnCopies(f *fixture) {
	f.put("a=1", "b=2")
	spoil := func(r store.Reader) error {
		value, err := r.Get(store.KindSession, []byte("a"))
		f.ok(err)
		records, err := r.Scan(store.KindSession, nil, nil, 9)
		f.ok(err)
		value[0], records[0].Key[0], records[0].Value[0] = 'X', 'X', 'X'
		if got, err := all(r); err != nil || got != "a=1 b=2" {
			f.Errorf("after a caller changed what it got: %q, %v", got, err)
		}
		_, _ = append(records[0].Key, "XXX"...), append(records[0].Value, "XXX"...)
		if string(records[0].Value) != "X" || string(records[1].Key)+string(records[1].Value) != "b2" {
			f.Errorf("after a caller added to what it got: %q", records)
		}
		return nil
	}
	f.view(spoil)
	f.update(func(w store.Writer) error { return spoil(w) })
	f.update(func(w store.Writer) error { return errors.Join(putAll(w, "a=1"), spoil(w)) })
	f.wantAll("a=1 b=2")
}

// scans are scans of the records a1 a2 a3 b1 c1.
func scans() []struct {
	prefix, after string
	limit         int
	want          string
} {
	return []struct {
		prefix, after string
		limit         int
		want          string
	}{
		{"", "", 9, "a1=1 a2=2 a3=3 b1=4 c1=5"},
		{"", "", 2, "a1=1 a2=2"},
		{"", "a2", 2, "a3=3 b1=4"},
		{"", "a2x", 1, "a3=3"},
		{"", "c1", 9, ""},
		{"a", "", 9, "a1=1 a2=2 a3=3"},
		{"a", "a1", 9, "a2=2 a3=3"},
		{"a", "a3", 9, ""},
		{"a", "b", 9, ""},
		{"b", "a3", 9, "b1=4"},
		{"c1", "", 9, "c1=5"},
		{"a12", "", 9, ""},
		{"d", "", 9, ""},
		{"", "", 0, ""},
		{"", "", -1, ""},
	}
}

func testScan(f *fixture) {
	f.put("c1=5", "a2=2", "a1=1", "b1=4", "a3=3")
	f.view(func(r store.Reader) error { return checkScans(f, r) })
}

func testScanMerges(f *fixture) {
	f.put("a0=x", "a2=x", "b1=4", "b2=x", "c1=x")
	f.update(func(w store.Writer) error {
		for _, key := range []string{"a0", "b2", "none"} {
			f.ok(w.Delete(store.KindSession, []byte(key)))
		}
		f.ok(putAll(w, "c1=5", "a1=1", "a2=2", "a3=3"))
		return checkScans(f, w)
	})
	f.wantAll("a1=1 a2=2 a3=3 b1=4 c1=5")
}

func checkScans(f *fixture, r store.Reader) error {
	for _, c := range scans() {
		if got, err := list(r, c.prefix, c.after, c.limit); err != nil || got != c.want {
			f.Errorf("Scan(%q, %q, %d) = %q, %v, want %q", c.prefix, c.after, c.limit, got, err, c.want)
		}
	}
	return nil
}

func testEnded(f *fixture) {
	f.put("a=1")
	var r store.Reader
	f.view(func(inner store.Reader) error { r = inner; return nil })
	var w store.Writer
	f.update(func(inner store.Writer) error { w = inner; return nil })
	key := []byte("a")
	for _, reader := range []store.Reader{r, w} {
		_, getErr := reader.Get(store.KindSession, key)
		_, scanErr := reader.Scan(store.KindSession, nil, nil, 1)
		_, lastErr := reader.LastEvent(store.KindSession, key)
		_, eventsErr := reader.Events(0, 1)
		prefetchErr := reader.Prefetch()
		for what, err := range map[string]error{
			"Get": getErr, "Scan": scanErr, "Prefetch": prefetchErr, "LastEvent": lastErr, "Events": eventsErr,
		} {
			if err == nil {
				f.Errorf("%s of a %T works after its closure", what, reader)
			}
		}
	}
	_, uidErr := w.NewUID()
	for what, err := range map[string]error{
		"Put": w.Put(store.KindSession, []byte("b"), nil), "Delete": w.Delete(store.KindSession, key),
		"EraseEvent": w.EraseEvent(1), "NewUID": uidErr,
	} {
		if err == nil {
			f.Errorf("%s works after its closure", what)
		}
	}
	f.wantAll("a=1")
}

func testOwnWrites(f *fixture) {
	f.put("a=1", "b=2")
	f.update(func(w store.Writer) error {
		f.ok(putAll(w, "a=9", "c=3"))
		f.ok(w.Delete(store.KindSession, []byte("b")))
		got, err := w.Get(store.KindSession, []byte("a"))
		if string(got) != "9" || err != nil {
			f.Errorf("Get of an own write: %q, %v", got, err)
		}
		_, err = w.Get(store.KindSession, []byte("b"))
		f.is(err, store.ErrNotFound)
		if got, err := all(w); got != "a=9 c=3" || err != nil {
			f.Errorf("Scan over own writes: %q, %v", got, err)
		}
		return nil
	})
}

func testNoReference(f *fixture) {
	key, value := []byte("a"), []byte("1")
	f.update(func(w store.Writer) error {
		key[0], value[0] = 'a', '1'
		f.ok(w.Put(store.KindSession, key, value))
		key[0], value[0] = 'X', 'X'
		return nil
	})
	key[0], value[0] = 'Y', 'Y'
	f.wantAll("a=1")
}

func testDelete(f *fixture) {
	f.put("a=1", "b=2")
	f.update(func(w store.Writer) error {
		return errors.Join(
			w.Delete(store.KindSession, []byte("a")),
			w.Delete(store.KindSession, []byte("none")),
			w.Delete(store.KindTie, []byte("none")))
	})
	f.wantAll("b=2")
	f.reopen()
	f.wantAll("b=2")
}

// uid takes an identifier and, if keep is set, writes a record with it.
func (f *fixture) uid(keep bool) uint64 {
	f.Helper()
	var id uint64
	err := f.Update(context.Background(), act(), func(w store.Writer) (err error) {
		if id, err = w.NewUID(); err != nil {
			return err
		}
		if !keep {
			return errRefused
		}
		return w.Put(store.KindSession, number(id), nil)
	})
	if keep {
		f.ok(err)
	}
	return id
}

func testUID(f *fixture) {
	last := uint64(0)
	for i := range 20 {
		keep := i%3 != 0
		if id := f.uid(keep); id <= last {
			f.Fatalf("uid %d after %d", id, last)
		} else if keep {
			last = id
		}
	}
}

func testUIDReopen(f *fixture) {
	last := uint64(0)
	for range 4 {
		id := f.uid(true)
		if id <= last {
			f.Fatalf("uid %d after %d and a reopening", id, last)
		}
		last = id
		f.reopen()
	}
}

// testUIDBack: the last identifier given is one that something was written with,
// even if other updates took identifiers.
func testUIDBack(f *fixture) {
	before := f.uid(true)
	f.uid(false)
	f.update(func(w store.Writer) error { _, err := w.NewUID(); return err })
	_ = f.panics(func(w store.Writer) error {
		if _, err := w.NewUID(); err != nil {
			return err
		}
		panic("the closure")
	})
	between := f.uid(true)
	f.uid(false)
	f.reopen()
	if after := f.uid(true); between <= before || after <= between || after-between != between-before {
		f.Errorf("uids %d, %d, %d: those that were given back are missing", before, between, after)
	}
}

// testUIDInUse: a new record never replaces an existing one, even if the counter
// of identifiers says that it is new. A rewritten record is not affected.
func testUIDInUse(f *fixture) {
	const many = 8 // more than the closures below take
	last := f.uid(true)
	keys := func(uid uint64) [][]byte { return [][]byte{store.Key(uid), store.Key(1, uid)} }
	f.update(func(w store.Writer) (err error) {
		for uid := last + 1; uid <= last+many; uid++ {
			for _, key := range keys(uid) {
				err = errors.Join(err, w.Put(store.KindTie, key, []byte("there")))
			}
		}
		return err
	})
	for i := range 2 {
		f.is(f.Update(context.Background(), act(), func(w store.Writer) error {
			uid, err := w.NewUID()
			return errors.Join(err, w.Put(store.KindTie, keys(uid)[i], []byte("new")))
		}), store.ErrUIDInUse)
	}
	f.view(func(r store.Reader) error {
		ties, err := r.Scan(store.KindTie, nil, nil, 4*many)
		if len(ties) != 2*many || slices.ContainsFunc(ties, func(r store.Record) bool { return string(r.Value) != "there" }) {
			f.Errorf("the records are %q", ties)
		}
		return err
	})
	f.update(func(w store.Writer) error {
		uid, err := w.NewUID()
		key := store.Key(uid)
		return errors.Join(err, w.Put(store.KindSession, key, nil), w.Put(store.KindSession, key, []byte("again")),
			w.Put(store.KindTie, store.Key(last+many), []byte("rewritten")))
	})
}

func testUIDConcurrent(f *fixture) {
	var mu sync.Mutex
	seen := map[uint64]bool{}
	each(callers, func(int) {
		last := uint64(0)
		for i := range 5 {
			keep := i%2 == 0
			id := f.uid(keep)
			if !keep {
				continue // others may have it by now
			}
			mu.Lock()
			if seen[id] || id <= last {
				f.Errorf("uid %d after %d, seen before: %v", id, last, seen[id])
			}
			seen[id], last = true, id
			mu.Unlock()
		}
	})
	f.view(func(r store.Reader) error {
		records, err := r.Scan(store.KindSession, nil, nil, 1<<20)
		if !slices.IsSortedFunc(records, func(a, b store.Record) int { return bytes.Compare(a.Key, b.Key) }) {
			f.Error("records out of order")
		}
		return err
	})
}
