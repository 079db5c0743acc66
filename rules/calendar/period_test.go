package calendar

import (
	"testing"
	"time"
)

// TestPeriodsEndWithTheirMonth: a period is over with the month in which it ends, if that
// has no such day.
func TestPeriodsEndWithTheirMonth(t *testing.T) {
	for _, c := range []struct{ since, period, end string }{
		{"2026-01-31T12:00:00", "1m", "2026-03-01T00:00:00"},
		{"2028-01-31T12:00:00", "1m", "2028-03-01T00:00:00"},
		{"2026-01-28T12:00:00", "1m", "2026-02-28T12:00:00"},
		{"2026-08-31T12:00:00", "18m", "2028-03-01T00:00:00"},
		{"2026-10-31T12:00:00", "1m", "2026-12-01T00:00:00"},
		{"2026-12-31T12:00:00", "1m", "2027-01-31T12:00:00"},
		{"2024-02-29T12:00:00", "5y", "2029-03-01T00:00:00"},
		{"2024-02-29T12:00:00", "1y1m", "2025-03-29T12:00:00"},
		{"2026-01-31T12:00:00", "1m7d", "2026-03-08T00:00:00"},
	} {
		var p Period
		since, err := time.Parse("2006-01-02T15:04:05", c.since)
		end, wrong := time.Parse("2006-01-02T15:04:05", c.end)
		if err != nil || wrong != nil || p.UnmarshalText([]byte(c.period)) != nil {
			t.Fatal(c, err, wrong)
		}
		if p.Ended(since, end.Add(-time.Nanosecond)) || !p.Ended(since, end) {
			t.Errorf("%s from %s ends at %s, not at %s", c.period, c.since, p.end(since), c.end)
		}
	}
}

// TestThrough: a validity counts its anniversary, and ends with a month that has none.
func TestThrough(t *testing.T) {
	for _, c := range []struct {
		begin  Day
		period Period
		last   Day
	}{
		{"2026-01-10", Months(24), "2028-01-10"},
		{"2026-06-30", Years(5), "2031-06-30"},
		{"2024-02-29", Years(1), "2025-02-28"},
		{"2024-02-29", Years(4), "2028-02-29"},
		{"2026-08-31", Months(6), "2027-02-28"},
		{"2026-12-31", Months(2), "2027-02-28"},
		{"2026-06-30", Period{}, ""},
		{"", Years(1), ""},
	} {
		if got := c.period.Through(c.begin); got != c.last {
			t.Errorf("%s and %s last through %q, not %q", c.begin, c.period, got, c.last)
		}
	}
}

// TestPeriod: periods are calendar periods, and too short ones are refused.
func TestPeriod(t *testing.T) {
	since := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	for text, ends := range map[string]string{
		"4y": "2028-02-29", "18m": "2025-08-29", "1y6m": "2025-08-29", "90d": "2024-05-29", "7d": "2024-03-07", "": "",
	} {
		var p Period
		if err := p.UnmarshalText([]byte(text)); err != nil || p.String() != text {
			t.Errorf("%q is read as %v: %v", text, p, err)
		}
		if ends == "" {
			if p.Ended(since, since.AddDate(500, 0, 0)) {
				t.Error("the zero period ends")
			}
			continue
		}
		end, err := time.Parse(time.DateOnly, ends)
		if err != nil {
			t.Fatal(err)
		}
		end = end.Add(12 * time.Hour)
		if p.Ended(since, end.Add(-time.Second)) || !p.Ended(since, end) {
			t.Errorf("%q does not end on %s", text, ends)
		}
	}
	for _, text := range []string{"6d", "0y", "5", "y", "-5y", "5 y", "5d1y", "1000y"} {
		if err := new(Period).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}
