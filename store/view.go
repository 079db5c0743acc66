package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// errEnded keeps a Reader or Writer from touching the engine's memory after its
// closure has ended.
var errEnded = errors.New("store: used after its transaction ended")

// A LayerReader is the Reader of an engine's transaction: it takes records out
// of their envelopes and returns copies.
type LayerReader struct {
	stored Layer
	ended  bool
}

// NewReader returns a Reader of what an engine stored. End it with the
// transaction.
func NewReader(stored Layer) *LayerReader { return &LayerReader{stored: stored} }

// End makes every later use an error.
func (r *LayerReader) End() { r.ended = true }

// Get implements Reader.
func (r *LayerReader) Get(kind KindID, key []byte) ([]byte, error) {
	if r.ended {
		return nil, errEnded
	}
	return cloned(messages{r.stored}.Get(kind, key))
}

// Scan implements Reader.
func (r *LayerReader) Scan(kind KindID, prefix, after []byte, limit int) ([]Record, error) {
	if r.ended {
		return nil, errEnded
	}
	return clonedAll(messages{r.stored}.Scan(kind, prefix, after, limit))
}

// Prefetch implements Reader.
func (r *LayerReader) Prefetch(wants ...Want) error {
	if r.ended {
		return errEnded
	}
	return r.stored.Prefetch(wants...)
}

// LastEvent implements Reader.
func (r *LayerReader) LastEvent(kind KindID, key []byte) (uint64, error) {
	if r.ended {
		return 0, errEnded
	}
	if !kind.Journaled() {
		return 0, ErrNotFound
	}
	stored, err := r.stored.Get(kind, key)
	if err != nil {
		return 0, err
	}
	e, err := OpenEnvelope(stored)
	return e.Sequence, err
}

// Events implements Reader.
func (r *LayerReader) Events(after uint64, limit int) ([]*storepb.Event, error) {
	if r.ended {
		return nil, errEnded
	}
	records, err := r.stored.Scan(KindEvent, nil, SequenceKey(after), limit)
	if err != nil {
		return nil, err
	}
	events := make([]*storepb.Event, len(records))
	for i, record := range records {
		events[i] = new(storepb.Event)
		if err := proto.Unmarshal(record.Value, events[i]); err != nil {
			return nil, fmt.Errorf("store: event %x: %w", record.Key, err)
		}
	}
	return events, nil
}

// SequenceKey returns the key under which an event is stored.
func SequenceKey(sequence uint64) []byte { return binary.BigEndian.AppendUint64(nil, sequence) }

func cloned(value []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return clone(value), nil
}

// clonedAll copies all records into one allocation. Appending to one cannot
// overwrite the next.
func clonedAll(records []Record, err error) ([]Record, error) {
	if err != nil {
		return nil, err
	}
	size := 0
	for _, r := range records {
		size += len(r.Key) + len(r.Value)
	}
	piece := make([]byte, 0, size)
	own := func(b []byte) []byte {
		from := len(piece)
		piece = append(piece, b...)
		return slices.Clip(piece[from:])
	}
	for i, r := range records {
		records[i] = Record{Key: own(r.Key), Value: own(r.Value)}
	}
	return records, nil
}

// clone never returns nil: an empty record is a record.
func clone(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }
