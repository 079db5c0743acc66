package services

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/store"
)

// A notary signs checkpoints of the journal: on demand, at most once in every,
// and only of what is durable, since a View sees nothing else.
//
// Each checkpoint is kept before anybody gets it, and the next one must extend
// it: a store that was rolled back or tampered with is not signed. That the
// service then has two stories to tell, its operators must hear.
type notary struct {
	store  store.Store
	signer *signer
	every  time.Duration
	now    func() time.Time

	turn chan struct{} // holds one value: whoever signs puts it in

	mu     sync.Mutex
	last   *storepb.Checkpoint // nil before the first
	signed time.Time           // when last was found to be the latest; monotonic
	doubt  error               // why the journal is not signed
}

func newNotary(s store.Store, signer *signer, every time.Duration, now func() time.Time) *notary {
	if every <= 0 {
		every = time.Second
	}
	return &notary{store: s, signer: signer, every: every, now: now, turn: make(chan struct{}, 1)}
}

// errDoubt: the journal does not extend the last checkpoint.
var errDoubt = errors.New("the journal does not extend the last checkpoint that was signed: it was rolled back, or altered")

// latest returns the latest checkpoint, not older than every.
func (n *notary) latest(ctx context.Context) (*storepb.Checkpoint, error) { return n.covering(ctx, 0) }

// covering returns a checkpoint that covers the event, where it exists: the
// first that can be had, which may take up to every. For 0 it returns the latest.
func (n *notary) covering(ctx context.Context, sequence uint64) (*storepb.Checkpoint, error) {
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
	} else if errors.Is(err, errDoubt) {
		n.doubt = err
		err = apierr.New(codes.Unavailable, acquispb.ErrorReason_JOURNAL_IN_DOUBT, errDoubt.Error())
	}
	return c, err
}

// ready returns the last checkpoint where it will do: it covers the event; or it
// is recent, and the latest was asked for; or it was signed since the question,
// so that another would cover no more of what was there then.
func (n *notary) ready(sequence uint64, asked time.Time) *storepb.Checkpoint {
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
func (n *notary) pause(ctx context.Context) error {
	n.mu.Lock()
	wait := n.every - time.Since(n.signed)
	n.mu.Unlock()
	timer := time.NewTimer(wait) // fires at once where nothing is left to wait
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sign signs a checkpoint of the journal as it is, unless the last one is that.
func (n *notary) sign(ctx context.Context) (*storepb.Checkpoint, error) {
	var last, next *storepb.Checkpoint
	err := n.store.View(ctx, func(r store.Reader) (err error) {
		last, next, err = extend(r)
		return err
	})
	if err != nil || last.GetSize() == next.GetSize() {
		return last, err
	}
	now := n.now()
	text := fmt.Sprintf("%s\n%d\n%s\n", n.signer.origin, next.GetSize(), base64.StdEncoding.EncodeToString(next.GetRoot()))
	signed, err := note.Sign(&note.Note{Text: text}, n.signer)
	if err != nil {
		return nil, err
	}
	next.Note, next.SignTime = string(signed), timestamppb.New(now)
	act := store.Act{RPC: "checkpoint", Kind: storepb.EventBody_Kind_SYSTEM, Time: now}
	return next, n.store.Update(ctx, act, func(w store.Writer) error {
		if err := store.Checkpoints.Put(w, store.LatestCheckpoint(), next); err != nil {
			return err
		}
		return store.Checkpoints.Put(w, store.DayCheckpoint(now), next)
	})
}

// extend returns the last checkpoint, nil before the first, and what the next
// one says. Anything that does not fit is errDoubt: the hashes of a journal that
// nobody touched always do.
func extend(r store.Reader) (last, next *storepb.Checkpoint, err error) {
	last, err = store.Checkpoints.Get(r, store.LatestCheckpoint())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, nil, fmt.Errorf("%w (%w)", errDoubt, err)
	}
	size, err := store.LastSequence(r, last.GetSize())
	if err != nil {
		return nil, nil, fmt.Errorf("%w (%w)", errDoubt, err)
	}
	tree := store.Tree(r)
	root, err := tlog.TreeHash(int64(size), tree)
	if err == nil {
		err = extends(tree, last, int64(size), root)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w (size %d, last checkpoint %d: %w)", errDoubt, size, last.GetSize(), err)
	}
	return last, &storepb.Checkpoint{Size: size, Root: root[:]}, nil
}

func extends(tree tlog.HashReader, last *storepb.Checkpoint, size int64, root tlog.Hash) error {
	before := int64(last.GetSize())
	switch {
	case last == nil:
		return nil
	case len(last.GetRoot()) != tlog.HashSize:
		return errors.New("its root is no hash")
	case before == size:
		if !bytes.Equal(last.GetRoot(), root[:]) {
			return errors.New("another root")
		}
		return nil
	}
	proof, err := tlog.ProveTree(size, before, tree)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, size, root, before, tlog.Hash(last.GetRoot()))
}

// check finds out whether the journal extends the last checkpoint, for those who
// ask whether the service is ready before anybody has asked for a signature.
func (n *notary) check(ctx context.Context) error {
	err := n.store.View(ctx, func(r store.Reader) error {
		_, _, err := extend(r)
		return err
	})
	if !errors.Is(err, errDoubt) {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.doubt = err
	return nil
}

// health returns why the journal is not signed, or nil.
func (n *notary) health() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.doubt
}
