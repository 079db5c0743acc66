package rules

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

// Validity is how long what is decided is valid, from the day of the decision.
type Validity struct {
	Blocs Period // of those that have none of their own
	Award Period
}

// Validity is how long a bloc of the référentiel is valid, or the award if no bloc is
// named.
func (s *Scheme) Validity(bloc string) Period {
	if s == nil {
		return Period{} // a revision that the catalogue does not know
	}
	i, known := s.blocIndex[bloc]
	switch {
	case bloc == "":
		return s.validity.Award
	case known && s.blocs[i].Validity != nil:
		return *s.blocs[i].Validity
	}
	return s.validity.Blocs
}

// through is the last day of a period that begins on a day: its anniversary, or the last
// day of a month that has no such day. It is empty if the period never ends.
func (p Period) through(begin Day) Day {
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

// validOn tells whether what a decision gives is valid on a day, as far as its end goes:
// it is not asked when it began.
func (d Decision) validOn(day Day) bool { return d.Until == "" || day <= d.Until }

// outlasts tells whether what a decision gives is valid longer than what another gives.
func (d Decision) outlasts(other Decision) bool {
	return other.Until != "" && (d.Until == "" || d.Until > other.Until)
}

// lasting finds the decision that is valid longest, the first of several; nil if there is
// none such.
func lasting(decisions []Decision, such func(Decision) bool) *Decision {
	var found *Decision
	for i, d := range decisions {
		if such(d) && (found == nil || d.outlasts(*found)) {
			found = &decisions[i]
		}
	}
	return found
}

// dated gives a ruling its day and, if it gives something, the last day on which that is
// valid.
func (c Candidate) dated(r Ruling, day Day) Ruling {
	r.Day, r.Until = day, ""
	if r.Outcome != Capitalised && r.Outcome != Awarded {
		return r
	}
	period := c.Catalogue.Scheme(r.Revision).Validity(r.Bloc)
	if r.Until = period.through(day); r.Until != "" {
		r.Reasons = append(r.Reasons, Reason{
			Rule: ValidThrough, Bloc: r.Bloc, Required: period.years*12 + period.months, Until: r.Until,
		})
	}
	return r
}

// lapsed is why something that was decided has no end, an end to come, or ended; none if
// it has no end.
func (d Decision) lapsed(day Day) []Reason {
	switch {
	case d.Until == "":
		return nil
	case d.validOn(day):
		return []Reason{{Rule: StillValid, Bloc: d.Bloc, Until: d.Until}}
	}
	return []Reason{{Rule: NoLongerValid, Bloc: d.Bloc, Until: d.Until}}
}
