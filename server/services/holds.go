package services

import (
	"context"
	"errors"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

func (s *candidateService) PlaceHold(ctx context.Context, req *acquispb.PlaceHoldRequest) (*acquispb.Hold, error) {
	return perform(ctx, s.core, act[*acquispb.Hold]{
		request: req, resource: req.GetCandidate(),
		do: func(t *tx) (keys, error) {
			candidate, err := candidateToActOn(t, req.GetCandidate())
			if err != nil {
				return nil, err
			}
			if err := t.checkLastDay("untilDate", req.GetUntilDate()); err != nil {
				return nil, err
			}
			uid, err := t.NewUID()
			if err != nil {
				return nil, err
			}
			hold := &storepb.Hold{
				Uid: uid, CandidateUid: candidate.GetUid(), Author: t.caller.Subject, PlaceTime: t.timestamp(),
				UntilDate: dateOf(req.GetUntilDate()),
			}
			if req.GetUntilDate() != nil {
				hold.EndTime = timestamppb.New(t.ends(req.GetUntilDate()))
			}
			if hold.Reason, err = t.putTexts(candidate.GetUid(), req.GetReason()); err != nil {
				return nil, err
			}
			return t.putHold(hold)
		},
		answer: shown(store.Holds, s.holdOf(segment(req.GetCandidate(), 1))),
	})
}

func (s *candidateService) ReleaseHold(ctx context.Context, req *acquispb.ReleaseHoldRequest) (*acquispb.Hold, error) {
	return perform(ctx, s.core, act[*acquispb.Hold]{
		request: req, resource: req.GetName(),
		do: func(t *tx) (keys, error) {
			hold, err := holdFor(t, t.caller, req.GetName())
			if err != nil {
				return nil, err
			}
			if t.caller.Centre != "" && hold.GetAuthor() != t.caller.Subject {
				return nil, apierr.Denied(acquispb.ErrorReason_OTHER_CENTRE, "a key of one centre can only release the holds that its own subject placed")
			}
			if hold.GetReleaseTime() != nil {
				return one(hold.GetCandidateUid(), hold.GetUid()), nil
			}
			hold.Releaser, hold.ReleaseTime = t.caller.Subject, t.timestamp()
			return t.putHold(hold)
		},
		answer: shown(store.Holds, s.holdOf(segment(req.GetName(), 1))),
	})
}

// putHold writes a hold, and returns its key.
func (t *tx) putHold(h *storepb.Hold) (keys, error) {
	made := one(h.GetCandidateUid(), h.GetUid())
	return made, store.Holds.Put(t, made[0], h)
}

// holdOf shows holds of the candidate with that label.
func (c *core) holdOf(candidate string) func(store.Reader, *storepb.Hold) (*acquispb.Hold, error) {
	return func(r store.Reader, h *storepb.Hold) (*acquispb.Hold, error) { return c.readHold(r, candidate, h) }
}

// ListHolds lists the holds of a candidate.
func (s *candidateService) ListHolds(ctx context.Context, req *acquispb.ListHoldsRequest) (*acquispb.ListHoldsResponse, error) {
	caller := call.CallerOf(ctx)
	items, next, err := listAll(ctx, s.core, req, func(r store.Reader) ([]*storepb.Hold, error) {
		candidate, err := candidateFor(r, caller, req.GetParent())
		if err != nil {
			return nil, err
		}
		return store.Holds.All(r, store.Key(candidate.GetUid()))
	}, (*storepb.Hold).GetUid, s.holdOf(segment(req.GetParent(), 1)))
	return &acquispb.ListHoldsResponse{Holds: items, NextPageToken: next}, err
}

func (c *core) readHolds(r store.Reader, candidate *storepb.Candidate, holds []*storepb.Hold) ([]*acquispb.Hold, error) {
	var all []*acquispb.Hold
	for _, hold := range holds {
		shown, err := c.readHold(r, candidate.GetLabel(), hold)
		if err != nil {
			return nil, err
		}
		all = append(all, shown)
	}
	return all, nil
}

func (c *core) readHold(r store.Reader, candidate string, h *storepb.Hold) (*acquispb.Hold, error) {
	reason, err := readTexts(r, h.GetReason(), 1)
	if err != nil {
		return nil, err
	}
	return &acquispb.Hold{
		Name: holdName(candidate, h.GetUid()), Reason: reason[0], UntilDate: dateFrom(h.GetUntilDate()), EndTime: h.GetEndTime(),
		Standing: casefile.Hold(h).Stands(c.now()), Author: h.GetAuthor(), PlaceTime: h.GetPlaceTime(),
		Releaser: h.GetReleaser(), ReleaseTime: h.GetReleaseTime(),
	}, nil
}

func holdFor(r store.Reader, caller *call.Caller, name string) (*storepb.Hold, error) {
	candidate, err := candidateFor(r, caller, name)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(segment(name, 3), 10, 64)
	if err != nil {
		return nil, apierr.NotFound(name)
	}
	hold, err := store.Holds.Get(r, store.Key(candidate.GetUid(), uid))
	if errors.Is(err, store.ErrNotFound) {
		return nil, apierr.NotFound(name)
	}
	return hold, err
}
