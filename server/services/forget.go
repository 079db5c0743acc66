package services

import (
	"context"
	"slices"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/retention"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// ForgetCandidate erases what is stored about a candidate. Stored request ids
// about them are erased after the act itself: from then on no more can be added,
// so the search need not block the writer. If that fails, a repetition of the
// call continues it.
func (s *candidateService) ForgetCandidate(ctx context.Context, req *acquispb.ForgetCandidateRequest) (*acquispb.ForgetCandidateResponse, error) {
	if err := allCentres(call.CallerOf(ctx)); err != nil {
		return nil, err
	}
	var after *dossier
	answer, err := perform(ctx, s.core, act[*acquispb.ForgetCandidateResponse]{
		request: req, resource: req.GetName(),
		do: func(t *tx) (keys, error) { return t.forgetCandidate(req) },
		answer: func(r store.Reader, made keys) (*acquispb.ForgetCandidateResponse, error) {
			forgetting, err := readForgetting(r, made[0])
			if err != nil {
				return nil, err
			}
			candidate, err := candidateByName(r, req.GetName())
			if err != nil {
				return nil, err
			}
			after, err = loadDossier(r, candidate)
			return &acquispb.ForgetCandidateResponse{Forgetting: forgetting}, err
		},
	})
	if err != nil {
		return nil, err
	}
	return answer, s.forgetRequests(ctx, s.eventOf(ctx, req, req.GetName(), s.now()), after.remembers)
}

// forgetCandidate erases everything that is stored about a candidate, unless that
// was done before, and returns the key of the record of the forgetting.
func (t *tx) forgetCandidate(req *acquispb.ForgetCandidateRequest) (keys, error) {
	candidate, err := candidateByName(t, req.GetName())
	if err != nil {
		return nil, err
	}
	known, err := loadDossier(t, candidate)
	if err != nil {
		return nil, err
	}
	if done := known.whole(); done != nil {
		return one(candidate.GetUid(), done.GetUid()), nil
	}
	owed, err := known.owed(t, func(judged retention.Dossier) retention.Due { return judged.Forget(t.now) })
	if err != nil {
		return nil, err
	}
	if err := known.refuseToForget(owed.Kept); err != nil {
		return nil, err
	}
	return t.forget(owed, &storepb.Forgetting{Ground: req.GetGround()})
}

// forget erases what is due about a candidate, and records what it erased. If the
// candidate is forgotten as a whole, other systems can no longer find them
// either.
func (t *tx) forget(owed duty, what *storepb.Forgetting) (keys, error) {
	uid, err := t.NewUID()
	if err != nil {
		return nil, err
	}
	what.Uid, what.CandidateUid, what.Whole = uid, owed.candidate.GetUid(), owed.Whole
	what.Author, what.ForgetTime = t.caller.Subject, t.timestamp()
	if what.GetWhole() {
		if err := t.forgetIdentity(owed.candidate); err != nil {
			return nil, err
		}
	}
	if err := t.erase(owed.traces, what); err != nil {
		return nil, err
	}
	made := one(what.GetCandidateUid(), uid)
	return made, store.Forgettings.Put(t, made[0], what)
}

// erase removes traces and lists them. The RPC in the event of an accommodation
// reveals that there was one, so the event's body is erased too; other bodies
// have a candidacy and digests without salts, which reveal nothing about a
// person.
func (t *tx) erase(traces []trace, what *storepb.Forgetting) error {
	var events []uint64
	for _, trace := range traces {
		if trace.kind == store.KindCaseFile {
			sequence, err := t.LastEvent(trace.kind, trace.key)
			if err != nil {
				return err
			}
			events = append(events, sequence)
		}
		if err := t.Delete(trace.kind, trace.key); err != nil {
			return err
		}
		what.Erased = append(what.Erased, &storepb.Forgetting_Erased{Kind: uint32(trace.kind), Key: trace.key})
	}
	slices.Sort(events)
	for _, sequence := range slices.Compact(events) {
		if err := t.EraseEvent(sequence); err != nil {
			return err
		}
		what.Erased = append(what.Erased, &storepb.Forgetting_Erased{Kind: uint32(store.KindEvent), Key: store.SequenceKey(sequence)})
	}
	return nil
}

// forgetIdentity frees the ids in other systems and marks the candidate. The
// reference to the identity stays: its digest reveals nothing without the erased
// salt.
func (t *tx) forgetIdentity(candidate *storepb.Candidate) error {
	identity := new(storepb.Identity)
	if err := readPersonal(t, candidate.GetIdentity(), identity); err != nil {
		return err
	}
	if err := t.claimExternalIDs(candidate.GetUid(), identity.GetExternalIds(), nil); err != nil {
		return err
	}
	candidate.Version++
	candidate.UpdateTime, candidate.ForgetTime = t.timestamp(), t.timestamp()
	return store.Candidates.Put(t, store.Key(candidate.GetUid()), candidate)
}

// remembers tells whether the key of a record that a request made belongs to the
// candidate: it begins with their uid or that of one of their candidacies. The
// acts of forgetting themselves stay stored.
func (d *dossier) remembers(made []byte) bool {
	owner, last := store.FirstUID(made), store.LastUID(made)
	if slices.ContainsFunc(d.forgettings, func(f *storepb.Forgetting) bool { return f.GetUid() == last }) {
		return false
	}
	return owner == d.candidate.GetUid() ||
		slices.ContainsFunc(d.files, func(f *file) bool { return f.candidacy.GetUid() == owner })
}

func readForgetting(r store.Reader, key []byte) (*acquispb.Forgetting, error) {
	what, err := store.Forgettings.Get(r, key)
	if err != nil {
		return nil, err
	}
	candidate, err := store.Candidates.Get(r, store.Key(what.GetCandidateUid()))
	if err != nil {
		return nil, err
	}
	return forgettingFrom(what, candidate), nil
}

func forgettingFrom(what *storepb.Forgetting, candidate *storepb.Candidate) *acquispb.Forgetting {
	shown := &acquispb.Forgetting{
		Candidate: candidateName(candidate.GetLabel()), Ground: what.GetGround(),
		Whole: what.GetWhole(), Author: what.GetAuthor(), ForgetTime: what.GetForgetTime(),
	}
	for _, erased := range what.GetErased() {
		count(shown, store.KindID(erased.GetKind()))
	}
	return shown
}

// count adds one erased record to the summary of a forgetting.
func count(shown *acquispb.Forgetting, kind store.KindID) {
	switch kind {
	case store.KindPersonal:
		shown.PersonalCount++
	case store.KindCaseFile:
		shown.AccommodationCount++
	}
}
