package store

import (
	"errors"
	"fmt"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// A Draft is the Writer of one run of an Update's closure. Its writes are in an
// overlay until the engine asks for the Entry; to discard them, drop the draft.
type Draft struct {
	below  *LayerReader
	over   *Overlay // of messages; envelopes come with the event
	erased []uint64 // sequences of events
	uids   uids
}

// NewDraft returns an empty draft over what an engine stored. lastUID is the last
// identifier that was given before.
func NewDraft(stored Layer, lastUID uint64) *Draft {
	return &Draft{below: NewReader(stored), over: NewOverlay(messages{stored}), uids: uids{lastUID, lastUID}}
}

// End makes every later use by the closure an error.
func (d *Draft) End() { d.below.End() }

// Get implements Reader.
func (d *Draft) Get(kind KindID, key []byte) ([]byte, error) {
	if d.below.ended {
		return nil, errEnded
	}
	return cloned(d.over.Get(kind, key))
}

// Scan implements Reader.
func (d *Draft) Scan(kind KindID, prefix, after []byte, limit int) ([]Record, error) {
	if d.below.ended {
		return nil, errEnded
	}
	return clonedAll(d.over.Scan(kind, prefix, after, limit))
}

// Prefetch implements Reader. It fetches what is below the draft's writes.
func (d *Draft) Prefetch(wants ...Want) error {
	if d.below.ended {
		return errEnded
	}
	return d.over.Prefetch(wants...)
}

// LastEvent implements Reader. The event of this Update has no sequence yet.
func (d *Draft) LastEvent(kind KindID, key []byte) (uint64, error) {
	if _, written := d.over.find(kind, key); written {
		return 0, ErrNotFound
	}
	return d.below.LastEvent(kind, key)
}

// Events implements Reader.
func (d *Draft) Events(after uint64, limit int) ([]*storepb.Event, error) {
	return d.below.Events(after, limit)
}

// Put implements Writer.
func (d *Draft) Put(kind KindID, key, value []byte) error {
	if d.below.ended {
		return errEnded
	}
	if err := checkWritable(kind, key); err != nil {
		return err
	}
	if len(value) > MaxValueSize {
		return fmt.Errorf("store: a record of kind %v has %d bytes, more than %d", kind, len(value), MaxValueSize)
	}
	return d.over.Put(kind, clone(key), clone(value))
}

// Delete implements Writer.
func (d *Draft) Delete(kind KindID, key []byte) error {
	if d.below.ended {
		return errEnded
	}
	if err := checkWritable(kind, key); err != nil {
		return err
	}
	return d.over.Delete(kind, clone(key))
}

// EraseEvent implements Writer.
func (d *Draft) EraseEvent(sequence uint64) error {
	if d.below.ended {
		return errEnded
	}
	event, err := eventAt(d.below, sequence)
	if err != nil {
		return err
	}
	stub, err := ReadStub(event)
	if err != nil {
		return err
	}
	if !BodyErasable(stub) {
		return fmt.Errorf("store: event %d wrote records that are never erased, so it keeps its body", sequence)
	}
	d.erased = append(d.erased, sequence)
	return nil
}

// NewUID implements Writer.
func (d *Draft) NewUID() (uint64, error) {
	if d.below.ended {
		return 0, errEnded
	}
	return d.uids.next()
}

// A change is a write that appears in the event.
type change struct {
	kind KindID
	write
}

// changes returns the writes in order of kind and key, without deletions of
// records that never existed. A record under a new identifier must not replace
// another.
func (d *Draft) changes() ([]change, error) {
	if err := d.prefetch(); err != nil {
		return nil, err
	}
	var changes []change
	for _, k := range d.over.kinds {
		for _, w := range k.writes {
			if w.deleted || d.uids.gave(k.kind, w.key) {
				switch _, err := d.over.base.Get(k.kind, w.key); {
				case err == nil && !w.deleted:
					return nil, fmt.Errorf("%w: %v %x", ErrUIDInUse, k.kind, w.key)
				case errors.Is(err, ErrNotFound) && w.deleted:
					continue
				case err != nil && !errors.Is(err, ErrNotFound):
					return nil, err
				}
			}
			changes = append(changes, change{k.kind, w})
		}
	}
	return changes, nil
}

// prefetch announces all reads below the writes that the entry needs.
func (d *Draft) prefetch() error {
	wants := make([]Want, 0, 4) // most acts need no more
	for _, k := range d.over.kinds {
		for _, w := range k.writes {
			if w.deleted || k.kind.Amended() || d.uids.gave(k.kind, w.key) {
				wants = append(wants, Want{Kind: k.kind, Key: w.key})
			}
		}
	}
	if len(wants) == 0 {
		return nil
	}
	return d.over.Prefetch(wants...)
}
