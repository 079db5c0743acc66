package model

import "slices"

// A World is everything that the service knows.
type World struct {
	Revisions  []*Revision // in order of their first publication
	Current    map[string]*Revision
	Sessions   []*Session
	Candidates []*Candidate
	Today      string // the day of the story, such as 2026-06-15
}

// A Session is one sitting of a jury.
type Session struct {
	Name        string
	Revision    *Revision
	State       string // OPEN, CLOSED, CANCELLED
	day         string // of all that is done in it
	Jury        []Member
	Qualities   map[string]string // of those who assess
	Candidacies []*Candidacy
	acted       map[string]bool // who took part in an act of its jury
}

// A Member sits on a jury.
type Member struct {
	Subject         string
	External, Chair bool
	College         string
}

// A Candidate is a person.
type Candidate struct {
	Name        string
	Tied        []string // subjects
	Candidacies []*Candidacy
	Decisions   []*Decision
}

// A Candidacy is a candidate in a session.
type Candidacy struct {
	Name           string
	Session        *Session
	Candidate      *Candidate
	State          string // ENROLLED, DECIDED, WITHDRAWN, ABSENT, CANCELLED
	Scope          string
	Enrolled       []string // the blocs, fixed at enrolment
	Again          []string // those that had been decided before, and not in the candidate's favour
	Route          string   // empty: not known
	Departed       []Departed
	Accommodations []*Accommodation
	verdicts       map[string]map[string]string // criterion, assessor in lower case: verdict
	recorders      map[string]map[string]string // criterion, assessor in lower case: who recorded the verdict
	spellings      map[string]map[string]string // criterion, assessor in lower case: as last written
	qualities      map[string]map[string]string // criterion, assessor in lower case: in which quality they gave it
	settlements    map[string]*settlement
	advice         map[string]bool // favourable
	exemptions     map[string]*exemption
}

// Departed is a bloc that left.
type Departed struct{ Bloc, Cause string }

// An Accommodation was requested.
type Accommodation struct{ Name, Kind, State string }

type settlement struct {
	verdict string
	on      map[string]string
	authors []string
}

type exemption struct {
	granted bool
	authors []string
}

// A Decision is a legal act.
type Decision struct {
	Name         string // given by the service
	Day          *Date  // likewise
	Kind         string
	Revision     *Revision
	Bloc         string
	Option       string
	Requirement  string
	Amount       int
	Outcome      string
	Computed     string
	Session      *Session
	Candidacy    *Candidacy
	Motive       string
	Present      []Member
	Supersedes   *Decision
	SupersededBy *Decision
}

// NewWorld returns an empty world on that day.
func NewWorld(today string) *World { return &World{Current: make(map[string]*Revision), Today: today} }

// Session finds a session by its name.
func (w *World) Session(name string) *Session {
	i := slices.IndexFunc(w.Sessions, func(s *Session) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return w.Sessions[i]
}

// Candidate finds a candidate by name.
func (w *World) Candidate(name string) *Candidate {
	i := slices.IndexFunc(w.Candidates, func(c *Candidate) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return w.Candidates[i]
}

// Candidacies lists all, session by session.
func (w *World) Candidacies() (all []*Candidacy) {
	for _, s := range w.Sessions {
		all = append(all, s.Candidacies...)
	}
	return all
}

// Candidacy finds a candidacy by name.
func (w *World) Candidacy(name string) *Candidacy {
	all := w.Candidacies()
	i := slices.IndexFunc(all, func(k *Candidacy) bool { return k.Name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// Publish makes a revision the current one of its référentiel. It returns an
// existing revision with the same content, or nil.
func (w *World) Publish(r *Revision) (same *Revision) {
	for _, other := range w.Revisions {
		if sameContent(other, r) {
			w.Current[r.ID] = other
			return other
		}
	}
	r.Before = slices.Clone(w.Revisions)
	w.Revisions = append(w.Revisions, r)
	w.Current[r.ID] = r
	return nil
}

// NewCandidate adds a candidate.
func (w *World) NewCandidate(name string) Answer {
	if w.Candidate(name) != nil {
		return failed("ALREADY_EXISTS", "ALREADY_EXISTS")
	}
	w.Candidates = append(w.Candidates, &Candidate{Name: name})
	return accepted
}

// DeclareTie ties a subject to a candidate, in all sessions. A jury member
// declares only their own ties, with candidates of their sessions.
func (w *World) DeclareTie(candidate string, by Caller, subject string) Answer {
	if !by.has("REGISTRAR") && by.Subject != subject {
		return failed("PERMISSION_DENIED", "TIE_NOT_OWN")
	}
	c := w.Candidate(candidate)
	meets := func(k *Candidacy) bool { return k.Candidate == c && k.Session.member(by.Subject) != nil }
	if !by.has("REGISTRAR") && !slices.ContainsFunc(w.Candidacies(), meets) {
		return hidden
	}
	if slices.Contains(c.Tied, subject) {
		return Answer{Code: "OK", Idle: true}
	}
	c.Tied = append(c.Tied, subject)
	return accepted
}

// A Caller holds a key.
type Caller struct {
	Subject  string
	Roles    []string
	Delegate bool // may speak for other assessors
}

func (c Caller) has(role string) bool { return slices.Contains(c.Roles, role) }
