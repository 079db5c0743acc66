package rig

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"sync/atomic"

	"github.com/acquis-eval/acquis/store"
)

// A storeMark describes an update of a marked store. It is written in one system
// call, so that a recording of system calls has it in the right place among the
// writes and syncs of the store's file.
type storeMark struct {
	Update int
	Acked  bool  // it has returned nil; otherwise its closure has, and this is what the closure did
	Puts   []Put `json:",omitempty"`
}

// A Put is a record that was written, or removed, if it has no digest.
type Put struct {
	Kind   store.KindID
	Key    []byte
	Digest []byte `json:",omitempty"`
}

// withMarks wraps a store so that every update leaves two marks in a file: after
// the last run of its closure, which the writer does in the order of events; and
// before its caller is answered.
func withMarks(st store.Store, file string) (store.Store, error) {
	if file == "" {
		return st, nil
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &markedStore{Store: st, file: f}, nil
}

type markedStore struct {
	store.Store
	file    *os.File
	updates atomic.Int64
}

func (s *markedStore) Update(ctx context.Context, act store.Act, fn func(store.Writer) error) error {
	n := int(s.updates.Add(1))
	wrote := false
	err := s.Store.Update(ctx, act, func(w store.Writer) error {
		m := &markedWriter{Writer: w, puts: make(map[string]Put)}
		if err := fn(m); err != nil {
			return err
		}
		if wrote = len(m.puts) > 0; !wrote {
			return nil
		}
		return s.mark(storeMark{Update: n, Puts: slices.Collect(maps.Values(m.puts))})
	})
	if err != nil || !wrote {
		return err
	}
	return s.mark(storeMark{Update: n, Acked: true})
}

func (s *markedStore) mark(m storeMark) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = s.file.Write(append(line, '\n'))
	return err
}

// A markedWriter records what its closure wrote.
type markedWriter struct {
	store.Writer
	puts map[string]Put
}

func (w *markedWriter) Put(kind store.KindID, key, value []byte) error {
	w.note(kind, key, Digest(value))
	return w.Writer.Put(kind, key, value)
}

func (w *markedWriter) Delete(kind store.KindID, key []byte) error {
	w.note(kind, key, nil)
	return w.Writer.Delete(kind, key)
}

func (w *markedWriter) note(kind store.KindID, key, digest []byte) {
	p := Put{Kind: kind, Key: bytes.Clone(key), Digest: digest}
	w.puts[p.ID()] = p
}

func (p Put) ID() string { return string(byte(p.Kind)) + string(p.Key) }

func Digest(value []byte) []byte {
	sum := sha256.Sum256(value)
	return sum[:16]
}
