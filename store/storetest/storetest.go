// Package storetest has the tests that every engine must pass, and wrappers that
// make a store misbehave.
//
// Run is the contract of package store as tests: each sentence there has a
// subtest here, named after it. An engine's tests call it, once as it is, once more
// with its stores wrapped by Twice, and once behind NewRemote:
//
//	storetest.Run(t, engine)
//	storetest.Run(t, storetest.Wrap(engine, storetest.Twice))
//
// Faulty is for tests of the code above the store: it fails every write twice,
// once without doing it and once having done it, and never says which. A Remote
// also counts how many round trips over a network their reads would be.
package storetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// callers is how many concurrent callers tests use.
const callers = 64

// Run tests an engine against the contract. A place is the path of an empty
// directory of the test; an engine that does not use files takes it as a name.
func Run(t *testing.T, e store.Engine) {
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"Reader", readerTests()},
		{"Prefetch", prefetchTests()},
		{"Writer", writerTests()},
		{"Update", updateTests()},
		{"Serial", serialTests()},
		{"Journal", journalTests()},
		{"Store", storeTests()},
		{"Changed", changedTests()},
		{"Engine", engineTests()},
		{"Model", []test{{"random histories", testModel}}},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.tests {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel() // most wait for a disk
					c.run(newFixture(t, e))
				})
			}
		})
	}
}

type test struct {
	name string
	run  func(f *fixture)
}

// A fixture is a test with its own store.
type fixture struct {
	*testing.T
	engine store.Engine
	place  string
	store.Store
}

func newFixture(t *testing.T, e store.Engine) *fixture {
	t.Helper()
	f := &fixture{T: t, engine: e, place: t.TempDir()}
	f.open()
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return f
}

// reopen closes the store and opens it again.
func (f *fixture) reopen() {
	f.Helper()
	if err := f.Close(); err != nil {
		f.Fatalf("Close: %v", err)
	}
	f.open()
}

func (f *fixture) open() {
	f.Helper()
	var err error
	f.Store, err = f.engine.Open(f.place, store.Opening{})
	f.ok(err)
}

func (f *fixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) is(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Errorf("error %v, want %v", err, want)
	}
}

func act() store.Act {
	return store.Act{
		Actor: "tester", RPC: "storetest", Resource: "records/1",
		Kind: storepb.EventBody_Kind_SYSTEM, Time: time.Now(),
	}
}

func (f *fixture) update(fn func(w store.Writer) error) {
	f.Helper()
	f.ok(f.Update(context.Background(), act(), fn))
}

func (f *fixture) view(fn func(r store.Reader) error) {
	f.Helper()
	f.ok(f.View(context.Background(), fn))
}

// personal writes a record that may be erased, in its own update.
func (f *fixture) personal(key string) {
	f.Helper()
	f.update(func(w store.Writer) error { return w.Put(store.KindPersonal, []byte(key), nil) })
}

// put writes records "key=value" of kind session in one update.
func (f *fixture) put(records ...string) {
	f.Helper()
	f.update(func(w store.Writer) error { return putAll(w, records...) })
}

func putAll(w store.Writer, records ...string) error {
	for _, r := range records {
		key, value, _ := strings.Cut(r, "=")
		if err := w.Put(store.KindSession, []byte(key), []byte(value)); err != nil {
			return err
		}
	}
	return nil
}

// all returns the records of kind session as "key=value key=value".
func all(r store.Reader) (string, error) { return list(r, "", "", 1<<20) }

func list(r store.Reader, prefix, after string, limit int) (string, error) {
	var behind []byte
	if after != "" {
		behind = []byte(after)
	}
	records, err := r.Scan(store.KindSession, []byte(prefix), behind, limit)
	var found []string
	for _, r := range records {
		found = append(found, string(r.Key)+"="+string(r.Value))
	}
	return strings.Join(found, " "), err
}

// wantAll fails unless kind session has those records.
func (f *fixture) wantAll(want string) {
	f.Helper()
	f.view(func(r store.Reader) error {
		got, err := all(r)
		if got != want {
			f.Errorf("records %q, want %q", got, want)
		}
		return err
	})
}

// events returns the whole journal.
func (f *fixture) events() []*storepb.Event {
	f.Helper()
	var events []*storepb.Event
	f.view(func(r store.Reader) (err error) {
		events, err = r.Events(0, 1<<20)
		return err
	})
	return events
}

// each runs fn for 0 to n-1 at once and waits for all.
func each(n int, fn func(i int)) {
	done := make(chan struct{})
	for i := range n {
		go func() {
			defer func() { done <- struct{}{} }()
			fn(i)
		}()
	}
	for range n {
		<-done
	}
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// get returns the number under a key of kind session; 0 if there is none.
func get(r store.Reader, key string) (uint64, error) {
	value, err := r.Get(store.KindSession, []byte(key))
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if len(value) != 8 {
		return 0, fmt.Errorf("%d bytes under %s", len(value), key)
	}
	return binary.BigEndian.Uint64(value), nil
}

func set(w store.Writer, key string, n uint64) error {
	return w.Put(store.KindSession, []byte(key), number(n))
}
