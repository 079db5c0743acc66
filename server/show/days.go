package show

import (
	"time"

	"google.golang.org/genproto/googleapis/type/date"

	"github.com/acquis-eval/acquis/rules"
)

// Date shows a day; nil if it is not known, or there is none.
func Date(day rules.Day) *date.Date {
	t, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		return nil
	}
	return &date.Date{Year: int32(t.Year()), Month: int32(t.Month()), Day: int32(t.Day())}
}
