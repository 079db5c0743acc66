package storetest

import (
	"context"

	"github.com/acquis-eval/acquis/store"
)

// Twice returns a store that runs every closure twice, as an engine may do if the
// reads of the closure are outdated; the writes of the first run are dropped. It
// changes nothing for callers who keep the contract.
func Twice(s store.Store) store.Store { return twice{s} }

type twice struct{ store.Store }

func (s twice) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.Store.View(ctx, func(r store.Reader) error {
		_ = fn(r) // the second run decides
		return fn(r)
	})
}

func (s twice) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	return s.Store.Update(ctx, act, func(w store.Writer) error {
		rehearse(w, fn)
		return fn(w)
	})
}

// rehearse runs fn without effect, even if fn fails or panics.
func rehearse(w store.Writer, fn func(store.Writer) error) {
	defer func() { _ = recover() }() // the second run panics too
	_ = fn(&rehearsal{Writer: w, over: store.NewOverlay(w)})
}

// A rehearsal is a Writer that discards its writes. It uses up uids, which may be
// skipped.
type rehearsal struct {
	store.Writer
	over    *store.Overlay
	written map[string]bool
}

func (r *rehearsal) Get(kind store.KindID, key []byte) ([]byte, error) {
	return copied(r.over.Get(kind, key))
}

func (r *rehearsal) Scan(kind store.KindID, prefix, after []byte, limit int) ([]store.Record, error) {
	return copiedAll(r.over.Scan(kind, prefix, after, limit))
}

func (r *rehearsal) LastEvent(kind store.KindID, key []byte) (uint64, error) {
	if r.written[mark(kind, key)] {
		return 0, store.ErrNotFound
	}
	return r.Writer.LastEvent(kind, key)
}

func (r *rehearsal) Put(kind store.KindID, key, value []byte) error {
	if len(value) > store.MaxValueSize {
		return r.Writer.Put(kind, key, value) // the writer refuses it
	}
	return r.write(kind, key, func(key []byte) error { return r.over.Put(kind, key, append([]byte{}, value...)) })
}

func (r *rehearsal) Delete(kind store.KindID, key []byte) error {
	return r.write(kind, key, func(key []byte) error { return r.over.Delete(kind, key) })
}

func (r *rehearsal) EraseEvent(sequence uint64) error {
	events, err := r.Events(sequence-1, 1)
	if err == nil && len(events) == 1 && events[0].GetSequence() == sequence {
		return nil
	}
	return r.Writer.EraseEvent(sequence) // refused, as above
}

func (r *rehearsal) write(kind store.KindID, key []byte, do func(key []byte) error) error {
	if !kind.Writable() || len(key) == 0 || len(key) > store.MaxKeySize {
		return r.Writer.Put(kind, key, nil) // refused, as above
	}
	if r.written == nil {
		r.written = map[string]bool{}
	}
	r.written[mark(kind, key)] = true
	return do(append([]byte{}, key...))
}

func mark(kind store.KindID, key []byte) string { return string(append([]byte{byte(kind)}, key...)) }
