package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var traceKinds = map[string]TraceKind{"identity": IdentityTrace, "text": TextTrace, "accommodation": AccommodationTrace}

// TestRetention plays the cases of testdata/retention.md.
func TestRetention(t *testing.T) {
	for _, r := range rows(t, "testdata/retention.md", "kept for") {
		t.Run(r.where+"/"+r.cell("case"), func(t *testing.T) {
			r.t = t
			d, gone := r.dossier()
			due := r.judge(d)
			due = due.Still(slices.DeleteFunc(due.Traces, func(i int) bool { return gone[i] }))
			if got := described(d, due); got != r.cell("goes") {
				t.Errorf("erased: %s; want %s", got, r.cell("goes"))
			}
		})
	}
}

func (r row) day(text string) time.Time {
	r.t.Helper()
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		r.t.Fatal(err)
	}
	return day
}

// dossier reads what is held, and which of its traces are erased.
func (r row) dossier() (d Dossier, gone map[int]bool) {
	gone = make(map[int]bool)
	for i, words := range r.list("held") {
		trace := Trace{Kind: traceKinds[words[0]]}
		if trace.Kind == "" {
			r.t.Fatalf("%q is not something that can be held", words)
		}
		if len(words) > 1 {
			trace.Since = r.day(words[1])
		}
		gone[i] = words[len(words)-1] == "(gone)"
		trace.Open = words[len(words)-1] == "(open)"
		d.Traces = append(d.Traces, trace)
	}
	for _, words := range r.list("besides") {
		switch words[0] {
		case "last":
			d.LastAct = r.day(words[2])
		case "hold":
			d.Holds = append(d.Holds, r.hold(words[1:]))
		case "forgotten":
			d.Forgotten = true
		default:
			d.Standings = append(d.Standings, Standing{
				Candidacy: CandidacyState(strings.ToUpper(words[0])), Session: SessionState(strings.ToUpper(words[1])),
			})
		}
	}
	return d, gone
}

func (r row) hold(words []string) (h Hold) {
	for pair := range slices.Chunk(words, 2) {
		switch pair[0] {
		case "until":
			h.Ends = r.day(pair[1]).AddDate(0, 0, 1) // through that day
		case "released":
			h.Released = r.day(pair[1])
		default:
			r.t.Fatalf("%q is not a hold", words)
		}
	}
	return h
}

func (r row) judge(d Dossier) Due {
	now := r.day(r.cell("today"))
	if r.cell("kept for") == "on request" {
		return d.Forget(now)
	}
	var periods Retention
	for _, words := range r.list("kept for") {
		period := map[string]*Period{
			"identity": &periods.Identity, "text": &periods.FreeText, "accommodation": &periods.Accommodations,
		}[words[0]]
		if period == nil || period.UnmarshalText([]byte(words[1])) != nil {
			r.t.Fatalf("%q is not a period", words)
		}
	}
	return d.Purge(periods, now)
}

// described describes what is due in the words of a case.
func described(d Dossier, due Due) string {
	var goes []string
	if due.Whole {
		goes = append(goes, "the person")
	}
	for _, i := range due.Traces {
		for word, kind := range traceKinds {
			if kind == d.Traces[i].Kind {
				goes = append(goes, word)
			}
		}
	}
	if len(goes) == 0 {
		goes = append(goes, "nothing")
	}
	if due.Kept != "" {
		goes = append(goes, "kept "+string(due.Kept))
	}
	return strings.Join(goes, ", ")
}

// TestWhatKeeps: a hold keeps everything and an open session keeps the identity,
// on request and for any period; and nothing without a period is erased.
func TestWhatKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := genDossier(t)
		now := genDay(t, "now")
		var periods Retention
		for _, p := range []*Period{&periods.Identity, &periods.FreeText, &periods.Accommodations} {
			*p = Period{years: rapid.IntRange(0, 3).Draw(t, "years")}
		}
		request, purge := d.Forget(now), d.Purge(periods, now)
		for what, due := range map[string]Due{"request": request, "purge": purge.Still(purge.Traces)} {
			if len(due.Traces) > 0 && slices.ContainsFunc(d.Holds, func(h Hold) bool { return h.Stands(now) }) {
				t.Fatalf("%s: %v is erased in spite of a hold", what, due)
			}
			if due.Whole && slices.ContainsFunc(d.Standings, Standing.Live) {
				t.Fatalf("%s: a person in an open session is forgotten", what)
			}
			if due.Whole && len(due.Traces) != len(d.Traces) {
				t.Fatalf("%s: the person is forgotten, but only %d of %d traces are erased", what, len(due.Traces), len(d.Traces))
			}
			if d.Forgotten && (due.Whole || len(due.Traces) > 0) {
				t.Fatalf("%s: somebody is forgotten twice", what)
			}
		}
		if never := d.Purge(Retention{}, now); len(never.Traces) > 0 || never.Whole {
			t.Fatalf("without periods %v is erased", never)
		}
		for _, i := range purge.Traces {
			if !purge.Whole && (d.Traces[i].Open || d.Traces[i].Kind == IdentityTrace) {
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
	d.LastAct = genDay(t, "last act")
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
	for range rapid.IntRange(0, 2).Draw(t, "candidacies") {
		d.Standings = append(d.Standings, Standing{
			Session:   rapid.SampledFrom([]SessionState{SessionOpen, SessionClosed, SessionCancelled}).Draw(t, "session"),
			Candidacy: rapid.SampledFrom([]CandidacyState{Enrolled, Decided, Withdrawn, Absent, CandidacyCancelled}).Draw(t, "candidacy"),
		})
	}
	for range rapid.IntRange(0, 4).Draw(t, "traces") {
		d.Traces = append(d.Traces, Trace{
			Kind:  rapid.SampledFrom([]TraceKind{IdentityTrace, TextTrace, AccommodationTrace}).Draw(t, "kind"),
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
	d := Dossier{LastAct: said, Traces: []Trace{{Kind: TextTrace, Since: said}, {Kind: AccommodationTrace, Since: said}}}
	var month Period
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
		for _, r := range []Retention{{Identity: month}, {FreeText: month}, {Accommodations: month}} {
			r.Zone = c.zone
			for _, now := range []time.Time{c.end.Add(-1), c.end, c.end.In(paris)} {
				if due := d.Purge(r, now); (len(due.Traces) > 0) != !now.Before(c.end) {
					t.Errorf("in %v at %s: %v is due by %v", c.zone, now, due, r)
				}
			}
		}
	}
}
