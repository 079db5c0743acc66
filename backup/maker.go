package backup

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/acquis-eval/acquis/store"
)

// Settings say how a store is copied. The zero value copies on demand, without
// a schedule.
type Settings struct {
	Scratch string // directory for a copy that is sent; empty: the directory of temporary files
	Program string // version of the program, for manifests

	Dir      string        // of scheduled backups; empty: none are made
	Interval time.Duration // from one to the next
	Keep     int           // how many of them are kept
	// Check opens a backup and finds it sound, before it gets its name.
	Check func(ctx context.Context, name string) error
}

// A Maker copies a store, one copy at a time, so that only the room for one copy
// is needed.
type Maker struct {
	Settings
	store  store.Store
	origin string // name of the store's journal
	log    *slog.Logger
	now    func() time.Time
	turn   chan struct{} // holds one value while a copy is made or sent
	told   metrics
}

// NewMaker returns a Maker for a store whose journal has the name origin.
func NewMaker(s store.Store, origin string, settings Settings, log *slog.Logger, now func() time.Time) *Maker {
	return &Maker{
		Settings: settings, store: s, origin: origin, log: log, now: now,
		turn: make(chan struct{}, 1), told: newMetrics(),
	}
}

// Begin takes the turn to make a copy, if it is free; end releases it.
func (b *Maker) Begin() (end func(), ok bool) {
	select {
	case b.turn <- struct{}{}:
		return func() { <-b.turn }, true
	default:
		return nil, false
	}
}

// Copy writes a copy of the store and its manifest. The caller must have the
// turn.
func (b *Maker) Copy(ctx context.Context, w *Writer) (Manifest, error) {
	m := Manifest{Time: b.now(), Program: b.Program, Origin: b.origin}
	err := b.store.Snapshot(ctx, w, func(r store.Reader) error { return describe(r, &m) })
	if err != nil {
		return m, err
	}
	return w.Seal(m)
}

// describe describes the state of the journal. This also works for a journal in
// doubt, whose last checkpoint may cover more events than it has.
func describe(r store.Reader, m *Manifest) error {
	last, err := store.Checkpoints.Get(r, store.LatestCheckpoint())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	m.Checkpoint = last.GetNote()
	if m.Sequence, err = store.LastSequence(r, 0); err != nil {
		return err
	}
	root, err := tlog.TreeHash(int64(m.Sequence), store.Tree(r))
	m.Root = root[:]
	return err
}
