package store

import (
	"bytes"
	"math"
	"slices"
)

// An Overlay is a set of writes over a Layer that does not change. It is a Table
// itself, so overlays nest: an engine that runs closures outside its transaction
// puts one for the group between the transaction and their drafts.
type Overlay struct {
	base  Layer
	kinds []kindWrites // by kind
}

// A sorted slice rather than a map, because a closure writes a handful of
// records, and every Scan and the event need them in key order.
type kindWrites struct {
	kind   KindID
	writes []write // by key
}

type write struct {
	key     []byte
	value   []byte
	deleted bool
}

// NewOverlay returns an empty overlay over base.
func NewOverlay(base Layer) *Overlay { return &Overlay{base: base} }

// Put implements Table.
func (o *Overlay) Put(kind KindID, key, value []byte) error {
	o.set(kind, write{key: key, value: value})
	return nil
}

// Delete implements Table. It hides the record below.
func (o *Overlay) Delete(kind KindID, key []byte) error {
	o.set(kind, write{key: key, deleted: true})
	return nil
}

// Get implements Layer.
func (o *Overlay) Get(kind KindID, key []byte) ([]byte, error) {
	w, ok := o.find(kind, key)
	switch {
	case !ok:
		return o.base.Get(kind, key)
	case w.deleted:
		return nil, ErrNotFound
	}
	return w.value, nil
}

// Scan implements Layer. It asks the base for as many records beyond limit as it
// may hide, so that one call below is enough.
func (o *Overlay) Scan(kind KindID, prefix, after []byte, limit int) ([]Record, error) {
	if limit <= 0 {
		return nil, nil
	}
	writes, deleted := o.between(kind, prefix, after)
	below, err := o.base.Scan(kind, prefix, after, min(limit, math.MaxInt-deleted)+deleted)
	if err != nil || len(writes) == 0 {
		return below, err
	}
	return merge(below, writes, limit), nil
}

// Prefetch implements Layer.
func (o *Overlay) Prefetch(wants ...Want) error { return o.base.Prefetch(wants...) }

func (o *Overlay) set(kind KindID, w write) {
	at, ok := slices.BinarySearchFunc(o.kinds, kind, func(k kindWrites, kind KindID) int { return int(k.kind) - int(kind) })
	if !ok {
		o.kinds = slices.Insert(o.kinds, at, kindWrites{kind: kind})
	}
	k := &o.kinds[at]
	i, ok := search(k.writes, w.key)
	if ok {
		k.writes[i] = w
		return
	}
	k.writes = slices.Insert(k.writes, i, w)
}

func (o *Overlay) find(kind KindID, key []byte) (write, bool) {
	writes := o.of(kind)
	if i, ok := search(writes, key); ok {
		return writes[i], true
	}
	return write{}, false
}

func (o *Overlay) of(kind KindID) []write {
	for _, k := range o.kinds {
		if k.kind == kind {
			return k.writes
		}
	}
	return nil
}

// between returns the writes in the range of a scan, and how many of them delete.
func (o *Overlay) between(kind KindID, prefix, after []byte) (writes []write, deleted int) {
	writes = o.of(kind)
	from, _ := search(writes, prefix)
	if after != nil {
		i, found := search(writes, after)
		if found {
			i++
		}
		from = max(from, i)
	}
	to := from
	for to < len(writes) && bytes.HasPrefix(writes[to].key, prefix) {
		if writes[to].deleted {
			deleted++
		}
		to++
	}
	return writes[from:to], deleted
}

func search(writes []write, key []byte) (int, bool) {
	return slices.BinarySearchFunc(writes, key, func(w write, key []byte) int { return bytes.Compare(w.key, key) })
}

// merge returns the first records of both in key order; if two have the same key,
// the write wins.
func merge(below []Record, writes []write, limit int) []Record {
	merged := make([]Record, 0, min(limit, len(below)+len(writes)))
	for len(merged) < limit && len(below)+len(writes) > 0 {
		order := 1
		if len(writes) == 0 {
			order = -1
		} else if len(below) > 0 {
			order = bytes.Compare(below[0].Key, writes[0].key)
		}
		if order < 0 {
			merged, below = append(merged, below[0]), below[1:]
			continue
		}
		if order == 0 {
			below = below[1:]
		}
		if w := writes[0]; !w.deleted {
			merged = append(merged, Record{Key: w.key, Value: w.value})
		}
		writes = writes[1:]
	}
	return merged
}
