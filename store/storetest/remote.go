package storetest

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/acquis-eval/acquis/store"
)

// A Remote behaves like a store over a network. It counts round trips: each Prefetch of
// something new, and each read that was not announced. It answers announced reads from
// what it fetched, so that the suite tests that too.
type Remote struct {
	store.Store
	trips atomic.Int64
}

// NewRemote puts a store behind a network.
func NewRemote(s store.Store) *Remote { return &Remote{Store: s} }

// Trips returns the number of round trips so far.
func (s *Remote) Trips() int { return int(s.trips.Load()) }

// View implements store.Store.
func (s *Remote) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.Store.View(ctx, func(r store.Reader) error {
		return fn(&remoteReader{Reader: r, fetched: s.fetched(r)})
	})
}

// Update implements store.Store.
func (s *Remote) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	return s.Store.Update(ctx, act, func(w store.Writer) error {
		fetched := s.fetched(w)
		return fn(&remoteWriter{Writer: w, fetched: fetched, over: store.NewOverlay(fetched)})
	})
}

func (s *Remote) fetched(r store.Reader) *fetched {
	return &fetched{below: r, answers: map[question]answer{}, trips: &s.trips}
}

// fetched is a store.Layer over a Reader that keeps what it prefetched.
type fetched struct {
	below   store.Reader
	answers map[question]answer
	trips   *atomic.Int64
}

// A question is a store.Want that can be compared.
type question struct {
	kind       store.KindID
	key, after string
	fromStart  bool // there is no after
	limit      int
}

func ask(w store.Want) question {
	return question{w.Kind, string(w.Key), string(w.After), w.After == nil, w.Limit}
}

type answer struct {
	records []store.Record // of a Get: its value alone
	err     error
}

func (f *fetched) Prefetch(wants ...store.Want) error {
	before := len(f.answers)
	for _, w := range wants {
		if _, held := f.answers[ask(w)]; !held {
			f.answers[ask(w)] = f.read(w)
		}
	}
	if len(f.answers) > before {
		f.trips.Add(1)
	}
	return f.below.Prefetch() // an error once the closure has ended
}

func (f *fetched) read(w store.Want) (a answer) {
	if w.Limit > 0 {
		a.records, a.err = f.below.Scan(w.Kind, w.Key, w.After, w.Limit)
		return a
	}
	value, err := f.below.Get(w.Kind, w.Key)
	return answer{[]store.Record{{Value: value}}, err}
}

func (f *fetched) answer(w store.Want) answer {
	if held, ok := f.answers[ask(w)]; ok {
		return held
	}
	f.trips.Add(1)
	return f.read(w)
}

func (f *fetched) Get(kind store.KindID, key []byte) ([]byte, error) {
	a := f.answer(store.Want{Kind: kind, Key: key})
	return a.records[0].Value, a.err
}

func (f *fetched) Scan(kind store.KindID, prefix, after []byte, limit int) ([]store.Record, error) {
	if limit <= 0 {
		return nil, nil
	}
	a := f.answer(store.Want{Kind: kind, Key: prefix, After: after, Limit: limit})
	return a.records, a.err
}

type remoteReader struct {
	store.Reader
	fetched *fetched
}

func (r *remoteReader) Prefetch(wants ...store.Want) error { return r.fetched.Prefetch(wants...) }

func (r *remoteReader) Get(kind store.KindID, key []byte) ([]byte, error) {
	return copied(r.fetched.Get(kind, key))
}

func (r *remoteReader) Scan(kind store.KindID, prefix, after []byte, limit int) ([]store.Record, error) {
	return copiedAll(r.fetched.Scan(kind, prefix, after, limit))
}

func (r *remoteReader) LastEvent(kind store.KindID, key []byte) (uint64, error) {
	r.fetched.trips.Add(1)
	return r.Reader.LastEvent(kind, key)
}

// A remoteWriter also writes to an overlay over what was fetched: its writes are
// seen, and cost no round trip.
type remoteWriter struct {
	store.Writer
	fetched *fetched
	over    *store.Overlay
}

func (r *remoteWriter) Prefetch(wants ...store.Want) error { return r.fetched.Prefetch(wants...) }

func (r *remoteWriter) Get(kind store.KindID, key []byte) ([]byte, error) {
	return copied(r.over.Get(kind, key))
}

func (r *remoteWriter) Scan(kind store.KindID, prefix, after []byte, limit int) ([]store.Record, error) {
	return copiedAll(r.over.Scan(kind, prefix, after, limit))
}

func (r *remoteWriter) LastEvent(kind store.KindID, key []byte) (uint64, error) {
	r.fetched.trips.Add(1)
	return r.Writer.LastEvent(kind, key)
}

func (r *remoteWriter) Put(kind store.KindID, key, value []byte) error {
	if err := r.Writer.Put(kind, key, value); err != nil {
		return err
	}
	return r.over.Put(kind, slices.Clone(key), slices.Clone(value))
}

func (r *remoteWriter) Delete(kind store.KindID, key []byte) error {
	if err := r.Writer.Delete(kind, key); err != nil {
		return err
	}
	return r.over.Delete(kind, slices.Clone(key))
}

// copied returns a copy of what an overlay lent; never nil, because an empty
// record is a record.
func copied(value []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return append([]byte{}, value...), nil
}

func copiedAll(records []store.Record, err error) ([]store.Record, error) {
	mine := make([]store.Record, len(records))
	for i, r := range records {
		mine[i] = store.Record{Key: append([]byte{}, r.Key...), Value: append([]byte{}, r.Value...)}
	}
	return mine, err
}
