package services

import (
	"context"
	"errors"
	"strconv"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// PlaceHold implements the RPC.
func (s *candidateService) PlaceHold(ctx context.Context, req *acquispb.PlaceHoldRequest) (*acquispb.Hold, error) {
	a := act{
		rpc: acquispb.CandidateService_PlaceHold_FullMethodName, kind: storepb.EventBody_Kind_HOLD,
		resource: req.GetCandidate(), request: req,
	}
	answer := new(acquispb.Hold)
	return answer, s.do(ctx, a, func(t *tx) error {
		candidate, err := candidateToActOn(t, req.GetCandidate())
		if err != nil {
			return err
		}
		uid, err := t.NewUID()
		if err != nil {
			return err
		}
		hold := &storepb.Hold{
			Uid: uid, CandidateUid: candidate.GetUid(), Author: t.caller.Subject, PlaceTime: t.timestamp(),
			UntilDate: dateOf(req.GetUntilDate()),
		}
		if hold.Reason, err = t.putTexts(candidate.GetUid(), req.GetReason()); err != nil {
			return err
		}
		return t.putHold(hold)
	}, s.answerHold(req.GetCandidate(), answer))
}

// ReleaseHold implements the RPC.
func (s *candidateService) ReleaseHold(ctx context.Context, req *acquispb.ReleaseHoldRequest) (*acquispb.Hold, error) {
	candidate := candidateName(segment(req.GetName(), 1))
	a := act{
		rpc: acquispb.CandidateService_ReleaseHold_FullMethodName, kind: storepb.EventBody_Kind_HOLD,
		resource: req.GetName(), request: req,
	}
	answer := new(acquispb.Hold)
	return answer, s.do(ctx, a, func(t *tx) error {
		hold, err := holdFor(t, t.caller, req.GetName())
		if err != nil {
			return err
		}
		if hold.GetReleaseTime() != nil {
			t.made(store.Key(hold.GetCandidateUid(), hold.GetUid()))
			return nil
		}
		hold.Releaser, hold.ReleaseTime = t.caller.Subject, t.timestamp()
		return t.putHold(hold)
	}, s.answerHold(candidate, answer))
}

// putHold writes a hold and notes it for the answer.
func (t *tx) putHold(h *storepb.Hold) error {
	key := store.Key(h.GetCandidateUid(), h.GetUid())
	t.made(key)
	return store.Holds.Put(t, key, h)
}

func (s *candidateService) answerHold(candidate string, into *acquispb.Hold) func(store.Reader, [][]byte) error {
	return func(r store.Reader, made [][]byte) error {
		hold, err := store.Holds.Get(r, made[0])
		if err != nil {
			return err
		}
		shown, err := s.readHold(r, segment(candidate, 1), hold)
		if err != nil {
			return err
		}
		become(into, shown)
		return nil
	}
}

// ListHolds implements the RPC.
func (s *candidateService) ListHolds(ctx context.Context, req *acquispb.ListHoldsRequest) (*acquispb.ListHoldsResponse, error) {
	page, err := parsePage(req)
	if err != nil {
		return nil, err
	}
	caller := call.CallerOf(ctx)
	answer := new(acquispb.ListHoldsResponse)
	return answer, s.view(ctx, func(r store.Reader) error {
		candidate, err := candidateFor(r, caller, req.GetParent())
		if err != nil {
			return err
		}
		holds, err := store.Holds.All(r, store.Key(candidate.GetUid()))
		if err != nil {
			return err
		}
		holds, answer.NextPageToken = slicePage(page, holds)
		answer.Holds, err = s.readHolds(r, candidate, holds)
		return err
	})
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
		Name: holdName(candidate, h.GetUid()), Reason: reason[0], UntilDate: dateFrom(h.GetUntilDate()),
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
