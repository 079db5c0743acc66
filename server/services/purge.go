package services

import (
	"context"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/retention"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// A purge is one batch of data whose retention periods have ended. It is looked
// for in a view, which blocks no writer, and judged again, candidate by
// candidate, in the Update that erases it.
//
// That Update blocks the only writer, at most for a hundred candidates
// (docs/performance.md). Smaller steps would block it for less time, but a batch has
// advantages: it is done completely or not at all, together with its request id, and
// is one event.
type purge struct {
	report *acquispb.PurgeCandidatesResponse // what would be erased, and what is kept
	uids   []uint64                          // of the candidates concerned
}

// maxDropped bounds how many expired request ids one purge removes.
const maxDropped = 1000

func (s *candidateService) PurgeCandidates(ctx context.Context, req *acquispb.PurgeCandidatesRequest) (*acquispb.PurgeCandidatesResponse, error) {
	if err := allCentres(call.CallerOf(ctx)); err != nil {
		return nil, err
	}
	found, err := s.findPurge(ctx, req)
	if err != nil || req.GetValidateOnly() {
		return found.report, err
	}
	return perform(ctx, s.core, act[*acquispb.PurgeCandidatesResponse]{
		request: req, resource: "candidates",
		do: func(t *tx) (keys, error) {
			made := keys{[]byte(found.report.GetNextPageToken())}
			for _, uid := range found.uids {
				done, err := t.purge(uid, s.retention)
				if err != nil {
					return nil, err
				}
				made = append(made, done...)
			}
			return made, dropOldRequests(t, t.now, maxDropped)
		},
		answer: func(r store.Reader, made keys) (*acquispb.PurgeCandidatesResponse, error) {
			answer := &acquispb.PurgeCandidatesResponse{NextPageToken: string(made[0])}
			for _, key := range made[1:] {
				shown, err := readForgetting(r, key)
				if err != nil {
					return nil, err
				}
				answer.Forgettings = append(answer.Forgettings, shown)
			}
			return answer, nil
		},
	})
}

// findPurge looks for the next batch.
func (s *candidateService) findPurge(ctx context.Context, req *acquispb.PurgeCandidatesRequest) (found purge, err error) {
	page, err := s.pages.parse(call.CallerOf(ctx), req)
	if err != nil {
		return purge{}, err
	}
	now := s.now()
	return found, s.view(ctx, func(r store.Reader) (err error) {
		found = purge{report: new(acquispb.PurgeCandidatesResponse)}
		found.report.NextPageToken, err = page.fill(allOf(r, store.KindCandidate), func(uid uint64, room bool) (bool, error) {
			if !room { // the caller sees all candidates: the next page checks whether something is due
				return true, nil
			}
			return found.add(r, uid, s.retention, now)
		})
		return err
	})
}

// add checks one candidate, and tells whether something would be erased.
func (p *purge) add(r store.Reader, uid uint64, periods retention.Periods, now time.Time) (bool, error) {
	owed, err := dutyTo(r, uid, periods, now)
	if err != nil {
		return false, err
	}
	name := candidateName(owed.candidate.GetLabel())
	if owed.Kept != "" {
		p.report.Kept = append(p.report.Kept, &acquispb.PurgeCandidatesResponse_Kept{Candidate: name, Because: string(owed.Kept)})
	}
	if len(owed.traces) == 0 {
		return false, nil
	}
	shown := &acquispb.Forgetting{Candidate: name, Whole: owed.Whole}
	for _, t := range owed.traces {
		count(shown, t.kind)
	}
	p.report.Forgettings = append(p.report.Forgettings, shown)
	p.uids = append(p.uids, uid)
	return true, nil
}

// dutyTo returns what now has to be erased of a candidate.
func dutyTo(r store.Reader, uid uint64, periods retention.Periods, now time.Time) (duty, error) {
	candidate, err := store.Candidates.Get(r, store.Key(uid))
	if err != nil {
		return duty{}, err
	}
	d, err := loadDossier(r, candidate)
	if err != nil {
		return duty{}, err
	}
	return d.owed(r, func(judged retention.Dossier) retention.Due { return judged.Purge(periods, now) })
}

// purge erases what is due of one candidate now, and returns the key of its
// record; none if nothing was due.
func (t *tx) purge(uid uint64, periods retention.Periods) (keys, error) {
	owed, err := dutyTo(t, uid, periods, t.now)
	if err != nil || len(owed.traces) == 0 {
		return nil, err
	}
	return t.forget(owed, new(storepb.Forgetting))
}
