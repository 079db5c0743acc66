package services

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/store"
)

// A dossier is everything that is held about one candidate. It is found from
// the candidate's own record and indexes, so that reading it takes as long as
// this candidate's acts are many, however many candidates there are: texts are
// reached through the acts that refer to them, and need no index of their own.
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

// loadPerson reads a dossier without its files, which are the most of it.
func loadPerson(r store.Reader, candidate *storepb.Candidate) (d *dossier, err error) {
	d = &dossier{candidate: candidate}
	uid := candidate.GetUid()
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

func fileOf(r store.Reader, candidacy *storepb.Candidacy) (*file, error) {
	session, err := store.Sessions.Get(r, store.Key(candidacy.GetSessionUid()))
	if err != nil {
		return nil, err
	}
	return readFile(r, session, candidacy)
}

// open tells whether the session of a file still runs.
func (f *file) open() bool {
	return f.session.GetState() == int32(acquispb.Session_State_OPEN)
}

// inOpenSession tells whether the candidate is being assessed or decided about.
func (d *dossier) inOpenSession() bool {
	return slices.ContainsFunc(d.files, func(f *file) bool {
		state := acquispb.Candidacy_State_Enum(f.candidacy.GetState())
		return f.open() && (state == acquispb.Candidacy_State_ENROLLED || state == acquispb.Candidacy_State_DECIDED)
	})
}

// held tells whether a hold stands.
func (d *dossier) held(now time.Time) bool {
	return slices.ContainsFunc(d.holds, func(h *storepb.Hold) bool { return standing(h, now) })
}

// kept says why nothing of the candidate may be erased; nil where it may.
func (d *dossier) kept(now time.Time) error {
	name := candidateName(d.candidate.GetLabel())
	switch {
	case d.held(now):
		return apierr.Forbidden(acquispb.ErrorReason_CANDIDATE_HELD, name, "a legal hold protects the data of the candidate")
	case d.inOpenSession():
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

// A class is a kind of personal data with a retention period of its own.
type class int

const (
	classIdentity       class = iota
	classFreeText             // comments, motives, reasons, proofs
	classAccommodations       // needs, arrangements, advice, and the requests themselves
)

// A trace is one record about a candidate that can be erased.
type trace struct {
	kind  store.KindID
	key   []byte
	class class
	since time.Time // the retention period runs from here
	open  bool      // its session still runs: only forgetting the candidate erases it
}

// traces lists every record that forgetting erases, those that are gone already
// too: acts keep their references.
func (d *dossier) traces() ([]trace, error) {
	var all []trace
	text := func(ref *storepb.PersonalRef, c class, since time.Time, open bool) {
		if ref != nil {
			all = append(all, trace{store.KindPersonal, store.Key(ref.GetUid()), c, since, open})
		}
	}
	for _, f := range d.files {
		for _, a := range f.assessments {
			text(a.GetTexts(), classFreeText, a.GetRecordTime().AsTime(), f.open())
		}
		for _, entry := range f.entries {
			text(entry.GetTexts(), classAccommodations, entry.GetRecordTime().AsTime(), f.open())
			if store.Erasable(entry) {
				// Outcomes do not rest on an accommodation, so that no proof needs it:
				// what tells of a disability goes. They do rest on exemptions.
				key := store.Key(f.candidacy.GetUid(), entry.GetUid())
				all = append(all, trace{store.KindCaseFile, key, classAccommodations, entry.GetRecordTime().AsTime(), f.open()})
			}
		}
	}
	for _, decision := range d.decisions {
		_, act, _, err := casefile.Decision(decision)
		if err != nil {
			return nil, err
		}
		text(decision.GetText(), classFreeText, act.GetDecideTime().AsTime(), false)
	}
	for _, h := range d.holds {
		text(h.GetReason(), classFreeText, holdEnd(h), false)
	}
	last, err := d.lastAct()
	text(d.candidate.GetIdentity(), classIdentity, last, d.inOpenSession())
	slices.SortFunc(all, func(a, b trace) int {
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		return bytes.Compare(a.key, b.key)
	})
	return all, err
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

// still leaves the traces that have not been erased yet.
func still(r store.Reader, traces []trace) ([]trace, error) {
	var left []trace
	for _, t := range traces {
		_, err := r.Get(t.kind, t.key)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		left = append(left, t)
	}
	return left, nil
}
