package rules

import (
	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/words"
)

// Validity is how long what is decided is valid, from the day of the decision.
type Validity struct {
	Blocs calendar.Period // of those that have none of their own
	Award calendar.Period
}

// Validity is how long a bloc of the référentiel is valid, or the award if no bloc is
// named.
func (s *Scheme) Validity(bloc string) calendar.Period {
	if s == nil {
		return calendar.Period{} // a revision that the catalogue does not know
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

// validOn tells whether what a decision gives is valid on a day, as far as its end goes:
// it is not asked when it began.
func (d Decision) validOn(day calendar.Day) bool { return d.Until == "" || day <= d.Until }

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
func (c Candidate) dated(r Ruling, day calendar.Day) Ruling {
	r.Day, r.Until = day, ""
	if r.Outcome != Capitalised && r.Outcome != Awarded {
		return r
	}
	period := c.Catalogue.Scheme(r.Revision).Validity(r.Bloc)
	if r.Until = period.Through(day); r.Until != "" {
		r.Reasons = append(r.Reasons, words.Reason{
			Rule: words.ValidThrough, Bloc: r.Bloc, Required: period.InMonths(), Until: r.Until,
		})
	}
	return r
}

// lapsed is why something that was decided has no end, an end to come, or ended; none if
// it has no end.
func (d Decision) lapsed(day calendar.Day) []words.Reason {
	switch {
	case d.Until == "":
		return nil
	case d.validOn(day):
		return []words.Reason{{Rule: words.StillValid, Bloc: d.Bloc, Until: d.Until}}
	}
	return []words.Reason{{Rule: words.NoLongerValid, Bloc: d.Bloc, Until: d.Until}}
}
