package bolt

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/acquis-eval/acquis/store"
)

// progress is what is known to be on disk, and whether more can follow. The
// writer updates it; Views, Wait and Health read it.
type progress struct {
	mu      sync.Mutex
	tx      int           // last bbolt transaction that was synced
	event   uint64        // last event in it
	full    error         // the last commit found no room; the next may
	failed  error         // no commit will succeed until the store is opened again
	closed  bool          // no commit will follow
	changed chan struct{} // closed, and replaced, at every change

	// How often records of each kind have changed, or their state on disk
	// became unknown. Updated under the lock, together with what Views see;
	// read without it.
	kinds [1 << 8]atomic.Uint64
}

// kindSet tells which kinds a commit wrote.
type kindSet [1 << 8]bool

func newProgress(tx int, event uint64) *progress {
	return &progress{tx: tx, event: event, changed: make(chan struct{})}
}

func (p *progress) change(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
	close(p.changed)
	p.changed = make(chan struct{})
}

// synced records a commit that is on disk. Views of that commit wait until it
// returns, so that none sees new records before the kinds have changed.
func (p *progress) synced(tx int, event uint64, wrote *kindSet) {
	p.change(func() {
		p.tx, p.event, p.full = tx, event, nil
		for kind, written := range wrote {
			if written {
				p.kinds[kind].Add(1)
			}
		}
	})
}

func (p *progress) setFull(err error) { p.change(func() { p.full = err }) }
func (p *progress) fail(err error)    { p.change(func() { p.failed = err; p.changeKinds() }) }
func (p *progress) close()            { p.change(func() { p.closed = true; p.changeKinds() }) }

// changeKinds: Views may fail from now on, and cached values must not be used.
func (p *progress) changeKinds() {
	for kind := range p.kinds {
		p.kinds[kind].Add(1)
	}
}

func (p *progress) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

func (p *progress) isFull() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.full != nil
}

func (p *progress) durableTx() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tx
}

func (p *progress) health() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return store.ErrClosed
	case p.failed != nil:
		return readOnly(p.failed)
	case p.full != nil:
		return full(p.full)
	}
	return nil
}

// waitTx returns once that transaction is on disk. After a failed sync this is
// unknown, so no View may see it. Waiting ends when the store closes, because
// closing the file waits for the open transaction of the waiting View.
func (p *progress) waitTx(ctx context.Context, tx int) error {
	return p.wait(ctx, func() (bool, error) {
		switch {
		case p.tx >= tx:
			return true, nil
		case p.failed != nil:
			return false, fmt.Errorf("store: the newest state may not be on disk: %w", readOnly(p.failed))
		case p.closed:
			return false, store.ErrClosed
		}
		return false, nil
	})
}

// waitEvent returns once an event after that one is on disk.
func (p *progress) waitEvent(ctx context.Context, after uint64) error {
	return p.wait(ctx, func() (bool, error) {
		switch {
		case p.event > after:
			return true, nil
		case p.closed:
			return false, store.ErrClosed
		case p.failed != nil:
			return false, readOnly(p.failed)
		}
		return false, nil
	})
}

// wait calls done again after every change, under the lock.
func (p *progress) wait(ctx context.Context, done func() (bool, error)) error {
	for {
		p.mu.Lock()
		ok, err := done()
		changed := p.changed
		p.mu.Unlock()
		if ok || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
