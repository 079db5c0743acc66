package main

import (
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"go.etcd.io/bbolt"
)

// A bareStore is the least that a durable group commit can be: bbolt, one writer,
// two buckets with ascending keys, records and events as large as those of Acquis.
// It has no closures, no indexes, no Merkle tree and nothing to look up first.
type bareStore struct {
	db            *bbolt.DB
	record, event []byte
	queue         chan bareCall
	stopped       chan struct{}
	next          uint64 // owned by the writer
}

type bareCall struct {
	candidacy uint64
	done      chan error
}

// The group commit of store/bolt: see gather there.
const (
	bareGroup       = 1024
	bareRounds      = 3
	bareCandidacies = 500
)

// openBare opens a bare store; sizes are those of a record and an event.
func openBare(dir string, record, event int) (*bareStore, error) {
	db, err := bbolt.Open(filepath.Join(dir, "bare.db"), 0o600, &bbolt.Options{
		FreelistType: bbolt.FreelistMapType, NoFreelistSync: true, NoStatistics: true, InitialMmapSize: 1 << 30,
	})
	if err != nil {
		return nil, err
	}
	s := &bareStore{
		db: db, record: filled(record), event: filled(event),
		queue: make(chan bareCall, bareGroup), stopped: make(chan struct{}),
	}
	go s.write()
	return s, nil
}

// close waits for the writer. Nobody may call put any more.
func (s *bareStore) close() error {
	close(s.queue)
	<-s.stopped
	return s.db.Close()
}

// put makes one call's records durable.
func (s *bareStore) put(i int) error {
	c := bareCall{uint64(i * 7919 % bareCandidacies), make(chan error, 1)}
	s.queue <- c
	return <-c.done
}

func (s *bareStore) write() {
	defer close(s.stopped)
	for first := range s.queue {
		group := []bareCall{first}
		for range bareRounds {
			runtime.Gosched()
			for len(s.queue) > 0 && len(group) < bareGroup {
				group = append(group, <-s.queue)
			}
		}
		err := s.db.Update(func(tx *bbolt.Tx) error { return s.store(tx, group) })
		for _, c := range group {
			c.done <- err
		}
	}
}

func (s *bareStore) store(tx *bbolt.Tx, group []bareCall) error {
	records, err := tx.CreateBucketIfNotExists([]byte("records"))
	if err != nil {
		return err
	}
	events, err := tx.CreateBucketIfNotExists([]byte("events"))
	if err != nil {
		return err
	}
	events.FillPercent = 0.9 // only ever appended to
	for _, c := range group {
		s.next++
		sequence := binary.BigEndian.AppendUint64(nil, s.next)
		key := append(binary.BigEndian.AppendUint64(nil, c.candidacy), sequence...)
		if err := errors.Join(records.Put(key, s.record), events.Put(sequence, s.event)); err != nil {
			return err
		}
	}
	return nil
}

// The methods of a bare store: one commit a call, and many one after another, which
// makes the call itself negligible.
const (
	bareMethod  = "/" + echoService + "/Put"
	bareMany    = "/" + echoService + "/PutMany"
	bareCommits = 32
)

// serveBare serves a bare store behind the server of echo, so that the call is
// there too.
func serveBare(ctx context.Context, o order, ready func(hello) error) error {
	if len(o.Sizes) != 3 {
		return errors.New("bare takes the sizes of answer, record and event")
	}
	s, err := openBare(o.Dir, o.Sizes[1], o.Sizes[2])
	if err != nil {
		return err
	}
	var calls atomic.Int64
	answer := filled(o.Sizes[0])
	put := func() ([]byte, error) { return answer, s.put(int(calls.Add(1))) }
	many := func() ([]byte, error) {
		for range bareCommits {
			if _, err := put(); err != nil {
				return nil, err
			}
		}
		return answer, nil
	}
	return errors.Join(serveRaw(ctx, map[string]func() ([]byte, error){"Put": put, "PutMany": many}, ready), s.close())
}
