package bolt

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/store"
)

// sequentialFill fills pages of kinds with ascending keys, which halves the
// file (docs/performance.md). Others keep bbolt's default, because a full page
// is split by the next record in it.
const sequentialFill = 0.9

// usualScan is room for the acts in a candidacy.
const usualScan = 16

// A table is a bbolt transaction as a store.Table.
type table struct {
	tx      *bbolt.Tx
	buckets []openBucket // few, so that searching is faster than a map (docs/performance.md)
}

type openBucket struct {
	kind   store.KindID
	bucket *bbolt.Bucket
}

func newTable(tx *bbolt.Tx) *table { return &table{tx: tx} }

// bucket returns the bucket of a kind, or nil if it has no records.
func (t *table) bucket(kind store.KindID) *bbolt.Bucket {
	for _, o := range t.buckets {
		if o.kind == kind {
			return o.bucket
		}
	}
	b := t.tx.Bucket(bucketName(kind))
	if b != nil {
		t.keep(kind, b)
	}
	return b
}

func (t *table) keep(kind store.KindID, b *bbolt.Bucket) {
	if kind.Sequential() {
		b.FillPercent = sequentialFill
	}
	t.buckets = append(t.buckets, openBucket{kind, b})
}

// made returns the bucket of a kind, and creates it if necessary. Buckets are
// created with their first record, so that a new kind needs no new format.
func (t *table) made(kind store.KindID) (*bbolt.Bucket, error) {
	if b := t.bucket(kind); b != nil {
		return b, nil
	}
	b, err := t.tx.CreateBucket(bucketName(kind))
	if err != nil {
		return nil, fmt.Errorf("store: bucket of kind %v: %w", kind, err)
	}
	t.keep(kind, b)
	return b, nil
}

// Get implements store.Layer.
func (t *table) Get(kind store.KindID, key []byte) ([]byte, error) {
	b := t.bucket(kind)
	if b == nil {
		return nil, store.ErrNotFound
	}
	value := b.Get(key)
	if value == nil {
		return nil, store.ErrNotFound
	}
	return value, nil
}

// Scan implements store.Layer.
func (t *table) Scan(kind store.KindID, prefix, after []byte, limit int) ([]store.Record, error) {
	b := t.bucket(kind)
	if b == nil {
		return nil, nil
	}
	c := b.Cursor()
	var records []store.Record
	for k, v := seek(c, prefix, after); len(records) < limit && k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if records == nil {
			records = make([]store.Record, 0, min(limit, usualScan))
		}
		records = append(records, store.Record{Key: k, Value: v})
	}
	return records, nil
}

// Prefetch implements store.Layer. It does nothing: the file is mapped into
// memory, so there is no round trip to save, and an early copy would only cost.
func (t *table) Prefetch(...store.Want) error { return nil }

// seek returns the first record whose key has the prefix and is after after.
func seek(c *bbolt.Cursor, prefix, after []byte) (key, value []byte) {
	if after == nil || bytes.Compare(prefix, after) > 0 {
		return c.Seek(prefix)
	}
	k, v := c.Seek(after)
	if bytes.Equal(k, after) {
		return c.Next()
	}
	return k, v
}

// Put implements store.Table.
func (t *table) Put(kind store.KindID, key, value []byte) error {
	b, err := t.made(kind)
	if err != nil {
		return err
	}
	if err := b.Put(key, value); err != nil {
		return fmt.Errorf("store: put in kind %v: %w", kind, err)
	}
	return nil
}

// Delete implements store.Table.
func (t *table) Delete(kind store.KindID, key []byte) error {
	b := t.bucket(kind)
	if b == nil {
		return nil
	}
	if err := b.Delete(key); err != nil {
		return fmt.Errorf("store: delete in kind %v: %w", kind, err)
	}
	return nil
}

func bucketName(kind store.KindID) []byte { return []byte{byte(kind)} }

// lastSequence returns the sequence of the last event, or 0.
func lastSequence(journal *bbolt.Bucket) uint64 {
	k, _ := journal.Cursor().Last()
	if len(k) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(k)
}
