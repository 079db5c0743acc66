package storetest

import (
	"fmt"

	"github.com/acquis-eval/acquis/store"
)

func prefetchTests() []test {
	return []test{
		{"Prefetch changes nothing of what Get and Scan return", testPrefetch},
		{"an Update sees what it writes after its Prefetch", testPrefetchedOverwritten},
		{"what was prefetched is the caller's own", testPrefetchedCopies},
	}
}

// sessionWants announces keys of kind session, and one page of them all.
func sessionWants(limit int, keys ...string) []store.Want {
	wants := []store.Want{{Kind: store.KindSession, Limit: limit}}
	for _, key := range keys {
		wants = append(wants, store.Want{Kind: store.KindSession, Key: []byte(key)})
	}
	return wants
}

// testPrefetch announces existing and missing records, the same key of two kinds,
// and every form of scan; one read twice, and some that are never made.
func testPrefetch(f *fixture) {
	f.put("c1=5", "a2=2", "a1=1", "b1=4", "a3=3")
	f.update(func(w store.Writer) error { return w.Put(store.KindName, []byte("a1"), []byte("index")) })
	f.view(func(r store.Reader) error {
		wants := append(sessionWants(1, "a1", "a1", "none"), store.Want{Kind: store.KindName, Key: []byte("a1")},
			store.Want{Kind: store.KindTie, Key: []byte("a1")}, store.Want{Kind: store.KindTie, Limit: 9})
		for _, c := range scans() {
			want := store.Want{Kind: store.KindSession, Key: []byte(c.prefix), Limit: c.limit}
			if c.after != "" {
				want.After = []byte(c.after)
			}
			wants = append(wants, want)
		}
		f.ok(r.Prefetch())
		f.ok(r.Prefetch(wants...))
		for range 2 { // what was read once can be read again
			for _, c := range []struct {
				kind store.KindID
				key  string
				want string
				err  error
			}{
				{store.KindSession, "a1", "1", nil},
				{store.KindSession, "b1", "4", nil}, // was not announced
				{store.KindSession, "none", "", store.ErrNotFound},
				{store.KindName, "a1", "index", nil},
				{store.KindTie, "a1", "", store.ErrNotFound},
			} {
				got, err := r.Get(c.kind, []byte(c.key))
				f.is(err, c.err)
				if string(got) != c.want {
					f.Errorf("Get(%v, %q) = %q, want %q", c.kind, c.key, got, c.want)
				}
			}
			f.ok(checkScans(f, r))
		}
		return nil
	})
}

func testPrefetchedOverwritten(f *fixture) {
	f.put("a=1", "b=2", "c=3")
	f.update(func(w store.Writer) error {
		f.ok(putAll(w, "e=0"))
		wants := sessionWants(9, "a", "b", "c", "d", "e")
		f.ok(w.Prefetch(wants...))
		f.ok(putAll(w, "a=9", "d=4", "e=5"))
		f.ok(w.Delete(store.KindSession, []byte("b")))
		for range 2 {
			for key, want := range map[string]string{"a": "9", "b": "", "c": "3", "d": "4", "e": "5"} {
				got, err := w.Get(store.KindSession, []byte(key))
				if string(got) != want || (err == nil) != (want != "") {
					f.Errorf("Get(%q) = %q, %v, want %q", key, got, err, want)
				}
			}
			if got, err := list(w, "", "", 9); err != nil || got != "a=9 c=3 d=4 e=5" {
				f.Errorf("Scan = %q, %v", got, err)
			}
			f.ok(w.Prefetch(wants...)) // brings back nothing from below
		}
		return nil
	})
	f.wantAll("a=9 c=3 d=4 e=5")
}

func testPrefetchedCopies(f *fixture) {
	f.put("a=1")
	key := []byte("a")
	f.view(func(r store.Reader) error {
		wants := append(sessionWants(9), store.Want{Kind: store.KindSession, Key: key})
		f.ok(r.Prefetch(wants...))
		wants[0].Limit, key[0] = 1, 'X' // the store keeps no reference
		for range 2 {
			value, err := r.Get(store.KindSession, []byte("a"))
			f.ok(err)
			records, err := r.Scan(store.KindSession, nil, nil, 9)
			f.ok(err)
			if got := fmt.Sprintf("%s %s", value, records); got != "1 [{a 1}]" {
				f.Fatalf("read %q", got)
			}
			value[0], records[0].Key[0], records[0].Value[0] = 'X', 'X', 'X'
		}
		return nil
	})
}
