package verify

import (
	"time"

	"github.com/acquis-eval/acquis/rules/calendar"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/acquis-eval/acquis/casefile"
)

// The zone of the service is not stored, so that the day of an act cannot be computed
// from its time. But there are few days that it can have been anywhere.
const (
	westernmost = -12 * time.Hour
	easternmost = +14 * time.Hour
)

// onItsDay checks that the day of an act is one that its instant was on somewhere.
func (s subject) onItsDay(day string, at *timestamppb.Timestamp) {
	first, last := calendar.DayOf(at.AsTime().Add(westernmost)), calendar.DayOf(at.AsTime().Add(easternmost))
	if d := calendar.Day(day); !casefile.IsDay(day) || d < first || d > last {
		s.wrong("was done at %s, which was not on %q anywhere", at.AsTime().Format(time.RFC3339), day)
	}
}
