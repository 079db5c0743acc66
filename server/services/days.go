package services

import (
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/type/date"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// A day begins and ends where the certificateur is: in the service's time zone.
// What follows from a day is stored as an instant, so that another zone, one day,
// changes nothing that was done before.

// begins is the instant at which a day begins; of a day that is only known in part,
// the first one that it may be.
func (t *tx) begins(d *storepb.Date) time.Time {
	return time.Date(int(d.GetYear()), time.Month(max(d.GetMonth(), 1)), int(max(d.GetDay(), 1)), 0, 0, 0, 0, t.core.zone)
}

// ends is the instant at which a day ends.
func (t *tx) ends(d *date.Date) time.Time {
	return time.Date(int(d.GetYear()), time.Month(d.GetMonth()), int(d.GetDay())+1, 0, 0, 0, 0, t.core.zone)
}

// today names the day for people, with its zone.
func (t *tx) today() string {
	return fmt.Sprintf("%s in the time zone %s", t.now.In(t.core.zone).Format(time.DateOnly), t.core.zone)
}

// checkBorn refuses somebody who is not born yet.
func (t *tx) checkBorn(birth *storepb.Date) error {
	if t.begins(birth).After(t.now) {
		return apierr.InvalidField("candidate.birthDate", "must not be in the future: today is "+t.today())
	}
	return nil
}

// checkLastDay refuses the last day of something that would be over before it began.
func (t *tx) checkLastDay(field string, last *date.Date) error {
	if last != nil && !t.ends(last).After(t.now) {
		return apierr.InvalidField(field, "must not be in the past: today is "+t.today()+"; leave it out if there is no end")
	}
	return nil
}
