package notary

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/acquis-eval/acquis/checkpoint"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/store"
)

// A Notary signs checkpoints of one journal. Its methods may be called
// concurrently.
type Notary struct {
	store  store.Store
	signer *signer
	every  time.Duration
	now    func() time.Time

	turn chan struct{} // holds one value while somebody signs

	mu     sync.Mutex
	last   *storepb.Checkpoint // nil before the first
	signed time.Time           // when last was known to be the latest; monotonic
	doubt  error               // why the journal is not signed
}

// New makes the notary of a store, and records the signing key there if it is
// new. If the journal does not extend its last checkpoint, New does not fail:
// Health reports it, and nothing is signed.
func New(ctx context.Context, s store.Store, o Signing, log *slog.Logger, now func() time.Time) (*Notary, error) {
	signer, err := newSigner(ctx, s, o, log, now())
	if err != nil {
		return nil, err
	}
	n := &Notary{store: s, signer: signer, every: o.Every, now: now, turn: make(chan struct{}, 1)}
	if n.every <= 0 {
		n.every = time.Second
	}
	return n, n.check(ctx)
}

// ErrDoubt is the error of a journal that does not extend its last checkpoint.
var ErrDoubt = errors.New("the journal does not extend the last signed checkpoint: it was rolled back or altered")

// Covering returns the first checkpoint that covers the event, if the event
// exists, which may take up to Signing.Every. For 0 it returns the latest, which is
// at most Signing.Every old.
func (n *Notary) Covering(ctx context.Context, sequence uint64) (*storepb.Checkpoint, error) {
	asked := time.Now()
	if c := n.ready(sequence, asked); c != nil {
		return c, nil
	}
	select {
	case n.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-n.turn }()
	if c := n.ready(sequence, asked); c != nil {
		return c, nil
	}
	if err := n.pause(ctx); err != nil {
		return nil, err
	}
	c, err := n.sign(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil {
		n.last, n.signed, n.doubt = c, time.Now(), nil
	} else if errors.Is(err, ErrDoubt) {
		n.doubt = err
	}
	return c, err
}

// ready returns the last checkpoint if it is good enough: it covers the event;
// or it is recent, and the latest was requested; or it was signed after the
// request, so that another one would not cover more of what existed then.
func (n *Notary) ready(sequence uint64, asked time.Time) *storepb.Checkpoint {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.last == nil:
		return nil
	case sequence > 0 && n.last.GetSize() >= sequence,
		sequence == 0 && time.Since(n.signed) < n.every,
		n.signed.After(asked):
		return n.last
	}
	return nil
}

// pause waits until a checkpoint may be signed again.
func (n *Notary) pause(ctx context.Context) error {
	n.mu.Lock()
	wait := n.every - time.Since(n.signed)
	n.mu.Unlock()
	timer := time.NewTimer(wait) // fires at once if no wait is left
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sign signs a checkpoint of the current journal, unless the last one already
// covers it.
func (n *Notary) sign(ctx context.Context) (*storepb.Checkpoint, error) {
	var last, next *storepb.Checkpoint
	err := n.store.View(ctx, func(r store.Reader) (err error) {
		last, next, err = extend(r)
		return err
	})
	if err != nil || last.GetSize() == next.GetSize() {
		return last, err
	}
	now := n.now()
	says := checkpoint.Checkpoint{Origin: n.signer.origin, Size: next.GetSize(), Root: tlog.Hash(next.GetRoot())}
	if next.Note, err = checkpoint.Sign(says, n.signer); err != nil {
		return nil, err
	}
	next.SignTime = timestamppb.New(now)
	act := store.Act{RPC: "checkpoint", Kind: storepb.EventBody_Kind_SYSTEM, Time: now}
	return next, n.store.Update(ctx, act, func(w store.Writer) error {
		if err := store.Checkpoints.Put(w, store.LatestCheckpoint(), next); err != nil {
			return err
		}
		return store.Checkpoints.Put(w, store.DayCheckpoint(now), next)
	})
}

// extend returns the last checkpoint, nil before the first, and the content of
// the next one. If the journal does not extend it, the error is ErrDoubt, which
// cannot happen unless the journal was altered. A journal that cannot be read
// contradicts nothing: its error is the store's.
func extend(r store.Reader) (last, next *storepb.Checkpoint, err error) {
	last, err = store.Checkpoints.Get(r, store.LatestCheckpoint())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, nil, err
	}
	size, err := store.LastSequence(r, last.GetSize())
	if err != nil {
		return nil, nil, err
	}
	tree := store.Tree(r)
	root, err := tlog.TreeHash(int64(size), tree)
	if err == nil {
		err = extends(tree, last, int64(size), root)
	}
	switch {
	case errors.Is(err, errContradicts), errors.Is(err, store.ErrNoHash):
		return nil, nil, fmt.Errorf("%w (size %d, last checkpoint %d: %w)", ErrDoubt, size, last.GetSize(), err)
	case err != nil:
		return nil, nil, err
	}
	return last, &storepb.Checkpoint{Size: size, Root: root[:]}, nil
}

// errContradicts: the journal has another root than the last checkpoint needs.
var errContradicts = errors.New("its root is another")

func extends(tree tlog.HashReader, last *storepb.Checkpoint, size int64, root tlog.Hash) error {
	before := int64(last.GetSize())
	switch {
	case last == nil:
		return nil
	case len(last.GetRoot()) != tlog.HashSize:
		return errContradicts
	case before == size:
		if !bytes.Equal(last.GetRoot(), root[:]) {
			return errContradicts
		}
		return nil
	}
	proof, err := tlog.ProveTree(size, before, tree)
	if err != nil {
		return err
	}
	if tlog.CheckTree(proof, size, root, before, tlog.Hash(last.GetRoot())) != nil {
		return errContradicts
	}
	return nil
}

// check finds out whether the journal extends the last checkpoint, so that
// readiness is known before the first signature is requested.
func (n *Notary) check(ctx context.Context) error {
	err := n.store.View(ctx, func(r store.Reader) error {
		_, _, err := extend(r)
		return err
	})
	if !errors.Is(err, ErrDoubt) {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.doubt = err
	return nil
}

// Health returns why the journal is not signed, or nil.
func (n *Notary) Health() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.doubt
}

// Origin is the name of the journal.
func (n *Notary) Origin() string { return n.signer.origin }

// Keys are all keys that sign or signed checkpoints, the one that signs now first.
func (n *Notary) Keys() []checkpoint.Key { return n.signer.keys() }

// Public is the key that verifies signatures of Sign.
func (n *Notary) Public() ed25519.PublicKey { return n.signer.public() }

// Sign signs a text without a newline, so that it cannot be taken for a
// checkpoint.
func (n *Notary) Sign(text []byte) ([]byte, error) {
	if bytes.ContainsRune(text, '\n') {
		return nil, errors.New("what a notary signs besides checkpoints has no newline")
	}
	return n.signer.Sign(text)
}
