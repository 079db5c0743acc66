package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/acquis-eval/acquis/rules/retention"
)

var traceKinds = map[string]retention.Kind{"identity": retention.Identity, "text": retention.Text, "accommodation": retention.Accommodation}

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
func (r row) dossier() (d retention.Dossier, gone map[int]bool) {
	gone = make(map[int]bool)
	for i, words := range r.list("held") {
		trace := retention.Trace{Kind: traceKinds[words[0]]}
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
			at := Standing{Candidacy: CandidacyState(strings.ToUpper(words[0])), Session: SessionState(strings.ToUpper(words[1]))}
			d.Live = d.Live || at.Live()
		}
	}
	return d, gone
}

func (r row) hold(words []string) (h retention.Hold) {
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

func (r row) judge(d retention.Dossier) retention.Due {
	now := r.day(r.cell("today"))
	if r.cell("kept for") == "on request" {
		return d.Forget(now)
	}
	var periods retention.Periods
	for _, words := range r.list("kept for") {
		period := map[string]*calendar.Period{
			"identity": &periods.Identity, "text": &periods.FreeText, "accommodation": &periods.Accommodations,
		}[words[0]]
		if period == nil || period.UnmarshalText([]byte(words[1])) != nil {
			r.t.Fatalf("%q is not a period", words)
		}
	}
	return d.Purge(periods, now)
}

// described describes what is due in the words of a case.
func described(d retention.Dossier, due retention.Due) string {
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
