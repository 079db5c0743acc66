package services

import (
	"errors"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// This file loads what the rules judge. Each step announces all of its reads
// (store.Reader.Prefetch), so that a store over a network needs one round trip per step,
// not per record: first the names, then their records, then what those refer to.

// namesIn announces the reads that find a resource, or what belongs to it, by
// name.
func namesIn(name string) []store.Want {
	first, second := segment(name, 1), segment(name, 3)
	switch {
	case segment(name, 0) == "candidates":
		return []store.Want{store.Name(store.CollectionCandidate, first)}
	case segment(name, 0) != "sessions":
		return nil
	case second == "":
		return []store.Want{store.Name(store.CollectionSession, first)}
	}
	return []store.Want{
		store.Name(store.CollectionSession, first),
		store.Name(store.CollectionCandidacy, store.CandidacyLabel(first, second)),
	}
}

func sessionByName(r store.Reader, name string) (*storepb.Session, error) {
	uid, err := store.Lookup(r, store.CollectionSession, segment(name, 1))
	if errors.Is(err, store.ErrNotFound) {
		return nil, apierr.NotFound(sessionName(segment(name, 1)))
	}
	if err != nil {
		return nil, err
	}
	return store.Sessions.Get(r, store.Key(uid))
}

// A wantOf announces records that belong to the candidacy with that key.
type wantOf func(candidacy []byte) store.Want

// candidacyByName returns a candidacy and its session, and announces what else of
// it will be read.
func candidacyByName(r store.Reader, name string, more ...wantOf) (*storepb.Session, *storepb.Candidacy, error) {
	missing := func(err error) error {
		if errors.Is(err, store.ErrNotFound) {
			return apierr.NotFound(candidacyName(segment(name, 1), segment(name, 3)))
		}
		return err
	}
	names := namesIn(name)
	if err := r.Prefetch(names...); err != nil {
		return nil, nil, err
	}
	sessionKey, err := r.Get(store.KindName, names[0].Key)
	if err != nil {
		return nil, nil, missing(err)
	}
	key, err := r.Get(store.KindName, names[1].Key)
	if err != nil {
		return nil, nil, missing(err)
	}
	wants := make([]store.Want, 0, 2+len(more))
	wants = append(wants, store.Sessions.One(sessionKey), store.Candidacies.One(key))
	for _, of := range more {
		wants = append(wants, of(key))
	}
	if err := r.Prefetch(wants...); err != nil {
		return nil, nil, err
	}
	stored, err := store.Sessions.Get(r, sessionKey)
	if err != nil {
		return nil, nil, err
	}
	candidacy, err := store.Candidacies.Get(r, key)
	return stored, candidacy, err
}

// file is a candidacy with everything that was done in it.
type file struct {
	view        visibility.View // of the caller, by their roles in the session
	session     *storepb.Session
	candidacy   *storepb.Candidacy
	revision    *revision
	assessments []*storepb.Assessment
	entries     []*storepb.CaseFile
	judged      rules.Case // for the rules, without the candidate
}

// loadFileFor reads the file of a candidacy that exists for the caller.
func (c *core) loadFileFor(r store.Reader, caller *call.Caller, name string) (*file, error) {
	session, candidacy, there, err := candidacyFor(r, caller, name, store.Assessments.Every, store.CaseFiles.Every)
	if err != nil {
		return nil, err
	}
	f, err := readFile(r, session, candidacy)
	if err != nil {
		return nil, err
	}
	f.view = viewOf(there)
	if f.revision, err = c.revisions.get(r, casefile.Revision(session)); err != nil {
		return nil, err
	}
	if f.judged, err = judgedCase(f.revision, session, candidacy); err != nil {
		return nil, err
	}
	f.judged.Acts, err = casefile.Acts(f.assessments, f.entries)
	return f, err
}

// fileOf reads the file of a candidacy as readFile does.
func fileOf(r store.Reader, candidacy *storepb.Candidacy) (*file, error) {
	sessionKey, key := store.Key(candidacy.GetSessionUid()), store.Key(candidacy.GetUid())
	if err := r.Prefetch(store.Sessions.One(sessionKey), store.Assessments.Every(key), store.CaseFiles.Every(key)); err != nil {
		return nil, err
	}
	session, err := store.Sessions.Get(r, sessionKey)
	if err != nil {
		return nil, err
	}
	return readFile(r, session, candidacy)
}

// readFile reads the records of a file, without the référentiel.
func readFile(r store.Reader, session *storepb.Session, candidacy *storepb.Candidacy) (*file, error) {
	f := &file{session: session, candidacy: candidacy}
	var err error
	if f.assessments, err = store.Assessments.All(r, store.Key(candidacy.GetUid())); err != nil {
		return nil, err
	}
	f.entries, err = store.CaseFiles.All(r, store.Key(candidacy.GetUid()))
	return f, err
}

// prefetchShown announces what a grid shows besides the file: the candidate, and
// the texts that the caller may see. Some of these are superseded and never read,
// which costs less than a round trip for each text.
func (f *file) prefetchShown(r store.Reader) error {
	wants := make([]store.Want, 0, 8) // more comments are rare
	wants = append(wants, store.Candidates.One(store.Key(f.candidacy.GetCandidateUid())))
	for _, a := range f.assessments {
		if a.GetTexts() != nil && f.judged.Scheme.MaySee(f.view, a.GetAuthor()) {
			wants = append(wants, store.Personals.One(store.Key(a.GetTexts().GetUid())))
		}
	}
	return r.Prefetch(wants...)
}

// loadCase reads the file of a candidacy, and everything that the rules need
// about it and its candidate.
func (c *core) loadCase(t *tx, name string) (*file, rules.Case, error) {
	f, err := c.loadFileFor(t, t.caller, name)
	if err != nil {
		return nil, rules.Case{}, err
	}
	judged := f.judged
	judged.Day = t.day()
	judged.Candidate, err = c.person(t, f.candidacy.GetCandidateUid(), f.revision.id)
	return f, judged, err
}

// bareCase is what the rules need to check verdicts: no acts, no candidate.
func (c *core) bareCase(r store.Reader, session *storepb.Session, candidacy *storepb.Candidacy) (rules.Case, error) {
	revision, err := c.revisions.get(r, casefile.Revision(session))
	if err != nil {
		return rules.Case{}, err
	}
	return judgedCase(revision, session, candidacy)
}

// judgedCase reads what the rules know about a candidacy before any act in it.
func judgedCase(revision *revision, session *storepb.Session, candidacy *storepb.Candidacy) (rules.Case, error) {
	judged := rules.Case{Scheme: revision.compiled.Scheme()}
	var err error
	if judged.Session, err = casefile.Session(session); err != nil {
		return rules.Case{}, err
	}
	judged.Candidacy, err = casefile.Candidacy(candidacy, session)
	return judged, err
}

// caseOf is what the rules know before there is a candidacy, or for an act that
// concerns none.
func (c *core) caseOf(t *tx, session *storepb.Session, candidate uint64, more ...rules.Revision) (rules.Case, error) {
	pinned := casefile.Revision(session)
	revision, err := c.revisions.get(t, pinned)
	if err != nil {
		return rules.Case{}, err
	}
	judged := rules.Case{Scheme: revision.compiled.Scheme(), Day: t.day()}
	if judged.Session, err = casefile.Session(session); err != nil {
		return rules.Case{}, err
	}
	judged.Candidate, err = c.person(t, candidate, append(more, pinned)...)
	return judged, err
}

// revisionsOf lists the revisions that decisions and candidacies name.
func revisionsOf(decisions []rules.Decision, candidacies []rules.Candidacy) []rules.Revision {
	seen := make(map[rules.Revision]bool)
	for _, d := range decisions {
		seen[d.Revision] = true
	}
	for _, c := range candidacies {
		seen[c.Revision] = true
	}
	ids := make([]rules.Revision, 0, len(seen))
	for id := range seen {
		ids = append(ids, id)
	}
	return ids
}

// person reads what the rules know about a candidate beyond one candidacy. more
// names other revisions that they will ask about.
func (c *core) person(r store.Reader, candidate uint64, more ...rules.Revision) (rules.Candidate, error) {
	var person rules.Candidate
	err := r.Prefetch(store.Listing(store.KindCandidateDecision, candidate), store.Listing(store.KindCandidateCandidacy, candidate),
		store.Ties.Every(store.Key(candidate)))
	if err != nil {
		return person, err
	}
	stored, err := store.Decisions.Listed(r, store.KindCandidateDecision, candidate)
	if err != nil {
		return person, err
	}
	if person.Decisions, err = casefile.Decisions(stored); err != nil {
		return person, err
	}
	if person.Candidacies, err = candidaciesOfCandidate(r, candidate); err != nil {
		return person, err
	}
	ties, err := store.Ties.All(r, store.Key(candidate))
	if err != nil {
		return person, err
	}
	for _, tie := range ties {
		person.Tied = append(person.Tied, tie.GetSubject())
	}
	ids := append(revisionsOf(person.Decisions, person.Candidacies), more...)
	person.Catalogue, err = c.revisions.catalogue(r, ids...)
	return person, err
}

// holder reads only what a candidate's ledger depends on, seen from the revision
// named: the public acts. This makes GetCapitalisation faster than with
// everything that person reads.
func (c *core) holder(r store.Reader, candidate uint64, seenFrom rules.Revision) (rules.Candidate, error) {
	var holder rules.Candidate
	stored, err := store.Decisions.Listed(r, store.KindCandidateDecision, candidate)
	if err != nil {
		return holder, err
	}
	holder.Decisions = make([]rules.Decision, len(stored))
	for i, decision := range stored {
		if holder.Decisions[i], _, err = casefile.Act(decision); err != nil {
			return holder, err
		}
	}
	holder.Catalogue, err = c.revisions.catalogue(r, append(revisionsOf(holder.Decisions, nil), seenFrom)...)
	return holder, err
}

// candidaciesOfCandidate reads a candidate's candidacies of every session.
func candidaciesOfCandidate(r store.Reader, candidate uint64) ([]rules.Candidacy, error) {
	stored, err := store.Candidacies.Listed(r, store.KindCandidateCandidacy, candidate)
	if err != nil {
		return nil, err
	}
	keys := make([][]byte, len(stored))
	for i, c := range stored {
		keys[i] = store.Key(c.GetSessionUid())
	}
	sessions, err := store.Sessions.GetMany(r, keys)
	if err != nil {
		return nil, err
	}
	candidacies := make([]rules.Candidacy, len(stored))
	for i, c := range stored {
		if candidacies[i], err = casefile.Candidacy(c, sessions[i]); err != nil {
			return nil, err
		}
	}
	return candidacies, nil
}
