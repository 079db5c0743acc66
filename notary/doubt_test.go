package notary

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// A dimStore cannot be read from the n-th read on.
type dimStore struct {
	store.Store
	reads int // so many more; below 0: any number
}

var errDim = errors.New("the disk cannot be read")

func (s *dimStore) read() error {
	if s.reads == 0 {
		return errDim
	}
	s.reads--
	return nil
}

func (s *dimStore) View(ctx context.Context, fn func(store.Reader) error) error {
	return s.Store.View(ctx, func(r store.Reader) error { return fn(dimReader{r, s}) })
}

type dimReader struct {
	store.Reader
	of *dimStore
}

func (r dimReader) Get(kind store.KindID, key []byte) ([]byte, error) {
	if err := r.of.read(); err != nil {
		return nil, err
	}
	return r.Reader.Get(kind, key)
}

func (r dimReader) Events(after uint64, limit int) ([]*storepb.Event, error) {
	if err := r.of.read(); err != nil {
		return nil, err
	}
	return r.Reader.Events(after, limit)
}

// journal writes n events.
func journal(t *testing.T, s store.Store, n int) {
	t.Helper()
	for range n {
		if err := s.Update(t.Context(), store.Act{Time: time.Now()}, func(w store.Writer) error {
			return store.Checkpoints.Put(w, []byte("another record"), &storepb.Checkpoint{})
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// alter changes the last checkpoint, or the journal, as nobody should.
func alter(t *testing.T, s store.Store, how func(*storepb.Checkpoint)) {
	t.Helper()
	if err := s.Update(t.Context(), store.Act{Time: time.Now()}, func(w store.Writer) error {
		last, err := store.Checkpoints.Get(w, store.LatestCheckpoint())
		if err != nil {
			return err
		}
		how(last)
		return store.Checkpoints.Put(w, store.LatestCheckpoint(), last)
	}); err != nil {
		t.Fatal(err)
	}
}

func newNotary(s store.Store) (*Notary, error) {
	return New(context.Background(), s, Signing{Every: time.Nanosecond}, slog.New(slog.DiscardHandler), time.Now)
}

// TestUnreadableIsNotInDoubt: a journal that cannot be read, at whichever read, is not
// said to contradict what was signed, and is signed once it can be read again.
func TestUnreadableIsNotInDoubt(t *testing.T) {
	s := &dimStore{Store: memstore.New(), reads: -1}
	defer func() { _ = s.Close() }()
	n, err := newNotary(s)
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for reads := 0; ; reads++ {
		journal(t, s, 5)
		s.reads = reads
		_, err := n.Covering(t.Context(), 0)
		s.reads = -1
		if err == nil {
			break
		}
		if failed++; !errors.Is(err, errDim) || errors.Is(err, ErrDoubt) || n.Health() != nil {
			t.Fatalf("%d reads: %v, health %v", reads, err, n.Health())
		}
	}
	if failed < 5 {
		t.Errorf("only %d reads failed", failed)
	}
	s.reads = 3 // enough for the signer's key
	if _, err := newNotary(s); !errors.Is(err, errDim) || errors.Is(err, ErrDoubt) {
		t.Errorf("a start: %v", err)
	}
}

// TestContradictionIsDoubt: whatever contradicts the last checkpoint is doubt, at the
// start and at the next signature.
func TestContradictionIsDoubt(t *testing.T) {
	for what, how := range map[string]func(*storepb.Checkpoint){
		"another root, longer journal": func(c *storepb.Checkpoint) { c.Root[0]++ },
		"a root that is none":          func(c *storepb.Checkpoint) { c.Root = c.GetRoot()[1:] },
		"another root, same size":      func(c *storepb.Checkpoint) { c.Size++; c.Root = bytes.Repeat([]byte{7}, len(c.GetRoot())) },
		"a journal that is shorter":    func(c *storepb.Checkpoint) { c.Size += 100 },
	} {
		t.Run(what, func(t *testing.T) {
			s := memstore.New()
			defer func() { _ = s.Close() }()
			n, err := newNotary(s)
			if err != nil {
				t.Fatal(err)
			}
			journal(t, s, 6)
			if c, err := n.Covering(t.Context(), 0); err != nil || c.GetSize() == 0 {
				t.Fatal(c, err)
			}
			alter(t, s, how)
			if _, err := n.Covering(t.Context(), 0); !errors.Is(err, ErrDoubt) || n.Health() == nil {
				t.Errorf("the next signature: %v, health %v", err, n.Health())
			}
			again, err := newNotary(s)
			if err != nil || !errors.Is(again.Health(), ErrDoubt) {
				t.Errorf("the next start: %v, health %v", err, fmt.Sprint(again.Health()))
			}
		})
	}
}
