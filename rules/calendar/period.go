// Package calendar counts spans of time as laws count them: by years, months and days of
// the calendar, and not by hours.
//
// A span begins at an instant and ends by the calendar of that instant's location, so
// whoever asks says first where the calendar is. Nothing here knows what a span is of.
package calendar

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// A Period is a span of the calendar, as laws count it: five years are five
// calendar years. The zero Period never ends.
type Period struct{ years, months, days int }

var periodForm = regexp.MustCompile(`^(?:([0-9]{1,3})y)?(?:([0-9]{1,4})m)?(?:([0-9]{1,5})d)?$`)

// minPeriod keeps a typing error from erasing what was written last week.
const minPeriod = 7

// UnmarshalText reads years, months and days: 5y, 18m, 1y6m, 90d.
func (p *Period) UnmarshalText(text []byte) error {
	parts := periodForm.FindSubmatch(text)
	if parts == nil {
		return fmt.Errorf("%q is not a period of years, months and days, such as 5y, 18m or 90d", text)
	}
	var numbers [3]int
	for i, part := range parts[1:] {
		numbers[i], _ = strconv.Atoi(string(part)) // the pattern allows only short numbers
	}
	*p = Period{numbers[0], numbers[1], numbers[2]}
	if p.never() && len(text) > 0 || !p.never() && p.years+p.months == 0 && p.days < minPeriod {
		return fmt.Errorf("%q is less than %d days", text, minPeriod)
	}
	return nil
}

// String returns the form that UnmarshalText reads; empty if the period never
// ends.
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

// Ended tells whether the period that runs from since is over, in the calendar of
// since's location.
func (p Period) Ended(since, now time.Time) bool {
	return !p.never() && !now.Before(p.end(since))
}

// end is when the period that runs from since is over. Where the month in which it ends
// has no such day, it is over when that month is, as in Regulation 1182/71 (article
// 3(2)(c)): one month from 31 January lasts through February, and not until 3 March.
func (p Period) end(since time.Time) time.Time {
	year, month, day := since.Date()
	next := time.Date(year+p.years, month+time.Month(p.months)+1, 1, 0, 0, 0, 0, since.Location())
	if last := next.AddDate(0, 0, -1); day > last.Day() {
		return next.AddDate(0, 0, p.days)
	}
	return since.AddDate(p.years, p.months, p.days)
}
