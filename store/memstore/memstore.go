// Package memstore keeps stores in memory, for tests. It does what the contract of
// package store says and no more, and creates a store in microseconds.
//
// # The idea
//
// All records of a store are one state: a sorted tree that never changes once it is
// published. A View reads the state that is published when it begins. Only one Update
// runs at a time: its closure writes to a Draft over the current state, and its Entry
// goes into a copy of that state, which shares the unchanged parts. Then the copy is
// published.
//
// # What can never happen
//
// A View sees half of an Update: it reads one state. Two Updates interfere: only one
// runs at a time. Bytes change while somebody reads them: no record is ever changed in
// place.
//
// # What it is not
//
// It is not durable: Close keeps the last state for the next Open of the same place in
// the same Engine, and it is gone with the process. Its size is not limited.
package memstore

import (
	"context"
	"crypto/rand"
	"io"
	"sync"
	"sync/atomic"

	"github.com/acquis-eval/acquis/store"
)

// A Store is a store.Store in memory.
type Store struct {
	turn chan struct{} // holds one value while an Update runs or the store closes
	head store.Head    // of the journal; owned by the holder of the turn

	mu      sync.Mutex
	state   *state // the last one published
	event   uint64 // the last one in it
	closed  bool
	changed chan struct{} // closed, and replaced, whenever the above changes

	kinds [1 << 8]atomic.Uint64 // what Changed returns; updated under the lock, with the state

	leave func(*state) // tells the engine that the place is free again
}

// New returns an empty store that no engine keeps.
func New() *Store {
	s, _ := newStore(newState(), func(*state) {}) // it fails only over a damaged journal
	return s
}

func newStore(last *state, leave func(*state)) (*Store, error) {
	s := &Store{
		turn: make(chan struct{}, 1), state: last, event: last.lastSequence(), changed: make(chan struct{}), leave: leave,
	}
	var err error
	s.head, err = store.LoadHead(last, s.event)
	return s, err
}

// View implements store.Store. fn runs in the caller's goroutine.
func (s *Store) View(ctx context.Context, fn func(store.Reader) error) error {
	current, err := s.current(ctx)
	if err != nil {
		return err
	}
	r := store.NewReader(current)
	defer r.End()
	return fn(r)
}

func (s *Store) current(ctx context.Context) (*state, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	return s.state, nil
}

// Update implements store.Store. fn runs in the caller's goroutine, and a panic
// of fn reaches the caller. fn must not call Update or Close, which would wait
// for it.
func (s *Store) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	last, err := s.current(ctx)
	if err != nil {
		return err
	}
	draft := store.NewDraft(last, last.uid)
	defer draft.End()
	if err := fn(draft); err != nil {
		return err
	}
	entry, err := draft.Entry(&s.head, act, rand.Reader)
	if err != nil || entry == nil {
		return err
	}
	next := &commit{state: last.copy()}
	if err := entry.Store(next); err != nil {
		return err
	}
	next.uid = draft.LastUID()
	s.publish(next)
	return nil
}

func (s *Store) publish(next *commit) {
	s.change(func() {
		s.state, s.event = next.state, s.head.Sequence
		for kind, written := range next.wrote {
			if written {
				s.kinds[kind].Add(1)
			}
		}
	})
}

// change changes the published state, and wakes callers that wait for it.
func (s *Store) change(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
	close(s.changed)
	s.changed = make(chan struct{})
}

// Changed implements store.Store.
func (s *Store) Changed(kind store.KindID) uint64 { return s.kinds[kind].Load() }

// Wait implements store.Store.
func (s *Store) Wait(ctx context.Context, after uint64) error {
	for {
		s.mu.Lock()
		event, closed, changed := s.event, s.closed, s.changed
		s.mu.Unlock()
		switch {
		case closed:
			return store.ErrClosed
		case event > after:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Snapshot implements store.Store. The copy is an image (image.go).
func (s *Store) Snapshot(ctx context.Context, w io.Writer, look func(store.Reader) error) error {
	current, err := s.current(ctx)
	if err != nil {
		return err
	}
	r := store.NewReader(current)
	defer r.End()
	if err := look(r); err != nil {
		return err
	}
	return current.write(ctx, w)
}

// Health implements store.Store.
func (s *Store) Health() error {
	_, err := s.current(context.Background())
	return err
}

// Close implements store.Store. It does not wait for Views, whose state stays
// valid.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.Health() != nil {
		return nil // was closed before
	}
	s.change(func() {
		s.closed = true
		for kind := range s.kinds {
			s.kinds[kind].Add(1)
		}
	})
	s.leave(s.state)
	return nil
}
