package rules

import (
	"cmp"
	"slices"
	"time"
)

// What may be erased of what is held about a person, and when. Acts are never
// erased: what was decided, and on which verdicts, stays. What can go is who the
// person is, and what was said in words: traces.

// A Trace is one thing about a person that can be erased.
type Trace struct {
	Kind  TraceKind
	Since time.Time // its period runs from here
	Open  bool      // it was said in a session that is still open: only forgetting the person erases it
}

// TraceKind says what a trace is. Each kind has a period of its own.
type TraceKind string

// The kinds of traces.
const (
	IdentityTrace      TraceKind = "IDENTITY"      // names, birth, ids in other systems
	TextTrace          TraceKind = "FREE_TEXT"     // a comment, a motive, a reason, a proof
	AccommodationTrace TraceKind = "ACCOMMODATION" // a need, an arrangement, an advice; that there was one
)

// Retention says how long each kind of trace is kept. A purge erases what is
// older; nothing is erased by itself, and what has no period is kept.
type Retention struct {
	// Identity runs from the last act about a candidate. When it ends, they are
	// forgotten as a whole.
	Identity Period
	// FreeText runs from each comment, motive, reason and proof.
	FreeText Period
	// Accommodations runs from each need, arrangement and advice.
	Accommodations Period
	// Zone is where the calendar is that counts months and days; nil: UTC.
	Zone *time.Location
}

// ended says whether a period that runs from since is over.
func (r Retention) ended(p Period, since, now time.Time) bool {
	return p.ended(since.In(cmp.Or(r.Zone, time.UTC)), now)
}

// Dossier is what retention asks of one person.
type Dossier struct {
	Forgotten bool      // as a whole, before
	LastAct   time.Time // when something was last done about them
	Standings []Standing
	Holds     []Hold
	Traces    []Trace
}

// Standing is where one candidacy of a person stands, and its session.
type Standing struct {
	Session   SessionState
	Candidacy CandidacyState
}

// Live says whether the person is being assessed or decided about there.
func (s Standing) Live() bool { return s.Session == SessionOpen && s.Candidacy.live() }

// Hold is a legal hold: while it stands, nothing about the person is erased.
type Hold struct {
	Ends     time.Time // by itself: when its last day ends; zero: no end is set
	Released time.Time // zero: it was not
}

// Stands says whether the hold keeps its person at a time: through its last day.
func (h Hold) Stands(at time.Time) bool {
	return h.Released.IsZero() && (h.Ends.IsZero() || at.Before(h.Ends))
}

// End is when the hold was released, or else when its last day ends; zero if it has
// no end.
func (h Hold) End() time.Time {
	if h.Released.IsZero() {
		return h.Ends
	}
	return h.Released
}

// Kept says why something about a person is not erased.
type Kept string

// Why something is kept. The empty value: nothing keeps it.
const (
	KeptByHold        Kept = "CANDIDATE_HELD"
	KeptByOpenSession Kept = "CANDIDATE_IN_OPEN_SESSION"
)

// Due is what is to be erased of one person.
type Due struct {
	Traces []int // by their index in the dossier
	Whole  bool  // all of them: the person is forgotten
	Kept   Kept  // why not all goes that was asked for, or is old
	held   bool
}

// Forget judges what is due if somebody asks that the person be forgotten now: all
// or nothing.
func (d Dossier) Forget(now time.Time) Due {
	switch {
	case d.Forgotten:
		return Due{}
	case d.held(now):
		return Due{Kept: KeptByHold}
	case d.live():
		return Due{Kept: KeptByOpenSession}
	}
	return d.pick(Due{Whole: true}, func(Trace) bool { return true })
}

// Purge judges what is due because its period has ended. Somebody who is in an open
// session is not forgotten, however long ago the last act was; what was said in
// other sessions goes. Whether a hold keeps what is due, Still says.
func (d Dossier) Purge(r Retention, now time.Time) Due {
	due, old := Due{held: d.held(now)}, r.ended(r.Identity, d.LastAct, now)
	switch {
	case d.Forgotten:
		return Due{}
	case old && d.live():
		due.Kept = KeptByOpenSession
	case old:
		due.Whole = true
	}
	return d.pick(due, func(t Trace) bool { return due.Whole || r.overdue(t, now) })
}

// Still is what is due of those traces that are there: acts keep naming what was
// erased before. A hold keeps all of it.
func (d Due) Still(there []int) Due {
	if d.held && len(there) > 0 {
		return Due{Kept: KeptByHold}
	}
	d.Traces = there
	return d
}

// pick adds the traces that go.
func (d Dossier) pick(due Due, goes func(Trace) bool) Due {
	for i, t := range d.Traces {
		if goes(t) {
			due.Traces = append(due.Traces, i)
		}
	}
	return due
}

func (d Dossier) held(now time.Time) bool {
	return slices.ContainsFunc(d.Holds, func(h Hold) bool { return h.Stands(now) })
}

func (d Dossier) live() bool { return slices.ContainsFunc(d.Standings, Standing.Live) }

// overdue says whether the period of a trace itself has ended. An identity has none:
// it goes with the person.
func (r Retention) overdue(t Trace, now time.Time) bool {
	switch {
	case t.Open:
		return false
	case t.Kind == TextTrace:
		return r.ended(r.FreeText, t.Since, now)
	case t.Kind == AccommodationTrace:
		return r.ended(r.Accommodations, t.Since, now)
	}
	return false
}
