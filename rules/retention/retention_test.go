package retention

import (
	"slices"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/rules/calendar"
	"pgregory.net/rapid"
)

// The cases of rules/testdata/retention.md are played there. Here is what holds for all.

// TestWhatKeeps: a hold keeps everything and an open session keeps the identity,
// on request and for any period; and nothing without a period is erased.
func TestWhatKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := genDossier(t)
		now := genDay(t, "now")
		var periods Periods
		for _, p := range []*calendar.Period{&periods.Identity, &periods.FreeText, &periods.Accommodations} {
			if err := p.UnmarshalText([]byte(rapid.SampledFrom([]string{"", "1y", "2y", "3y"}).Draw(t, "years"))); err != nil {
				t.Fatal(err)
			}
		}
		request, purge := d.Forget(now), d.Purge(periods, now)
		for what, due := range map[string]Due{"request": request, "purge": purge.Still(purge.Traces)} {
			if len(due.Traces) > 0 && slices.ContainsFunc(d.Holds, func(h Hold) bool { return h.Stands(now) }) {
				t.Fatalf("%s: %v is erased in spite of a hold", what, due)
			}
			if due.Whole && d.Live {
				t.Fatalf("%s: a person in an open session is forgotten", what)
			}
			if due.Whole && len(due.Traces) != len(d.Traces) {
				t.Fatalf("%s: the person is forgotten, but only %d of %d traces are erased", what, len(due.Traces), len(d.Traces))
			}
			if d.Forgotten && (due.Whole || len(due.Traces) > 0) {
				t.Fatalf("%s: somebody is forgotten twice", what)
			}
		}
		if never := d.Purge(Periods{}, now); len(never.Traces) > 0 || never.Whole {
			t.Fatalf("without periods %v is erased", never)
		}
		for _, i := range purge.Traces {
			if !purge.Whole && (d.Traces[i].Open || d.Traces[i].Kind == Identity) {
				t.Fatalf("%+v is erased, but the person is not forgotten", d.Traces[i])
			}
		}
	})
}

func genDay(t *rapid.T, what string) time.Time {
	return time.Date(2020, 1, rapid.IntRange(1, 2500).Draw(t, what), 0, 0, 0, 0, time.UTC)
}

func genDossier(t *rapid.T) (d Dossier) {
	d.Forgotten = rapid.IntRange(0, 5).Draw(t, "forgotten") == 0
	d.LastAct, d.Live = genDay(t, "last act"), rapid.Bool().Draw(t, "live")
	for range rapid.IntRange(0, 2).Draw(t, "holds") {
		var h Hold
		if rapid.Bool().Draw(t, "ends") {
			h.Ends = genDay(t, "end")
		}
		if rapid.Bool().Draw(t, "was released") {
			h.Released = genDay(t, "released")
		}
		d.Holds = append(d.Holds, h)
	}
	for range rapid.IntRange(0, 4).Draw(t, "traces") {
		d.Traces = append(d.Traces, Trace{
			Kind:  rapid.SampledFrom([]Kind{Identity, Text, Accommodation}).Draw(t, "kind"),
			Since: genDay(t, "since"), Open: rapid.Bool().Draw(t, "open"),
		})
	}
	return d
}

// TestEndOfAHold: the period of its reason runs from the end of the hold.
func TestEndOfAHold(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		hold Hold
		want time.Time
	}{
		{Hold{}, time.Time{}}, {Hold{Ends: day(16)}, day(16)}, {Hold{Released: day(3)}, day(3)}, {Hold{Ends: day(16), Released: day(3)}, day(3)},
	} {
		if got := c.hold.End(); !got.Equal(c.want) {
			t.Errorf("%+v ends %s", c.hold, got)
		}
	}
}

// TestPeriodsAreThoseOfTheZone: what was said on 1 February in Paris is a month old
// on 1 March in Paris, though it was still January by UTC.
func TestPeriodsAreThoseOfTheZone(t *testing.T) {
	said := time.Date(2026, 1, 31, 23, 30, 0, 0, time.UTC)
	d := Dossier{LastAct: said, Traces: []Trace{{Kind: Text, Since: said}, {Kind: Accommodation, Since: said}}}
	var month calendar.Period
	if err := month.UnmarshalText([]byte("1m")); err != nil {
		t.Fatal(err)
	}
	paris := time.FixedZone("Paris", 3600)
	for _, c := range []struct {
		zone *time.Location
		end  time.Time
	}{
		{paris, time.Date(2026, 2, 28, 23, 30, 0, 0, time.UTC)}, {nil, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}, // there is no 31 February
	} {
		for _, r := range []Periods{{Identity: month}, {FreeText: month}, {Accommodations: month}} {
			r.Zone = c.zone
			for _, now := range []time.Time{c.end.Add(-1), c.end, c.end.In(paris)} {
				if due := d.Purge(r, now); (len(due.Traces) > 0) != !now.Before(c.end) {
					t.Errorf("in %v at %s: %v is due by %v", c.zone, now, due, r)
				}
			}
		}
	}
}
