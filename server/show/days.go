package show

import (
	"time"

	"github.com/acquis-eval/acquis/rules/calendar"
	"google.golang.org/genproto/googleapis/type/date"
)

// Date shows a day; nil if it is not known, or there is none.
func Date(day calendar.Day) *date.Date {
	t, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		return nil
	}
	return &date.Date{Year: int32(t.Year()), Month: int32(t.Month()), Day: int32(t.Day())}
}
