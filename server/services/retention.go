package services

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// Retention says how long what kind of personal data is kept. A purge erases
// what is older; nothing is erased by itself, and what has no period is kept.
type Retention struct {
	// Identity runs from the last act about a candidate. When it ends, they are
	// forgotten as a whole.
	Identity Period
	// FreeText runs from each comment, motive, reason and proof.
	FreeText Period
	// Accommodations runs from each need, arrangement and advice.
	Accommodations Period
}

// A Period is a span of the calendar, as laws count: five years are five years.
// The zero Period never ends.
type Period struct{ years, months, days int }

var periodForm = regexp.MustCompile(`^(?:([0-9]{1,3})y)?(?:([0-9]{1,4})m)?(?:([0-9]{1,5})d)?$`)

// minPeriod keeps a slip of the pen from erasing what was written last week.
const minPeriod = 7

// UnmarshalText reads years, months and days: 5y, 18m, 1y6m, 90d.
func (p *Period) UnmarshalText(text []byte) error {
	parts := periodForm.FindSubmatch(text)
	if parts == nil {
		return fmt.Errorf("%q is not a period of years, months and days, such as 5y, 18m or 90d", text)
	}
	var numbers [3]int
	for i, part := range parts[1:] {
		numbers[i], _ = strconv.Atoi(string(part)) // the form lets short numbers through only
	}
	*p = Period{numbers[0], numbers[1], numbers[2]}
	if p.never() && len(text) > 0 || !p.never() && p.years+p.months == 0 && p.days < minPeriod {
		return fmt.Errorf("%q is less than %d days", text, minPeriod)
	}
	return nil
}

// String returns the form that UnmarshalText reads; empty for never.
func (p Period) String() (text string) {
	for _, part := range []struct {
		number int
		unit   string
	}{{p.years, "y"}, {p.months, "m"}, {p.days, "d"}} {
		if part.number > 0 {
			text += strconv.Itoa(part.number) + part.unit
		}
	}
	return text
}

func (p Period) never() bool { return p == Period{} }

// ended tells whether the period that runs from since is over.
func (p Period) ended(since, now time.Time) bool {
	return !p.never() && !now.Before(since.AddDate(p.years, p.months, p.days))
}

func (r Retention) of(c class) Period {
	switch c {
	case classIdentity:
		return r.Identity
	case classFreeText:
		return r.FreeText
	case classAccommodations:
		return r.Accommodations
	}
	return Period{}
}

// A duty is what a purge owes one candidate.
type duty struct {
	traces []trace // to be erased
	whole  bool    // all of them: the period of the identity has ended
	kept   acquispb.ErrorReason_Enum
}

// duty judges a candidate. A hold keeps everything, an open session the identity
// and its own texts.
func (r Retention) duty(d *dossier, now time.Time) (duty, error) {
	if d.candidate.GetForgetTime() != nil {
		return duty{}, nil
	}
	traces, err := d.traces()
	if err != nil {
		return duty{}, err
	}
	last, err := d.lastAct()
	if err != nil {
		return duty{}, err
	}
	if r.Identity.ended(last, now) {
		if !d.inOpenSession() {
			return duty{traces: traces, whole: true}, nil
		}
		return duty{traces: r.old(traces, now), kept: acquispb.ErrorReason_CANDIDATE_IN_OPEN_SESSION}, nil
	}
	return duty{traces: r.old(traces, now)}, nil
}

// old picks the traces whose own period has ended.
func (r Retention) old(traces []trace, now time.Time) (old []trace) {
	for _, t := range traces {
		if t.class != classIdentity && !t.open && r.of(t.class).ended(t.since, now) {
			old = append(old, t)
		}
	}
	return old
}
