package rules

import (
	"testing"
	"time"
)

// TestPeriod: periods are calendar periods, and too short ones are refused.
func TestPeriod(t *testing.T) {
	since := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	for text, ends := range map[string]string{
		"5y": "2029-03-01", "18m": "2025-08-29", "1y6m": "2025-08-29", "90d": "2024-05-29", "7d": "2024-03-07", "": "",
	} {
		var p Period
		if err := p.UnmarshalText([]byte(text)); err != nil || p.String() != text {
			t.Errorf("%q is read as %v: %v", text, p, err)
		}
		if ends == "" {
			if p.ended(since, since.AddDate(500, 0, 0)) {
				t.Error("the zero period ends")
			}
			continue
		}
		end, err := time.Parse(time.DateOnly, ends)
		if err != nil {
			t.Fatal(err)
		}
		end = end.Add(12 * time.Hour)
		if p.ended(since, end.Add(-time.Second)) || !p.ended(since, end) {
			t.Errorf("%q does not end on %s", text, ends)
		}
	}
	for _, text := range []string{"6d", "0y", "5", "y", "-5y", "5 y", "5d1y", "1000y"} {
		if err := new(Period).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}
