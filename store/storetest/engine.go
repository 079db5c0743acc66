package storetest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/acquis-eval/acquis/store"
)

func engineTests() []test {
	return []test{
		{"Open makes an empty store where there is none, unless it must exist", testOpens},
		{"only one caller holds a place at a time", testInUse},
		{"Look shows the bytes that are stored and changes nothing", testLook},
		{"LookAtCopy opens what Snapshot wrote, whatever follows", testLookAtCopy},
		{"Restore makes a store of what Snapshot wrote, where there is none", testRestore},
		{"something that is not a complete store is refused", testRefused},
		{"Replace replaces a store, which is kept", testReplace},
		{"a fill that fails or makes no store changes nothing", testReplaceFails},
		{"Compact removes everything erased and changes nothing else", testCompact},
	}
}

// snapshot returns what Snapshot writes.
func (f *fixture) snapshot() []byte {
	f.Helper()
	var b bytes.Buffer
	f.ok(f.Snapshot(f.Context(), &b, func(store.Reader) error { return nil }))
	return b.Bytes()
}

func copyOf(snapshot []byte) func(io.Writer) error {
	return func(w io.Writer) error { _, err := w.Write(snapshot); return err }
}

// wantKeys fails unless kind session has those keys at rest. It closes a.
func (f *fixture) wantKeys(a store.AtRest, err error, want ...string) {
	f.Helper()
	f.ok(err)
	records, err := a.Scan(store.KindSession, nil, nil, 99)
	f.ok(err)
	var keys []string
	for _, r := range records {
		keys = append(keys, string(r.Key))
	}
	if !slices.Equal(keys, want) {
		f.Errorf("keys %q, want %q", keys, want)
	}
	f.ok(a.Close())
}

func testOpens(f *fixture) {
	f.put("a=1")
	place := f.TempDir()
	for range 2 { // the first leaves none behind
		_, err := f.engine.Open(place, store.Opening{Existing: true})
		f.is(err, store.ErrNoStore)
		_, err = f.engine.Look(place)
		f.is(err, store.ErrNoStore)
		_, err = f.engine.Compact(place)
		f.is(err, store.ErrNoStore)
	}
	other := &fixture{T: f.T, engine: f.engine, place: place}
	other.open()
	other.wantAll("")
	f.ok(other.Close())
	var err error
	other.Store, err = f.engine.Open(place, store.Opening{Existing: true})
	f.ok(err)
	f.ok(other.Close())
}

func testInUse(f *fixture) {
	inUse := func() {
		f.Helper()
		_, openErr := f.engine.Open(f.place, store.Opening{})
		_, lookErr := f.engine.Look(f.place)
		_, compactErr := f.engine.Compact(f.place)
		_, replaceErr := f.engine.Replace(f.place, func(string, string) error { f.Error("fill ran"); return nil })
		restoreErr := f.engine.Restore(f.place, func(io.Writer) error { f.Error("write ran"); return nil })
		for _, err := range []error{openErr, lookErr, compactErr, replaceErr, restoreErr} {
			f.is(err, store.ErrInUse)
		}
	}
	inUse()
	first := f.Store
	f.reopen()
	f.ok(first.Close()) // again: the place already belongs to another store
	inUse()
	f.put("a=1")
	f.ok(f.Close())
	a, err := f.engine.Look(f.place)
	f.ok(err)
	inUse()
	f.ok(a.Close())
	_, err = f.engine.Replace(f.place, func(string, string) error { inUse(); return errRefused })
	f.is(err, errRefused)
	f.open()
	f.wantAll("a=1")
}

func testLook(f *fixture) {
	uid := f.uid(true)
	f.put("a=1")
	f.update(func(w store.Writer) error { return w.Put(store.KindName, []byte("a"), []byte("bare")) })
	before := f.events()
	f.ok(f.Close())
	a, err := f.engine.Look(f.place)
	f.ok(err)
	kinds, err := a.Kinds()
	if want := []store.KindID{store.KindSession, store.KindName, store.KindEvent}; err != nil || !slices.Equal(kinds, want) {
		f.Errorf("kinds %v, %v, want %v", kinds, err, want)
	}
	if foreign, err := a.Foreign(); err != nil || len(foreign) > 0 || a.LastUID() != uid {
		f.Errorf("foreign %q, %v; last uid %d, want %d", foreign, err, a.LastUID(), uid)
	}
	stored, err := a.Get(store.KindSession, []byte("a"))
	f.ok(err)
	if e, err := store.OpenEnvelope(stored); err != nil || string(e.Message) != "1" || e.Sequence != 2 {
		f.Errorf("an envelope %v, %v", e, err)
	}
	if stored, err := a.Get(store.KindName, []byte("a")); string(stored) != "bare" || err != nil {
		f.Errorf("a bare record %q, %v", stored, err)
	}
	f.ok(a.Close())
	f.open()
	after := f.events()
	if next := f.uid(true); len(after) != len(before) || next <= uid {
		f.Errorf("%d events, then %d; uid %d after %d", len(before), len(after), next, uid)
	}
}

func testLookAtCopy(f *fixture) {
	f.put("a=1", "b=2")
	file := filepath.Join(f.TempDir(), "any.name")
	f.ok(os.WriteFile(file, append(f.snapshot(), make([]byte, 4096)...), 0o600))
	for range 2 { // while the store is open, and another caller looks
		a, err := f.engine.LookAtCopy(file)
		f.ok(err)
		b, err := f.engine.LookAtCopy(file)
		f.wantKeys(b, err, "a", "b")
		f.wantKeys(a, nil, "a", "b")
	}
	_, err := f.engine.LookAtCopy(file + ".none")
	f.is(err, fs.ErrNotExist)
}

func testRestore(f *fixture) {
	f.put("a=1")
	snapshot, place := f.snapshot(), filepath.Join(f.TempDir(), "new")
	f.is(f.engine.Restore(place, func(w io.Writer) error {
		return errors.Join(copyOf(snapshot)(w), errRefused)
	}), errRefused)
	_, err := f.engine.Look(place)
	f.is(err, store.ErrNoStore)
	f.ok(f.engine.Restore(place, copyOf(snapshot)))
	if err := f.engine.Restore(place, copyOf(snapshot)); err == nil {
		f.Error("a store was restored over another")
	}
	a, err := f.engine.Look(place)
	f.wantKeys(a, err, "a")
}

// testRefused: a place with garbage, or with half of a store, is not opened.
func testRefused(f *fixture) {
	f.put("a=1", "b=2", "c=3")
	snapshot := f.snapshot()
	for what, c := range map[string]struct {
		content []byte
		want    error
	}{
		"nothing":    {nil, store.ErrNotStore},
		"rubbish":    {bytes.Repeat([]byte("Bonjour "), 4096), store.ErrNotStore},
		"cut short":  {snapshot[:len(snapshot)*2/3], store.ErrDamaged},
		"overturned": {slices.Concat(snapshot[:len(snapshot)/2], bytes.Repeat([]byte{0xFF}, len(snapshot)/2)), store.ErrDamaged},
	} {
		place, file := f.TempDir(), filepath.Join(f.TempDir(), "copy")
		restoreErr := f.engine.Restore(place, copyOf(c.content))
		_, openErr := f.engine.Open(place, store.Opening{})
		_, lookErr := f.engine.Look(place)
		_, compactErr := f.engine.Compact(place)
		f.ok(os.WriteFile(file, c.content, 0o600))
		_, copyErr := f.engine.LookAtCopy(file)
		if restoreErr != nil { // at once
			openErr, lookErr, compactErr = restoreErr, restoreErr, restoreErr
		}
		for _, err := range []error{openErr, lookErr, compactErr, copyErr} {
			if !errors.Is(err, c.want) {
				f.Errorf("%s: %v, want %v", what, err, c.want)
			}
		}
	}
}

func testReplace(f *fixture) {
	f.put("new=1")
	snapshot, place := f.snapshot(), f.TempDir()
	f.ok(f.Close())
	fill := func(made, _ string) error { return f.engine.Restore(made, copyOf(snapshot)) }
	kept, err := f.engine.Replace(place, fill)
	if err != nil || kept != "" {
		f.Errorf("where there was none: kept %q, %v", kept, err)
	}
	kept, err = f.engine.Replace(f.place, func(made, old string) error {
		a, err := f.engine.LookAtCopy(old)
		f.wantKeys(a, err, "new")
		f.ok(fill(made, old))
		s, err := f.engine.Open(made, store.Opening{})
		f.ok(err)
		f.ok(s.Update(f.Context(), act(), func(w store.Writer) error { return putAll(w, "newer=2") }))
		return s.Close()
	})
	f.ok(err)
	a, err := f.engine.LookAtCopy(kept)
	f.wantKeys(a, err, "new")
	f.open()
	f.wantAll("new=1 newer=2")
	CheckJournal(f, f.events())
}

func testReplaceFails(f *fixture) {
	f.put("a=1")
	snapshot := f.snapshot()
	f.ok(f.Close())
	restore := func(made, _ string) error { return f.engine.Restore(made, copyOf(snapshot)) }
	for what, c := range map[string]struct {
		fill func(made, old string) error
		want error
	}{
		"an error":             {func(string, string) error { return errRefused }, errRefused},
		"a store and an error": {func(made, old string) error { return errors.Join(restore(made, old), errRefused) }, errRefused},
		"nothing":              {func(string, string) error { return nil }, store.ErrNoStore},
		"rubbish": {func(made, _ string) error {
			return f.engine.Restore(made, copyOf([]byte("Bonjour")))
		}, store.ErrNotStore},
	} {
		if kept, err := f.engine.Replace(f.place, c.fill); !errors.Is(err, c.want) || kept != "" {
			f.Errorf("%s: kept %q, %v, want %v", what, kept, err, c.want)
		}
		a, err := f.engine.Look(f.place)
		f.wantKeys(a, err, "a")
		_, err = f.engine.Replace(f.place, restore) // nothing of the failure is left
		f.ok(err)
	}
	f.open()
	f.wantAll("a=1")
}

func testCompact(f *fixture) {
	erased := bytes.Repeat([]byte("erased "), 100_000)
	f.update(func(w store.Writer) error { return w.Put(store.KindPersonal, []byte("a"), erased) })
	f.put("a=1")
	uid := f.uid(true)
	f.update(func(w store.Writer) error {
		return errors.Join(w.Delete(store.KindPersonal, []byte("a")), w.EraseEvent(1))
	})
	before := f.events()
	f.ok(f.Close())
	done, err := f.engine.Compact(f.place)
	if err != nil || done.What == "" || done.After <= 0 || done.After > done.Before {
		f.Errorf("%+v, %v", done, err)
	}
	f.open()
	after := f.events()
	CheckJournal(f, after)
	if next := f.uid(true); len(after) != len(before) || next <= uid {
		f.Errorf("%d events, then %d; uid %d after %d", len(before), len(after), next, uid)
	}
	if bytes.Contains(f.snapshot(), []byte("erased")) {
		f.Error("the compacted store contains erased data")
	}
	f.view(func(r store.Reader) error {
		value, err := r.Get(store.KindSession, []byte("a"))
		if string(value) != "1" {
			f.Errorf("the record is %q", value)
		}
		return err
	})
}
