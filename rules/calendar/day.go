package calendar

import "time"

// Day is a day of the calendar in the service's time zone, as "2026-06-30". Days compare
// as texts. The empty one is not known, and before all others.
type Day string

// DayOf is the day of an instant in its location.
func DayOf(t time.Time) Day { return Day(t.Format(time.DateOnly)) }

// Years is a period of so many years.
func Years(n int) Period { return Period{years: n} }

// Months is a period of so many months.
func Months(n int) Period { return Period{months: n} }

// Through is the last day of a period that begins on a day: its anniversary, or the last
// day of a month that has no such day. It is empty if the period never ends.
func (p Period) Through(begin Day) Day {
	first, err := time.Parse(time.DateOnly, string(begin))
	if err != nil || p.never() {
		return ""
	}
	last := p.end(first)
	if last.Day() != first.Day() && p.days == 0 {
		last = last.AddDate(0, 0, -1)
	}
	return DayOf(last)
}

// InMonths is the length of a period, but for its days.
func (p Period) InMonths() int { return p.years*12 + p.months }
