package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/acquis-eval/acquis/store"
)

// testModel plays random histories on the store and on a plain map, and compares
// all reads. The histories share a store, because a new one costs more than a
// history; each has its own key prefix.
func testModel(f *fixture) {
	histories, events := 0, 0
	rapid.Check(f, func(t *rapid.T) {
		histories++
		m := model{prefix: fmt.Sprintf("%d/", histories), records: map[string]string{}}
		defer func() { events += m.events }()
		for range rapid.IntRange(1, 6).Draw(t, "updates") {
			m.update(t, f)
		}
		if rapid.IntRange(0, 9).Draw(t, "reopen") == 0 {
			f.reopen()
		}
		f.view(func(r store.Reader) error { m.compare(t, r); return nil })
	})
	journal := f.events()
	CheckJournal(f, journal)
	if len(journal) != events {
		f.Errorf("%d events, want %d", len(journal), events)
	}
}

type model struct {
	prefix  string            // of all its keys in the store
	records map[string]string // kind and key without prefix → value
	events  int
}

// A step is one action of a closure, drawn before the closure runs, because it
// may run more than once.
type step struct {
	what       string
	kind       store.KindID
	key, value string
}

func drawSteps(t *rapid.T) []step {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			what:  rapid.SampledFrom([]string{"put", "put", "delete", "read", "prefetch"}).Draw(t, "what"),
			kind:  rapid.SampledFrom([]store.KindID{store.KindSession, store.KindTie, store.KindName}).Draw(t, "kind"),
			key:   rapid.StringMatching("[ab]{1,3}").Draw(t, "key"),
			value: rapid.StringMatching("[a-z]{0,3}").Draw(t, "value"),
		}
	}), 0, 8).Draw(t, "steps")
}

func (m *model) update(t *rapid.T, f *fixture) {
	steps := drawSteps(t)
	fails := rapid.IntRange(0, 4).Draw(t, "fails") == 0
	var after model
	err := f.Update(context.Background(), act(), func(w store.Writer) error {
		after = model{prefix: m.prefix, records: maps.Clone(m.records), events: m.events}
		for _, s := range steps {
			after.step(t, w, s)
		}
		after.compare(t, w)
		if fails {
			return errRefused
		}
		return nil
	})
	if (err != nil) != fails {
		t.Fatalf("Update: %v, fails %v", err, fails)
	}
	if fails {
		return
	}
	// An event for every put that lasts and every delete of an existing record.
	for _, s := range steps {
		id := s.id()
		_, was := m.records[id]
		_, is := after.records[id]
		if s.what == "put" && is || s.what == "delete" && was && !is {
			after.events = m.events + 1
		}
	}
	*m = after
}

func (s step) id() string { return fmt.Sprintf("%d/%s", s.kind, s.key) }

func (m *model) step(t *rapid.T, w store.Writer, s step) {
	var err error
	key := []byte(m.prefix + s.key)
	switch s.what {
	case "put":
		err = w.Put(s.kind, key, []byte(s.value))
		m.records[s.id()] = s.value
	case "delete":
		err = w.Delete(s.kind, key)
		delete(m.records, s.id())
	case "prefetch":
		err = w.Prefetch(store.Want{Kind: s.kind, Key: key}, store.Want{Kind: s.kind, Key: []byte(m.prefix), Limit: 99})
	case "read":
		got, getErr := w.Get(s.kind, key)
		want, known := m.records[s.id()]
		if string(got) != want || known != (getErr == nil) || !known && !errors.Is(getErr, store.ErrNotFound) {
			t.Fatalf("Get(%v, %q) = %q, %v, want %q, known %v", s.kind, s.key, got, getErr, want, known)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// compare scans every kind with some bounds.
func (m *model) compare(t *rapid.T, r store.Reader) {
	for _, kind := range []store.KindID{store.KindSession, store.KindTie, store.KindName} {
		for _, c := range []struct {
			prefix, after string
			limit         int
		}{{"", "", 99}, {"a", "", 99}, {"ab", "aba", 99}, {"", "ab", 3}, {"b", "a", 2}} {
			if got, want := m.scan(t, r, kind, c.prefix, c.after, c.limit), m.want(kind, c.prefix, c.after, c.limit); got != want {
				t.Fatalf("Scan(%v, %q, %q, %d) = %q, want %q", kind, c.prefix, c.after, c.limit, got, want)
			}
		}
	}
}

func (m *model) scan(t *rapid.T, r store.Reader, kind store.KindID, prefix, after string, limit int) string {
	var behind []byte
	if after != "" {
		behind = []byte(m.prefix + after)
	}
	records, err := r.Scan(kind, []byte(m.prefix+prefix), behind, limit)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, r := range records {
		found = append(found, string(r.Key[len(m.prefix):])+"="+string(r.Value))
	}
	return strings.Join(found, " ")
}

func (m *model) want(kind store.KindID, prefix, after string, limit int) string {
	var found []string
	for _, id := range slices.Sorted(maps.Keys(m.records)) {
		key, ours := strings.CutPrefix(id, fmt.Sprintf("%d/", kind))
		if ours && strings.HasPrefix(key, prefix) && key > after && len(found) < limit {
			found = append(found, key+"="+m.records[id])
		}
	}
	return strings.Join(found, " ")
}
