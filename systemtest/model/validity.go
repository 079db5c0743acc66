package model

import (
	"slices"
	"time"
)

// A Validity is how long something is valid: so many years or months, or without end. Nil
// means that nothing is said.
type Validity struct {
	Years     int  `json:"years,omitempty"`
	Months    int  `json:"months,omitempty"`
	Unlimited bool `json:"unlimited,omitempty"`
}

// A Date has the form of the API's.
type Date struct{ Year, Month, Day int }

// text is a date that can be compared; empty if there is none.
func (d *Date) text() string {
	if d == nil {
		return ""
	}
	return time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// validity is what holds for a bloc, or for the award if no bloc is named.
func (r *Revision) validity(bloc string) *Validity {
	b := r.Bloc(bloc)
	switch {
	case b == nil:
		return r.AwardValidity
	case b.Validity != nil:
		return b.Validity
	}
	return r.BlocValidity
}

// last is the last day on which what a decision gives is valid; nil if it gives nothing
// or has no end.
func (d *Decision) last() *Date {
	v := d.Revision.validity(d.Bloc)
	if v == nil || v.Unlimited || d.Day == nil || d.Outcome != "CAPITALISED" && d.Outcome != "AWARDED" {
		return nil
	}
	year, month, day := d.Day.Year+v.Years, d.Day.Month+v.Months, d.Day.Day
	for month > 12 {
		year, month = year+1, month-12
	}
	for ; day > 28; day-- { // until there is such a day
		if time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() == day {
			break
		}
	}
	return &Date{year, month, day}
}

// over tells whether what a decision gives is no longer valid on a day.
func (d *Decision) over(on string) bool {
	last := d.last()
	return last != nil && on > last.text()
}

// longest is the decision that is valid longest, the first of several.
func longest(decisions []*Decision) (found *Decision) {
	for _, d := range decisions {
		if found == nil || d.outlasts(found) {
			found = d
		}
	}
	return found
}

// outlasts tells whether what a decision gives is valid longer than what another gives.
func (d *Decision) outlasts(other *Decision) bool {
	return other.last() != nil && (d.last() == nil || d.last().text() > other.last().text())
}

// on is the candidate without the decisions that are no longer valid on a day.
func (c *Candidate) on(day string) *Candidate {
	return &Candidate{Decisions: slices.DeleteFunc(slices.Clone(c.Decisions), func(d *Decision) bool { return d.over(day) })}
}
