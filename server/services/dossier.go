package services

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/retention"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/store"
)

// A dossier is everything that is stored about one candidate. It is found through
// the candidate's own record and indexes, so the time to read it depends on this
// candidate's acts, not on the number of candidates: texts are reached through
// the acts that refer to them, and need no index of their own.
type dossier struct {
	candidate   *storepb.Candidate
	files       []*file // without their référentiels
	decisions   []*storepb.Decision
	ties        []*storepb.Tie
	holds       []*storepb.Hold
	forgettings []*storepb.Forgetting
}

func loadDossier(r store.Reader, candidate *storepb.Candidate) (*dossier, error) {
	d, err := loadPerson(r, candidate)
	if err != nil {
		return nil, err
	}
	candidacies, err := store.Candidacies.Listed(r, store.KindCandidateCandidacy, candidate.GetUid())
	if err != nil {
		return nil, err
	}
	for _, candidacy := range candidacies {
		f, err := fileOf(r, candidacy)
		if err != nil {
			return nil, err
		}
		d.files = append(d.files, f)
	}
	return d, nil
}

// loadPerson reads a dossier without its files, which are the largest part.
func loadPerson(r store.Reader, candidate *storepb.Candidate) (d *dossier, err error) {
	d = &dossier{candidate: candidate}
	uid := candidate.GetUid()
	if err := r.Prefetch(store.Listing(store.KindCandidateDecision, uid), store.Ties.Every(store.Key(uid)),
		store.Holds.Every(store.Key(uid)), store.Forgettings.Every(store.Key(uid))); err != nil {
		return nil, err
	}
	if d.decisions, err = store.Decisions.Listed(r, store.KindCandidateDecision, uid); err != nil {
		return nil, err
	}
	if d.ties, err = store.Ties.All(r, store.Key(uid)); err != nil {
		return nil, err
	}
	if d.holds, err = store.Holds.All(r, store.Key(uid)); err != nil {
		return nil, err
	}
	d.forgettings, err = store.Forgettings.All(r, store.Key(uid))
	return d, err
}

// open tells whether the session of a file is open.
func (f *file) open() bool {
	return f.session.GetState() == acquispb.Session_State_OPEN
}

// judged is the dossier in the form that the rules of retention read.
func (d *dossier) judged(traces []trace) (retention.Dossier, error) {
	last, err := d.lastAct()
	judged := retention.Dossier{Forgotten: d.candidate.GetForgetTime() != nil, LastAct: last}
	for _, f := range d.files {
		judged.Live = judged.Live || casefile.Standing(f.candidacy, f.session).Live()
	}
	for _, h := range d.holds {
		judged.Holds = append(judged.Holds, casefile.Hold(h))
	}
	for _, t := range traces {
		judged.Traces = append(judged.Traces, t.Trace)
	}
	return judged, err
}

// refuseToForget is the error for what is kept; nil if nothing is.
func (d *dossier) refuseToForget(kept retention.Kept) error {
	name := candidateName(d.candidate.GetLabel())
	switch kept {
	case retention.KeptByHold:
		return apierr.Forbidden(acquispb.ErrorReason_CANDIDATE_HELD, name, "a legal hold protects the data of the candidate")
	case retention.KeptByOpenSession:
		return apierr.Forbidden(acquispb.ErrorReason_CANDIDATE_IN_OPEN_SESSION, name, "the candidate has an active candidacy in an open session")
	}
	return nil
}

func notForgotten(c *storepb.Candidate) error {
	if c.GetForgetTime() == nil {
		return nil
	}
	return apierr.Forbidden(acquispb.ErrorReason_CANDIDATE_FORGOTTEN, candidateName(c.GetLabel()), "the candidate was forgotten")
}

// whole returns the act that forgot the candidate, if any.
func (d *dossier) whole() *storepb.Forgetting {
	for _, f := range d.forgettings {
		if f.GetWhole() {
			return f
		}
	}
	return nil
}

// A trace is one record about a candidate that can be erased.
type trace struct {
	retention.Trace
	kind store.KindID
	key  []byte
}

// traces lists every record that forgetting erases, including those already
// erased: acts keep their references.
func (d *dossier) traces() ([]trace, error) {
	var all []trace
	text := func(ref *storepb.PersonalRef, kind retention.Kind, since time.Time, open bool) {
		if ref != nil {
			all = append(all, trace{retention.Trace{Kind: kind, Since: since, Open: open}, store.KindPersonal, store.Key(ref.GetUid())})
		}
	}
	for _, f := range d.files {
		for _, a := range f.assessments {
			text(a.GetTexts(), retention.Text, a.GetRecordTime().AsTime(), f.open())
		}
		for _, entry := range f.entries {
			since := f.settled(entry)
			text(entry.GetTexts(), retention.Accommodation, since, f.open())
			if store.Erasable(entry) {
				// Outcomes do not depend on accommodations, so no proof needs
				// them: they reveal a disability and can be erased. Outcomes do
				// depend on exemptions.
				said := retention.Trace{Kind: retention.Accommodation, Since: since, Open: f.open()}
				all = append(all, trace{said, store.KindCaseFile, store.Key(f.candidacy.GetUid(), entry.GetUid())})
			}
		}
	}
	for _, decision := range d.decisions {
		_, act, _, err := casefile.Decision(decision)
		if err != nil {
			return nil, err
		}
		text(decision.GetText(), retention.Text, act.GetDecideTime().AsTime(), false)
	}
	for _, h := range d.holds {
		text(h.GetReason(), retention.Text, casefile.Hold(h).End(), false)
	}
	text(d.candidate.GetIdentity(), retention.Identity, time.Time{}, false)
	slices.SortFunc(all, func(a, b trace) int {
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		return bytes.Compare(a.key, b.key)
	})
	return all, nil
}

// settled is the time of the last entry about the same matter. The request of an
// accommodation and the decisions on it are erased together: one without the
// other means nothing.
func (f *file) settled(entry *storepb.CaseFile) time.Time {
	about := func(e *storepb.CaseFile) uint64 {
		if e.GetRequest() != nil {
			return e.GetUid()
		}
		return e.GetDecision().GetRequestUid()
	}
	last := entry.GetRecordTime().AsTime()
	for _, other := range f.entries {
		if at := other.GetRecordTime().AsTime(); about(entry) != 0 && about(other) == about(entry) && at.After(last) {
			last = at
		}
	}
	return last
}

// lastAct is when something was last done about the candidate.
func (d *dossier) lastAct() (time.Time, error) {
	last := d.candidate.GetUpdateTime().AsTime()
	later := func(t time.Time) {
		if t.After(last) {
			last = t
		}
	}
	for _, f := range d.files {
		later(f.candidacy.GetUpdateTime().AsTime())
		for _, a := range f.assessments {
			later(a.GetRecordTime().AsTime())
		}
		for _, entry := range f.entries {
			later(entry.GetRecordTime().AsTime())
		}
	}
	for _, decision := range d.decisions {
		_, act, _, err := casefile.Decision(decision)
		if err != nil {
			return last, err
		}
		later(act.GetDecideTime().AsTime())
	}
	return last, nil
}

// A duty is what has to be erased of one candidate.
type duty struct {
	*dossier
	retention.Due
	traces []trace
}

// owed asks the rules what has to be erased, and leaves out what has been.
func (d *dossier) owed(r store.Reader, judge func(retention.Dossier) retention.Due) (duty, error) {
	all, err := d.traces()
	if err != nil {
		return duty{}, err
	}
	judged, err := d.judged(all)
	if err != nil {
		return duty{}, err
	}
	due := judge(judged)
	wants := make([]store.Want, 0, len(due.Traces))
	for _, i := range due.Traces {
		wants = append(wants, store.Want{Kind: all[i].kind, Key: all[i].key})
	}
	if err := r.Prefetch(wants...); err != nil {
		return duty{}, err
	}
	var there []int
	for _, i := range due.Traces {
		_, err := r.Get(all[i].kind, all[i].key)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return duty{}, err
		}
		there = append(there, i)
	}
	owed := duty{dossier: d, Due: due.Still(there)}
	for _, i := range owed.Due.Traces {
		owed.traces = append(owed.traces, all[i])
	}
	return owed, nil
}
