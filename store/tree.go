package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// ErrNoHash says that the journal lacks an event, or a hash that its event should bear,
// which cannot happen unless it was altered. Tree returns it; an error of reading is another.
var ErrNoHash = errors.New("store: the journal lacks a hash")

// Tree returns the hashes of the Merkle log, for tlog.TreeHash, ProveRecord and
// ProveTree. Event n is record n-1 of the log.
func Tree(r Reader) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			// The node spans 2^level leaves and is stored with the last of them.
			e, err := eventAt(r, uint64(n+1)<<level)
			if err != nil {
				return nil, err
			}
			if len(e.GetHashes()) <= level || len(e.GetHashes()[level]) != tlog.HashSize {
				return nil, fmt.Errorf("%w: event %d lacks that of level %d", ErrNoHash, e.GetSequence(), level)
			}
			hashes[i] = tlog.Hash(e.GetHashes()[level])
		}
		return hashes, nil
	})
}

func eventAt(r Reader, sequence uint64) (*storepb.Event, error) {
	events, err := r.Events(sequence-1, 1)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 || events[0].GetSequence() != sequence {
		return nil, fmt.Errorf("%w: no event %d", ErrNoHash, sequence)
	}
	return events[0], nil
}

// LastSequence returns the sequence of the last event, given one that is known to
// exist, or 0. The number of events that it reads is logarithmic in the number of
// newer events.
func LastSequence(r Reader, known uint64) (uint64, error) {
	exists := func(sequence uint64) (bool, error) {
		events, err := r.Events(sequence-1, 1)
		return len(events) > 0, err
	}
	step := uint64(1)
	for ; ; step *= 2 {
		if ok, err := exists(known + step); err != nil {
			return 0, err
		} else if !ok {
			break
		}
		known += step
	}
	// The last one is known, or less than step above it.
	for step /= 2; step > 0; step /= 2 {
		if ok, err := exists(known + step); err != nil {
			return 0, err
		} else if ok {
			known += step
		}
	}
	return known, nil
}

// An edge is the right edge of the Merkle log: the last complete hash on each
// level. A new leaf needs no others, so appending reads nothing.
type edge [64]tlog.Hash

// completed returns the hashes that the event's leaf completes.
func (e *edge) completed(event *storepb.Event) ([][]byte, error) {
	n := int64(event.GetSequence()) - 1
	hashes, err := tlog.StoredHashesForRecordHash(n, LeafHash(event), e.before(n))
	if err != nil {
		return nil, err
	}
	stored := make([][]byte, len(hashes))
	for level := range hashes {
		stored[level] = hashes[level][:]
	}
	return stored, nil
}

// move adds the hashes that the next leaf completed.
func (e *edge) move(completed [][]byte) {
	for level, h := range completed {
		e[level] = tlog.Hash(h)
	}
}

// before reads hashes of the edge of a log of size records.
func (e *edge) before(size int64) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			if n != size>>level-1 {
				return nil, errors.New("store: a hash off the edge of the log")
			}
			hashes[i] = e[level]
		}
		return hashes, nil
	}
}

func loadEdge(tree tlog.HashReader, size uint64) (edge, error) {
	var e edge
	for level := range bits.Len64(size) {
		h, err := tree.ReadHashes([]int64{tlog.StoredHashIndex(level, int64(size>>level)-1)})
		if err != nil {
			return edge{}, err
		}
		e[level] = h[0]
	}
	return e, nil
}

// A Replay builds a Merkle log again from its events, in order, to compare it
// with the stored hashes. Its zero value is an empty log.
type Replay struct {
	size uint64
	edge edge
}

// Append adds the next event and returns the hashes that it completes, which must
// be stored with it.
func (r *Replay) Append(e *storepb.Event) ([][]byte, error) {
	if e.GetSequence() != r.size+1 {
		return nil, fmt.Errorf("store: event %d does not follow event %d", e.GetSequence(), r.size)
	}
	hashes, err := r.edge.completed(e)
	if err == nil {
		r.size++
		r.edge.move(hashes)
	}
	return hashes, err
}

// Regrow builds the Merkle log again from every stored event, compares it with
// the stored hashes, and returns its size and root.
func Regrow(ctx context.Context, stored Layer) (size uint64, root tlog.Hash, err error) {
	r, grown := NewReader(stored), new(Replay)
	for {
		if err := ctx.Err(); err != nil {
			return 0, root, err
		}
		events, err := r.Events(grown.size, 512)
		if err != nil {
			return 0, root, err
		}
		if len(events) == 0 {
			root, err := grown.Root()
			return grown.size, root, err
		}
		for _, e := range events {
			want, err := grown.Append(e)
			if err != nil {
				return 0, root, err
			}
			if !slices.EqualFunc(want, e.GetHashes(), bytes.Equal) {
				return 0, root, fmt.Errorf("store: event %d has other hashes of the tree than those computed from it and the events before it", e.GetSequence())
			}
		}
	}
}

// Root returns the hash over all events appended.
func (r *Replay) Root() (tlog.Hash, error) {
	if r.size == 0 {
		return tlog.TreeHash(0, nil)
	}
	return tlog.TreeHash(int64(r.size), r.edge.before(int64(r.size)))
}
