package services

import (
	"fmt"
	"time"

	"github.com/acquis-eval/acquis/rules/calendar"
	"google.golang.org/genproto/googleapis/type/date"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/show"
)

// A day begins and ends in the service's time zone, which is that of the
// certificateur. The result is stored as an instant, so that a later change of
// the zone changes nothing that was done before.

// begins is the instant at which a day begins; for a day of which only a part is
// known, the first one that it may be.
func (t *tx) begins(d *storepb.Date) time.Time {
	return firstInstant(int(d.GetYear()), time.Month(max(d.GetMonth(), 1)), int(max(d.GetDay(), 1)), t.core.zone)
}

// ends is the instant at which a day ends.
func (t *tx) ends(d *date.Date) time.Time {
	return firstInstant(int(d.GetYear()), time.Month(d.GetMonth()), int(d.GetDay())+1, t.core.zone)
}

// firstInstant is when a day begins in a zone. Where clocks are changed around midnight,
// as in the Azores, a day has its hour 0 twice, of which time.Date may return the later
// one, or not at all, for which it may return an instant of the day before.
func firstInstant(year int, month time.Month, day int, zone *time.Location) time.Time {
	begin := time.Date(year, month, day, 0, 0, 0, 0, zone)
	if begin.Hour() == 23 {
		_, begin = begin.ZoneBounds()
	}
	if twice := begin.Add(-time.Hour); twice.Hour() == 0 {
		return twice
	}
	return begin
}

// dayOf is the day of an instant.
func (c *core) dayOf(t time.Time) calendar.Day { return calendar.DayOf(t.In(c.zone)) }

// day is the day of the act.
func (t *tx) day() calendar.Day { return t.core.dayOf(t.now) }

// isOver is the instant at which a last day ends; nil if there is none.
func (c *core) isOver(last calendar.Day) *time.Time {
	d := show.Date(last)
	if d == nil {
		return nil
	}
	end := firstInstant(int(d.GetYear()), time.Month(d.GetMonth()), int(d.GetDay())+1, c.zone)
	return &end
}

// today is today's date for people, with its zone.
func (t *tx) today() string {
	return fmt.Sprintf("%s in the time zone %s", t.now.In(t.core.zone).Format(time.DateOnly), t.core.zone)
}

// checkBorn refuses a birth date in the future.
func (t *tx) checkBorn(birth *storepb.Date) error {
	if t.begins(birth).After(t.now) {
		return apierr.InvalidField("candidate.birthDate", "must not be in the future: today is "+t.today())
	}
	return nil
}

// checkLastDay refuses the last day of something that would end before it began.
func (t *tx) checkLastDay(field string, last *date.Date) error {
	if last != nil && !t.ends(last).After(t.now) {
		return apierr.InvalidField(field, "must not be in the past: today is "+t.today()+"; leave it out if there is no end")
	}
	return nil
}
