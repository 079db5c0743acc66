package services

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/store"
)

// candidateService keeps candidates. A candidate's record has no identity: that
// is a separate personal record.
type candidateService struct {
	acquispb.UnimplementedCandidateServiceServer
	*core
	validate contract.Validator
}

func (s *candidateService) CreateCandidate(ctx context.Context, req *acquispb.CreateCandidateRequest) (*acquispb.Candidate, error) {
	label := labelOr(req.GetCandidateId())
	return perform(ctx, s.core, act[*acquispb.Candidate]{
		request: req, resource: candidateName(label),
		do: func(t *tx) (keys, error) {
			uid, err := t.newNamed(store.CollectionCandidate, label, candidateName(label))
			if err != nil {
				return nil, err
			}
			identity := identityOf(req.GetCandidate())
			if err := t.checkBorn(identity.GetBirthDate()); err != nil {
				return nil, err
			}
			if err := t.claimExternalIDs(uid, nil, identity.GetExternalIds()); err != nil {
				return nil, err
			}
			candidate := &storepb.Candidate{Uid: uid, Label: label, Version: 1, CreateTime: t.timestamp(), UpdateTime: t.timestamp()}
			candidate.CentreCode = t.caller.Centre
			return t.putCandidate(candidate, identity)
		},
		answer: shown(store.Candidates, readCandidate),
	})
}

// GetCandidate returns a candidate.
func (s *candidateService) GetCandidate(ctx context.Context, req *acquispb.GetCandidateRequest) (*acquispb.Candidate, error) {
	caller := call.CallerOf(ctx)
	return read(ctx, s.core, func(r store.Reader) (*acquispb.Candidate, error) {
		candidate, err := personFor(r, caller, req.GetName())
		if err != nil {
			return nil, err
		}
		return readCandidate(r, candidate)
	})
}

// ListCandidates lists the candidates who exist for the caller.
func (s *candidateService) ListCandidates(ctx context.Context, req *acquispb.ListCandidatesRequest) (*acquispb.ListCandidatesResponse, error) {
	caller := call.CallerOf(ctx)
	items, next, err := list(ctx, s.core, req, listing[*acquispb.Candidate]{
		from: every[*acquispb.Candidate](store.KindCandidate),
		show: func(r store.Reader, uid uint64) (*acquispb.Candidate, bool, error) {
			candidate, err := store.Candidates.Get(r, store.Key(uid))
			if err != nil {
				return nil, false, err
			}
			if seen, err := seesCandidate(r, caller, candidate); err != nil || !seen {
				return nil, false, err
			}
			shown, err := readCandidate(r, candidate)
			return shown, true, err
		},
	})
	return &acquispb.ListCandidatesResponse{Candidates: items, NextPageToken: next}, err
}

func (s *candidateService) UpdateCandidate(ctx context.Context, req *acquispb.UpdateCandidateRequest) (*acquispb.Candidate, error) {
	name := req.GetCandidate().GetName()
	rpc := s.contract.Of(req)
	paths, err := updatedPaths(rpc, req.GetCandidate(), req.GetUpdateMask())
	if err != nil {
		return nil, err
	}
	return perform(ctx, s.core, act[*acquispb.Candidate]{
		request: req, resource: name,
		do: func(t *tx) (keys, error) {
			candidate, err := candidateToActOn(t, name)
			if err != nil {
				return nil, err
			}
			if err := checkEtag(req.GetCandidate().GetEtag(), candidate, true); err != nil {
				return nil, err
			}
			merged, err := readCandidate(t, candidate)
			if err != nil {
				return nil, err
			}
			if err := keepsRest(rpc, req.GetCandidate(), merged, "candidate"); err != nil {
				return nil, err
			}
			before := identityOf(merged)
			copyPaths(merged, req.GetCandidate(), paths)
			if err := s.validate.Resource(ctx, "candidate", merged); err != nil {
				return nil, err
			}
			after := identityOf(merged)
			if proto.Equal(before, after) {
				return one(candidate.GetUid()), nil
			}
			if err := t.checkBorn(after.GetBirthDate()); err != nil {
				return nil, err
			}
			if err := t.claimExternalIDs(candidate.GetUid(), before.GetExternalIds(), after.GetExternalIds()); err != nil {
				return nil, err
			}
			candidate.Version++
			candidate.UpdateTime = t.timestamp()
			return t.putCandidate(candidate, after)
		},
		answer: shown(store.Candidates, readCandidate),
	})
}

// LookupCandidate finds a candidate by an id in another system.
func (s *candidateService) LookupCandidate(ctx context.Context, req *acquispb.LookupCandidateRequest) (*acquispb.Candidate, error) {
	caller := call.CallerOf(ctx)
	return read(ctx, s.core, func(r store.Reader) (*acquispb.Candidate, error) {
		found, err := holdersFor(r, caller, req.GetSystem(), req.GetId())
		switch {
		case err != nil:
			return nil, err
		case len(found) == 0:
			return nil, apierr.NotFound("a candidate with this system and id")
		case len(found) > 1:
			return nil, ambiguous(found)
		}
		return readCandidate(r, found[0])
	})
}

func (s *candidateService) DeclareTie(ctx context.Context, req *acquispb.DeclareTieRequest) (*acquispb.DeclareTieResponse, error) {
	caller := call.CallerOf(ctx)
	if !caller.Has(acquispb.Role_REGISTRAR) && req.GetSubject() != caller.Subject {
		return nil, apierr.Denied(acquispb.ErrorReason_TIE_NOT_OWN, "a jury member can declare only their own ties")
	}
	return perform(ctx, s.core, act[*acquispb.DeclareTieResponse]{
		request: req, resource: req.GetCandidate(),
		do: func(t *tx) (keys, error) {
			candidate, err := personFor(t, t.caller, req.GetCandidate())
			if err != nil {
				return nil, err
			}
			if err := notForgotten(candidate); err != nil {
				return nil, err
			}
			return t.tie(candidate.GetUid(), req)
		},
		answer: shown(store.Ties, plain(func(tie *storepb.Tie) *acquispb.DeclareTieResponse {
			return &acquispb.DeclareTieResponse{Tie: tieFrom(tie, segment(req.GetCandidate(), 1))}
		})),
	})
}

func tieFrom(tie *storepb.Tie, candidate string) *acquispb.Tie {
	return &acquispb.Tie{
		Candidate: candidateName(candidate), Subject: tie.GetSubject(),
		Kind: tie.GetKind(), CreateTime: tie.GetCreateTime(),
	}
}

// tie returns the key of the tie, which it writes unless it exists already.
func (t *tx) tie(candidate uint64, req *acquispb.DeclareTieRequest) (keys, error) {
	ties, err := store.Ties.All(t, store.Key(candidate))
	if err != nil {
		return nil, err
	}
	for _, tie := range ties {
		if tie.GetSubject() == req.GetSubject() && tie.GetKind() == req.GetKind() {
			return one(candidate, tie.GetUid()), nil
		}
	}
	uid, err := t.NewUID()
	if err != nil {
		return nil, err
	}
	made := one(candidate, uid)
	return made, store.Ties.Put(t, made[0], &storepb.Tie{
		Uid: uid, CandidateUid: candidate, Subject: req.GetSubject(), Kind: req.GetKind(),
		Declarer: t.caller.Subject, CreateTime: t.timestamp(),
	})
}

// putCandidate writes a candidate and its identity, and returns its key. A
// changed identity replaces the earlier one, of which nothing is kept.
func (t *tx) putCandidate(candidate *storepb.Candidate, identity *storepb.Identity) (_ keys, err error) {
	uid := candidate.GetIdentity().GetUid()
	if uid == 0 {
		if uid, err = t.NewUID(); err != nil {
			return nil, err
		}
	}
	if candidate.Identity, err = t.putPersonal(uid, candidate.GetUid(), identity); err != nil {
		return nil, err
	}
	made := one(candidate.GetUid())
	return made, store.Candidates.PutIndexed(t, made[0], candidate)
}

// holdersFor lists the candidates with an id in another system who exist for the
// caller.
func holdersFor(r store.Reader, caller *call.Caller, system, id string) (seen []*storepb.Candidate, err error) {
	holders, err := store.ExternalIDHolders(r, system, id)
	if err != nil {
		return nil, err
	}
	for _, holder := range holders {
		ok, err := seesCandidate(r, caller, holder)
		if err != nil {
			return nil, err
		}
		if ok {
			seen = append(seen, holder)
		}
	}
	return seen, nil
}

// ambiguous names all candidates with one id in another system.
func ambiguous(found []*storepb.Candidate) error {
	names := make([]string, len(found))
	for i, candidate := range found {
		names[i] = candidateName(candidate.GetLabel())
	}
	return apierr.ForbiddenFor(acquispb.ErrorReason_EXTERNAL_ID_AMBIGUOUS, "several candidates have this system and id", names...)
}

// claimExternalIDs gives the candidate the ids that it has now, and frees those that
// it had before and has no more. A new one must be free among the candidates who
// exist for the caller: to refuse it because of others would tell of them.
func (t *tx) claimExternalIDs(candidate uint64, before, now []*storepb.ExternalId) error {
	has := func(ids []*storepb.ExternalId, id *storepb.ExternalId) bool {
		return slices.ContainsFunc(ids, func(other *storepb.ExternalId) bool { return proto.Equal(other, id) })
	}
	for _, id := range before {
		if !has(now, id) {
			if err := t.Delete(store.KindExternalID, store.ExternalIDEntry(id, candidate).Key); err != nil {
				return err
			}
		}
	}
	for i, id := range now {
		if has(before, id) {
			continue
		}
		taken, err := holdersFor(t, t.caller, id.GetSystem(), id.GetId())
		if err != nil {
			return err
		}
		if len(taken) > 0 {
			return apierr.AlreadyExists("candidate.externalIds[" + strconv.Itoa(i) + "]")
		}
		entry := store.ExternalIDEntry(id, candidate)
		if err := t.Put(entry.Kind, entry.Key, entry.Value); err != nil {
			return err
		}
	}
	return nil
}

// newNamed gives a new resource its uid, if the label that callers use is free.
func (t *tx) newNamed(c store.Collection, label, name string) (uint64, error) {
	_, err := store.Lookup(t, c, label)
	if err == nil {
		return 0, apierr.AlreadyExists(name)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return 0, err
	}
	return t.NewUID()
}

// labelOr makes an id if the caller chose none.
func labelOr(chosen string) string {
	if chosen != "" {
		return chosen
	}
	return uuid.NewString()
}

func candidateByName(r store.Reader, name string) (*storepb.Candidate, error) {
	uid, err := store.Lookup(r, store.CollectionCandidate, segment(name, 1))
	if errors.Is(err, store.ErrNotFound) {
		return nil, apierr.NotFound(name)
	}
	if err != nil {
		return nil, err
	}
	return store.Candidates.Get(r, store.Key(uid))
}

// candidateToActOn returns a candidate for an act about them. It refuses a
// forgotten one, about whom only decisions can be read.
func candidateToActOn(t *tx, name string) (*storepb.Candidate, error) {
	candidate, err := candidateFor(t, t.caller, name)
	if err != nil {
		return nil, err
	}
	return candidate, notForgotten(candidate)
}

func readCandidate(r store.Reader, candidate *storepb.Candidate) (*acquispb.Candidate, error) {
	identity := new(storepb.Identity)
	if candidate.GetForgetTime() == nil {
		if err := readPersonal(r, candidate.GetIdentity(), identity); err != nil {
			return nil, err
		}
	}
	return candidateFrom(candidate, identity), nil
}

// candidateFrom shows a candidate as the API does.
func candidateFrom(c *storepb.Candidate, id *storepb.Identity) *acquispb.Candidate {
	shown := &acquispb.Candidate{
		Name:       candidateName(c.GetLabel()),
		BirthName:  id.GetBirthName(),
		UsageName:  id.GetUsageName(),
		GivenNames: id.GetGivenNames(),
		Sex:        id.GetSex(),
		BirthDate:  dateFrom(id.GetBirthDate()),
		Etag:       etag(c),
		CreateTime: c.GetCreateTime(),
		UpdateTime: c.GetUpdateTime(),
		ForgetTime: c.GetForgetTime(),
	}
	if place := id.GetBirthPlace(); place != nil {
		shown.BirthPlace = &acquispb.Candidate_BirthPlace{
			InseeCode: place.GetInseeCode(), PostalCode: place.GetPostalCode(), City: place.GetCity(),
			CountryCode: place.GetCountryCode(), Country: place.GetCountry(),
		}
	}
	for _, e := range id.GetExternalIds() {
		shown.ExternalIds = append(shown.ExternalIds, &acquispb.Candidate_ExternalId{System: e.GetSystem(), Id: e.GetId()})
	}
	return shown
}

// identityOf is the stored form of a candidate's identity.
func identityOf(c *acquispb.Candidate) *storepb.Identity {
	id := &storepb.Identity{
		BirthName:  c.GetBirthName(),
		UsageName:  c.GetUsageName(),
		GivenNames: slices.Clone(c.GetGivenNames()),
		Sex:        c.GetSex(),
		BirthDate:  dateOf(c.GetBirthDate()),
	}
	if place := c.GetBirthPlace(); proto.Size(place) > 0 { // one that says nothing is none
		id.BirthPlace = &storepb.BirthPlace{
			InseeCode: place.GetInseeCode(), PostalCode: place.GetPostalCode(), City: place.GetCity(),
			CountryCode: place.GetCountryCode(), Country: place.GetCountry(),
		}
	}
	for _, e := range c.GetExternalIds() {
		id.ExternalIds = append(id.ExternalIds, &storepb.ExternalId{System: e.GetSystem(), Id: e.GetId()})
	}
	return id
}
