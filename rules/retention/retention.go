// Package retention decides what may be erased about a person, and when. Acts are never
// erased: what was decided, and on which verdicts, stays. Identities and free texts can
// be erased; they are called traces.
//
// There are two ways in. Somebody asks that a person be forgotten ([Dossier.Forget]),
// which erases everything or nothing; or periods end ([Dossier.Purge]), which erases what
// is old. Both stop at a legal hold, and neither forgets a person who is being assessed.
// Nothing is erased without a request or a purge, and nothing that has no period.
//
// It knows of sessions and candidacies only whether the person is live in one: what that
// means, the rules say (rules.Standing).
package retention

import (
	"cmp"
	"slices"
	"time"

	"github.com/acquis-eval/acquis/rules/calendar"
)

// A Trace is one thing about a person that can be erased.
type Trace struct {
	Kind  Kind
	Since time.Time // start of its period
	Open  bool      // it is from a session that is still open: only forgetting the person erases it
}

// Kind is the kind of a trace. Each has its own period.
type Kind string

// The kinds of traces.
const (
	Identity      Kind = "IDENTITY"      // names, birth, ids in other systems
	Text          Kind = "FREE_TEXT"     // a comment, a motive, a reason, a proof
	Accommodation Kind = "ACCOMMODATION" // a need, an arrangement, an advice, or the fact that there was one
)

// Periods say how long each kind of trace is kept. A purge erases older
// traces; nothing is erased without a purge, and a trace without a period is
// kept.
type Periods struct {
	// Identity runs from the last act about a candidate. When it ends, the
	// candidate is forgotten as a whole.
	Identity calendar.Period
	// FreeText runs from each comment, motive, reason and proof.
	FreeText calendar.Period
	// Accommodations runs from each need, arrangement and advice.
	Accommodations calendar.Period
	// Zone is where the calendar is that counts months and days; nil: UTC.
	Zone *time.Location
}

// ended says whether a period that runs from since is over.
func (r Periods) ended(p calendar.Period, since, now time.Time) bool {
	return p.Ended(since.In(cmp.Or(r.Zone, time.UTC)), now)
}

// Dossier is what retention needs to know about one person.
type Dossier struct {
	Forgotten bool      // as a whole, before
	LastAct   time.Time // when something was last done about them
	Live      bool      // they are being assessed or decided about in an open session
	Holds     []Hold
	Traces    []Trace
}

// Hold is a legal hold: while it is in force, nothing about the person is erased.
type Hold struct {
	Ends     time.Time // by itself: when its last day ends; zero: no end is set
	Released time.Time // zero: not released
}

// Stands tells whether the hold is in force at a time: through its last day.
func (h Hold) Stands(at time.Time) bool {
	return h.Released.IsZero() && (h.Ends.IsZero() || at.Before(h.Ends))
}

// End is when the hold was released, or else the end of its last day; zero if it
// has no end.
func (h Hold) End() time.Time {
	if h.Released.IsZero() {
		return h.Ends
	}
	return h.Released
}

// Kept is a reason why something about a person is not erased.
type Kept string

// Reasons to keep something. The empty value: nothing keeps it.
const (
	KeptByHold        Kept = "CANDIDATE_HELD"
	KeptByOpenSession Kept = "CANDIDATE_IN_OPEN_SESSION"
)

// Due is what is to be erased about one person.
type Due struct {
	Traces []int // by their index in the dossier
	Whole  bool  // all of them: the person is forgotten
	Kept   Kept  // why something requested or overdue is kept
	held   bool
}

// Forget decides what is due if somebody asks that the person be forgotten now:
// everything or nothing.
func (d Dossier) Forget(now time.Time) Due {
	switch {
	case d.Forgotten:
		return Due{}
	case d.held(now):
		return Due{Kept: KeptByHold}
	case d.Live:
		return Due{Kept: KeptByOpenSession}
	}
	return d.pick(Due{Whole: true}, func(Trace) bool { return true })
}

// Purge decides what is due because its period has ended. A person who is in an
// open session is not forgotten, even if the last act is long ago; their texts
// from other sessions are erased. Still then applies legal holds.
func (d Dossier) Purge(r Periods, now time.Time) Due {
	due, old := Due{held: d.held(now)}, r.ended(r.Identity, d.LastAct, now)
	switch {
	case d.Forgotten:
		return Due{}
	case old && d.Live:
		due.Kept = KeptByOpenSession
	case old:
		due.Whole = true
	}
	return d.pick(due, func(t Trace) bool { return due.Whole || r.overdue(t, now) })
}

// Still reduces what is due to traces that still exist, because acts keep naming
// erased ones. A hold keeps all of it.
func (d Due) Still(there []int) Due {
	if d.held && len(there) > 0 {
		return Due{Kept: KeptByHold}
	}
	d.Traces = there
	return d
}

// pick adds the traces that are to be erased.
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

// overdue tells whether the period of a trace has ended. An identity has no
// period of its own: it is erased with the person.
func (r Periods) overdue(t Trace, now time.Time) bool {
	switch {
	case t.Open:
		return false
	case t.Kind == Text:
		return r.ended(r.FreeText, t.Since, now)
	case t.Kind == Accommodation:
		return r.ended(r.Accommodations, t.Since, now)
	}
	return false
}
