package services

import (
	"context"
	"crypto/rand"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// An act is one call that writes. Its RPC and the kind of its event follow from
// its request, through the contract.
type act[A any] struct {
	request  request
	resource string // the name of what it acts on, or makes
	// do decides and writes, in one Update, and returns the keys of what the
	// answer is read from. It may run more than once, so it must change nothing
	// outside.
	do func(*tx) (keys, error)
	// answer reads the answer; also for a repeated request, for which do does not
	// run, so that both answers are the same.
	answer func(store.Reader, keys) (A, error)
	// atOnce: the answer shows only what do has just written. It is then read
	// before the commit, which saves a View (docs/performance.md has the gain).
	atOnce bool
}

// A request that writes has a request id.
type request interface {
	proto.Message
	GetRequestId() string
}

// keys are those of the records that an act made or changed and that its answer
// needs. They are stored with its request id.
type keys [][]byte

// one is the key of a record with these uids.
func one(uids ...uint64) keys { return keys{store.Key(uids...)} }

// perform does an act, unless the same request was done before, and answers it.
func perform[A any](ctx context.Context, c *core, a act[A]) (answer A, err error) {
	caller, now := call.CallerOf(ctx), c.now()
	event := c.eventOf(ctx, a.request, a.resource, now)
	id, err := newIdempotency(c.contract.Of(a.request), caller.Centre, event, a.request)
	if err != nil {
		return answer, err
	}
	var seed [32]byte
	_, _ = rand.Read(seed[:]) // it never fails: it ends the process instead
	c.accesses.hurry()
	call.Yield(ctx) // from here on it waits for the writer and the disk
	var made keys
	var answered, repeated bool
	err = c.store.Update(ctx, event, func(w store.Writer) error {
		if err := w.Prefetch(id.with(namesIn(a.resource))...); err != nil {
			return err
		}
		done, err := id.find(w)
		if err != nil {
			return err
		}
		if answered, repeated = done == nil && a.atOnce, done != nil; repeated {
			made = done.GetMade()
			return stillExists(w, caller, a.request, done.GetResource())
		}
		t := &tx{Writer: w, core: c, caller: caller, now: now, seed: seed}
		if made, err = a.do(t); err != nil {
			return err
		}
		if answered {
			if answer, err = a.answer(t, made); err != nil {
				return err
			}
		}
		return id.remember(w, made)
	})
	if err != nil || answered {
		return answer, err
	}
	if repeated { // it reads the present state, which others may have written since
		c.accesses.note(caller.Subject, event.RPC, []string{event.Resource})
	}
	return read(ctx, c, func(r store.Reader) (A, error) { return a.answer(r, made) })
}

// eventOf is the event of an act.
func (c *core) eventOf(ctx context.Context, req request, resource string, now time.Time) store.Act {
	rpc := c.contract.Of(req)
	return store.Act{
		Actor: call.CallerOf(ctx).Subject, RPC: rpc.Name, Resource: resource, Kind: store.EventKind(rpc.Event), Time: now,
	}
}

// read makes an answer from one state of the store.
func read[A any](ctx context.Context, c *core, fn func(store.Reader) (A, error)) (answer A, err error) {
	err = c.store.View(ctx, func(r store.Reader) (err error) {
		answer, err = fn(r)
		return err
	})
	return answer, err
}

// shown answers an act from the first record that it made or changed.
func shown[M any, P interface {
	*M
	proto.Message
}, A any](table store.Records[M, P], show func(store.Reader, P) (A, error)) func(store.Reader, keys) (A, error) {
	return func(r store.Reader, made keys) (answer A, err error) {
		record, err := table.Get(r, made[0])
		if err != nil {
			return answer, err
		}
		return show(r, record)
	}
}

// plain adapts show for a record that can be shown without others.
func plain[P, A any](show func(P) A) func(store.Reader, P) (A, error) {
	return func(_ store.Reader, record P) (A, error) { return show(record), nil }
}
