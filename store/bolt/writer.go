package bolt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

const (
	// maxGroup limits the size of one commit, and so how long its callers wait.
	maxGroup = 1024
	// gatherRounds is how often other goroutines get the processor before a
	// commit begins, so that callers who were just answered can join the group.
	// It never waits; docs/performance.md has the gain.
	gatherRounds = 3

	probeInterval = time.Second
)

// A call is an Update on its way through the writer.
type call struct {
	ctx  context.Context
	act  store.Act
	fn   func(store.Writer) error
	done chan error // takes one

	mu sync.Mutex // held while fn runs; fn is nil from then on
}

// A PanicError is returned by Update if its closure panicked. The panic does
// not spread: it happened in the writer's goroutine, which also serves others,
// and an error reaches the caller even if nothing there would recover.
type PanicError struct {
	Value any
	Stack []byte
}

// Error has only the value; the stack is for logs.
func (e *PanicError) Error() string { return fmt.Sprintf("store: the update panicked: %v", e.Value) }

// errExit: the closure ended the writer's goroutine (runtime.Goexit, which is
// what testing's FailNow does).
var errExit = errors.New("an update's closure ended its goroutine")

// Update implements store.Store. fn runs in the writer's goroutine; a panic in
// it is returned as a *PanicError. It must not call the store: an Update there
// would wait for itself.
//
// If ctx ends while fn waits for its turn, fn is not run. If fn has run, the
// error says that the outcome is unknown. In both cases fn does not run after
// Update has returned.
func (s *Store) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	c := &call{ctx: ctx, act: act, fn: fn, done: make(chan error, 1)}
	if err := s.enter(ctx, c); err != nil {
		return err
	}
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		return c.leave()
	}
}

func (s *Store) enter(ctx context.Context, c *call) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.entrance.RLock()
	defer s.entrance.RUnlock()
	if s.closed {
		return store.ErrClosed
	}
	select {
	case s.queue <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave is the caller's part once its context has ended. If fn is running, it
// waits for fn, but not for the commit.
func (c *call) leave() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case err := <-c.done:
		return err
	default:
	}
	if c.fn == nil {
		return unknownOutcome(c.ctx.Err())
	}
	return c.ctx.Err()
}

// run is the writer's part: it runs fn, unless the caller's context has ended.
func (c *call) run(w store.Writer) (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.ctx.Err(); err != nil {
		return err
	}
	fn := c.fn
	c.fn = nil
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fn(w)
}

// write is the writer's goroutine.
func (s *Store) write() {
	var group []*call
	ended := false
	defer func() {
		if ended {
			close(s.stopped)
			return
		}
		s.progress.fail(errExit)
		answer(group, nil, unknownOutcome(errExit))
		go s.write()
	}()
	for {
		select {
		case c, ok := <-s.queue:
			if !ok {
				ended = true
				return
			}
			group = s.gather(append(group[:0], c))
			s.serve(group)
		case <-s.probe:
			group = group[:0]
			s.commit(group)
		}
	}
}

// serve commits a group, if the store accepts writes.
//
// While the disk is full, only a probe tries, from time to time. It cannot be
// left to callers: a store that reports that it accepts no writes may get none.
// And not each of them should try: after a failed commit bbolt reads the whole
// file to find its free pages.
func (s *Store) serve(group []*call) {
	if err := s.progress.health(); err != nil {
		answer(group, nil, err)
		return
	}
	s.commit(group)
}

// gather adds waiting calls to the group.
func (s *Store) gather(group []*call) []*call {
	for range gatherRounds {
		group = s.drain(group)
		runtime.Gosched()
	}
	return s.drain(group)
}

func (s *Store) drain(group []*call) []*call {
	for len(group) < maxGroup {
		select {
		case c, ok := <-s.queue:
			if !ok {
				return group
			}
			group = append(group, c)
		default:
			return group
		}
	}
	return group
}

// commit runs the closures of a group and makes what they wrote durable.
//
// Nobody is answered before that, not even a closure that failed: its error may
// depend on what another closure of the group wrote.
func (s *Store) commit(group []*call) {
	tx, err := s.db.Begin(true)
	if err != nil {
		answer(group, nil, fmt.Errorf("store: begin: %w", err))
		return
	}
	b := batch{table: newTable(tx), head: s.head, uid: s.uid}
	defer b.rollback()
	errs := make([]error, len(group))
	for i, c := range group {
		if errs[i], err = b.add(c); err != nil {
			answer(group, nil, readOnly(err))
			return
		}
		s.logPanic(errs[i])
	}
	answer(group, errs, s.sync(&b))
}

// answer gives each caller its own error, or the error of the whole group.
func answer(group []*call, errs []error, all error) {
	for i, c := range group {
		if all != nil {
			c.done <- all
		} else {
			c.done <- errs[i]
		}
	}
}

func (s *Store) logPanic(err error) {
	if p, ok := err.(*PanicError); ok { //nolint:errorlint // only run makes one
		s.log.Error("an update panicked", "value", p.Value, "stack", string(p.Stack))
	}
}

// A batch is a bbolt transaction and its updates. As a store.Table it notes
// which kinds are written.
type batch struct {
	*table
	head  store.Head
	uid   uint64  // last one assigned
	wrote kindSet // none: no entry was stored, not even one without an event
}

// Put implements store.Table.
func (b *batch) Put(kind store.KindID, key, value []byte) error {
	b.wrote[kind] = true
	return b.table.Put(kind, key, value)
}

// Delete implements store.Table.
func (b *batch) Delete(kind store.KindID, key []byte) error {
	b.wrote[kind] = true
	return b.table.Delete(kind, key)
}

func (b *batch) rollback() {
	// An error says that it was committed.
	_ = b.table.tx.Rollback()
}

// add runs a call's closure. The first error is the caller's; the second is the
// engine's, after which the batch cannot be committed.
func (b *batch) add(c *call) (callers, engines error) {
	draft := store.NewDraft(b.table, b.uid)
	defer draft.End()
	if err := c.run(draft); err != nil {
		return err, nil
	}
	entry, err := draft.Entry(&b.head, c.act, rand.Reader)
	if err != nil || entry == nil {
		return err, nil
	}
	b.uid = draft.LastUID()
	return nil, entry.Store(b)
}

// sync commits the batch, unless nothing happened in it.
func (s *Store) sync(b *batch) error {
	journal, err := b.table.made(store.KindEvent)
	if err != nil {
		return readOnly(err)
	}
	if !slices.Contains(b.wrote[:], true) && !s.progress.isFull() {
		return nil
	}
	if err := journal.SetSequence(b.uid); err != nil {
		return readOnly(fmt.Errorf("store: uid: %w", err))
	}
	if s.unmarked {
		if err := setClean(b.table.tx, false); err != nil {
			return readOnly(err)
		}
	}
	id := b.table.tx.ID()
	if err := b.table.tx.Commit(); err != nil {
		return s.failed(err)
	}
	s.head, s.uid, s.unmarked = b.head, b.uid, false
	s.progress.synced(id, b.head.Sequence, &b.wrote)
	return nil
}

// failed decides what a failed commit means. bbolt has rolled it back, but if
// it had already written the meta page, readers now see that transaction, and
// so would the next opening.
func (s *Store) failed(cause error) error {
	published := s.newestTx() > s.progress.durableTx()
	if noRoom(cause) && !published {
		s.setFull(cause)
		return full(cause)
	}
	s.log.Error("a commit failed; read-only until the server is restarted", "error", cause)
	s.progress.fail(cause)
	if published {
		return unknownOutcome(cause)
	}
	return readOnly(cause)
}

// setFull makes the store read-only until a probe finds room.
func (s *Store) setFull(cause error) {
	s.log.Warn("no room for a commit; read-only until there is room", "error", cause)
	s.progress.setFull(cause)
	s.probe = time.After(probeInterval)
}

// newestTx returns the transaction that a new reader sees.
func (s *Store) newestTx() int {
	id := 0
	err := s.db.View(func(tx *bbolt.Tx) error {
		id = tx.ID()
		return nil
	})
	if err != nil {
		return math.MaxInt // unknown, so the worst
	}
	return id
}
