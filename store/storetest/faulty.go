package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/acquis-eval/acquis/store"
)

// Faulty returns a store that fails every write twice before it succeeds: first
// without doing it, then having done it. Both times Update returns
// ErrUnknownOutcome, so that only a caller who repeats with the same request id
// gets it right. An Update that fails or writes nothing is not disturbed, and
// reads never are.
//
// Two writes are attempts of the same act if the same subject calls the same RPC;
// the resource may get another name at each attempt. Concurrent callers of one
// subject who make the same call share their failures: each still gets some.
func Faulty(s store.Store) store.Store { return &faulty{Store: s, failed: map[store.Act]int{}} }

type faulty struct {
	store.Store
	mu     sync.Mutex
	failed map[store.Act]int // how often in a row
}

var errDropped = errors.New("storetest: this write is dropped")

func (f *faulty) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	wrote, failed := false, f.failures(act)
	err := f.Store.Update(ctx, act, func(w store.Writer) error {
		noting := &noting{Writer: w}
		err := fn(noting)
		if wrote = noting.wrote; err == nil && wrote && failed == 0 {
			return errDropped
		}
		return err
	})
	switch {
	case err == nil && !wrote && failed == 2:
		f.count(act, 0) // the caller has found what the second failure hid
		return nil
	case err != nil && !errors.Is(err, errDropped) || !wrote:
		return err
	case failed < 2:
		f.count(act, failed+1)
		return fmt.Errorf("%w: failure %d of 2 by storetest.Faulty", store.ErrUnknownOutcome, failed+1)
	}
	f.count(act, 0)
	return nil
}

func (f *faulty) failures(act store.Act) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed[sameWrite(act)]
}

func (f *faulty) count(act store.Act, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed[sameWrite(act)] = n
}

func sameWrite(act store.Act) store.Act { return store.Act{Actor: act.Actor, RPC: act.RPC} }

// noting records whether anything was written.
type noting struct {
	store.Writer
	wrote bool
}

func (n *noting) Put(kind store.KindID, key, value []byte) error {
	n.wrote = true
	return n.Writer.Put(kind, key, value)
}

func (n *noting) Delete(kind store.KindID, key []byte) error {
	n.wrote = true
	return n.Writer.Delete(kind, key)
}

func (n *noting) EraseEvent(sequence uint64) error {
	n.wrote = true
	return n.Writer.EraseEvent(sequence)
}
