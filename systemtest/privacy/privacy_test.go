package privacy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// forgettable makes c-001 a candidate with every kind of data whose session is
// closed: the main path, with a granted accommodation.
func forgettable(w *world.World) {
	w.T.Helper()
	w.MainPath(w.Transports()["REST"])
	w.Do("registrar", "POST", "/v1/sessions?sessionId=s-002", `{"displayName":"Jury de juillet","referentiel":"referentiels/marketing",
		"startDate":{"year":2026,"month":7,"day":1},"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},
		{"subject":"jury-2","displayName":"Deux"}]}`)
	w.Do("registrar", "POST", "/v1/candidates?candidateId=c-002&requestId="+world.RequestID, otherCandidate)
	w.Do("registrar", "POST", "/v1/sessions/s-002/candidacies?candidacyId=k-002", `{"candidate":"candidates/c-002","scope":"BLOCS","blocs":["B2"]}`)
	asked := w.Do("registrar", "POST", "/v1/sessions/s-002/candidacies/k-002:requestAccommodation", `{"kind":"EXTRA_TIME","need":"besoin"}`)
	w.Do("advisor", "POST", "/v1/sessions/s-002/candidacies/k-002:decideAccommodation",
		fmt.Sprintf(`{"accommodation":%q,"granted":true,"arrangement":"temps"}`, asked["name"]))
	w.Do("assessor-1", "POST", "/v1/sessions/s-002/candidacies/k-002:recordAssessments", `{"assessments":[{"criterion":"C2.1.1","verdict":"MET","comment":"vu"}]}`)
	w.Do("registrar", "POST", "/v1/sessions/s-002/candidacies/k-002:withdraw", `{}`)
	w.Do("registrar", "POST", "/v1/candidates/c-002/capitalisations/marketing:recordPriorBloc", `{"bloc":"B4","proof":"PV 2024-3"}`)
}

const otherCandidate = `{"birthName":"Durand","givenNames":["Zoé"],"sex":"FEMALE","birthDate":{"year":1999},"externalIds":[{"system":"lms","id":"43"}]}`

// TestForgottenCandidate: answers about a candidate before and after forgetting
// differ only in identity, free texts and accommodations.
func TestForgottenCandidate(t *testing.T) {
	for _, name := range []string{"REST", "gRPC"} {
		t.Run(name, func(t *testing.T) {
			w, _ := world.Start(t, t.TempDir())
			call := w.Transports()[name]
			forgettable(w)
			before := acts(w, call)
			told := w.Expect(call, "registrar", "POST", "/v1/candidates/c-001:forget", `{"ground":"CONSENT_WITHDRAWN"}`,
				"forgetting.candidate", "candidates/c-001", "forgetting.ground", "CONSENT_WITHDRAWN", "forgetting.whole", "true",
				"forgetting.author", "registrar", "forgetting.personalCount", "7", "forgetting.accommodationCount", "0")
			after := acts(w, call)
			if diff := cmp.Diff(wordless(before), after); diff != "" {
				t.Errorf("acts changed:\n%s", diff)
			}
			w.Expect(call, "reader", "GET", "/v1/candidates/c-001", "", "birthName", "", "givenNames", "[]", "sex", "SEX_UNSPECIFIED",
				"birthDate", "<nil>", "externalIds", "[]", "forgetTime", fmt.Sprint(world.Get(told, "forgetting", "forgetTime")))
			if listed := w.Expect(call, "reader", "GET", "/v1/candidates", ""); len(world.List(listed, "candidates")) != 2 {
				t.Errorf("candidates: %v", listed)
			}
			if a := call("reader", "GET", "/v1/candidates:lookup?system=lms&id=42", ""); a.Code != "NOT_FOUND" {
				t.Errorf("another system still finds the candidate: %s", a.Raw)
			}
			checkForgottenTwice(w, call, told)
		})
	}
}

// acts collects everything shown about acts on c-001.
func acts(w *world.World, call world.Door) map[string]any {
	w.T.Helper()
	all := make(map[string]any)
	for path, key := range map[string]string{
		"/v1/sessions/s-001/candidacies/k-001/grid":          "jury-1",
		"/v1/sessions/s-001/candidacies/k-001/exemptions":    "jury-1",
		"/v1/sessions/s-001/candidacies":                     "reader",
		"/v1/candidates/c-001/decisions":                     "registrar",
		"/v1/candidates/c-001/capitalisations/marketing":     "reader",
		"/v1/sessions/s-001/deliberationRecord":              "registrar",
		"/v1/candidates/-/decisions?filter=kind%20=%20AWARD": "reader",
	} {
		all[path] = w.Expect(call, key, "GET", path, "")
	}
	return all
}

// wordless removes the free texts from an answer.
func wordless(answer any) any {
	switch answer := answer.(type) {
	case map[string]any:
		bare := make(map[string]any)
		for field, value := range answer {
			text, isText := value.(string)
			if isText && text != "" && freeTexts[field] {
				value = ""
			}
			bare[field] = wordless(value)
		}
		return bare
	case []any:
		bare := make([]any, len(answer))
		for i, value := range answer {
			bare[i] = wordless(value)
		}
		return bare
	}
	return answer
}

var freeTexts = map[string]bool{"comment": true, "motive": true, "proof": true, "reason": true, "reasonedAdvice": true}

// checkForgottenTwice: forgetting again changes nothing and gives the same
// answer.
func checkForgottenTwice(w *world.World, call world.Door, told map[string]any) {
	w.T.Helper()
	events := w.Events()
	again := w.Expect(call, "registrar", "POST", "/v1/candidates/c-001:forget", `{"ground":"OBJECTION"}`)
	if diff := cmp.Diff(told, again); diff != "" {
		w.T.Errorf("forgetting again got another answer:\n%s", diff)
	}
	if got := w.Events(); got != events {
		w.T.Errorf("forgetting again wrote %d events", got-events)
	}
}

// TestForgottenAccommodations: the fact that somebody asked for an accommodation
// is erased too, from answers and from the journal.
func TestForgottenAccommodations(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	forgettable(w)
	told := w.Do("registrar", "POST", "/v1/candidates/c-002:forget", `{"ground":"UNLAWFUL","requestId":"`+world.RequestID+`"}`)
	if world.Get(told, "forgetting", "accommodationCount") != 2.0 || world.Get(told, "forgetting", "personalCount") != 5.0 {
		t.Errorf("the answer is %v", told)
	}
	left := w.Do("advisor", "GET", "/v1/sessions/s-002/candidacies/k-002/accommodations", "")
	if len(world.List(left, "accommodations")) != 0 {
		t.Errorf("still listed: %v", left)
	}
	emptied, forgotten := 0, 0
	for _, event := range w.Journal() {
		if event["kind"] == "KIND_UNSPECIFIED" && event["resource"] == "" && event["actor"] == "" && event["rpc"] == "" {
			emptied++
		}
		if strings.HasSuffix(event["rpc"].(string), "Accommodation") {
			t.Errorf("the journal reveals %v", event)
		}
		if event["kind"] == "FORGET" {
			forgotten++
		}
	}
	if emptied != 2 || forgotten != 2 { // the act, and the earlier request ids
		t.Errorf("%d events are emptied, %d are of forgetting", emptied, forgotten)
	}
	events := w.Events()
	again := w.Do("registrar", "POST", "/v1/candidates/c-002:forget", `{"ground":"UNLAWFUL","requestId":"`+world.RequestID+`"}`)
	if diff := cmp.Diff(told, again); diff != "" || w.Events() != events {
		t.Errorf("the same request again: %s", diff)
	}
	a := w.REST("registrar", "POST", "/v1/candidates?candidateId=c-002&requestId="+world.RequestID, otherCandidate)
	if world.Get(a.Body, "details", 0, "reason") != "ALREADY_EXISTS" {
		t.Errorf("the request that made the candidate is still known: %s", a.Raw)
	}
	w.Do("registrar", "POST", "/v1/candidates?candidateId=c-003", otherCandidate) // the external id is free
}

// TestHolds: a hold keeps a candidate until it is released, or through its last
// day.
func TestHolds(t *testing.T) {
	for _, name := range []string{"REST", "gRPC"} {
		t.Run(name, func(t *testing.T) {
			w, _ := world.Start(t, t.TempDir())
			call := w.Transports()[name]
			forgettable(w)
			forget := func() world.Answer {
				return call("registrar", "POST", "/v1/candidates/c-001:forget", `{"ground":"OBJECTION"}`)
			}
			first := w.Expect(call, "registrar", "POST", "/v1/candidates/c-001:placeHold", `{"reason":"recours 26-117"}`,
				"reason", "recours 26-117", "standing", "true", "author", "registrar", "untilDate", "<nil>", "releaseTime", "<nil>")
			w.Expect(call, "registrar", "POST", "/v1/candidates/c-001:placeHold",
				`{"reason":"contrôle","untilDate":{"year":2026,"month":6,"day":20}}`, "untilDate.day", "20", "standing", "true")
			release := "/v1/" + first["name"].(string) + ":release"
			w.Expect(call, "registrar", "POST", release, `{}`, "standing", "false", "releaser", "registrar", "reason", "recours 26-117")
			events := w.Events()
			w.Expect(call, "registrar", "POST", release, `{}`, "standing", "false")
			if got := w.Events(); got != events {
				t.Error("releasing again wrote an event")
			}
			w.Expect(call, "registrar", "GET", "/v1/candidates/c-001/holds", "", "holds.0.standing", "false", "holds.1.standing", "true")
			w.Clock.Advance(time.Until(time.Now().Add(5 * 24 * time.Hour))) // 20 June
			if a := forget(); world.Get(a.Body, "details", 0, "reason") != "CANDIDATE_HELD" {
				t.Errorf("on the last day of a hold: %s", a.Raw)
			}
			w.Clock.Advance(24 * time.Hour)
			if a := forget(); a.Code != "OK" {
				t.Errorf("after the last day of a hold: %s", a.Raw)
			}
			w.Expect(call, "registrar", "GET", "/v1/candidates/c-001/holds", "", "holds.0.reason", "", "holds.1.standing", "false")
		})
	}
}

// TestPurge: texts are erased when their period ends, then the identity; a hold
// or an open session prevents it; a report changes nothing and lists what would
// be erased.
func TestPurge(t *testing.T) {
	for _, name := range []string{"REST", "gRPC"} {
		t.Run(name, func(t *testing.T) {
			w, _ := world.Start(t, t.TempDir(), world.Retain(t, "5y", "18m", "90d"))
			call := w.Transports()[name]
			forgettable(w)
			w.Do("registrar", "POST", "/v1/sessions/s-002/candidacies?candidacyId=k-003", `{"candidate":"candidates/c-002","scope":"BLOCS","blocs":["B3"]}`)
			purge(w, call) // nothing yet
			w.Clock.Advance(100 * 24 * time.Hour)
			purge(w, call, "candidates/c-001 false 2 0") // advice and decision; s-002 is open
			w.Do("registrar", "POST", "/v1/sessions/s-002:cancel", `{}`)
			purge(w, call, "candidates/c-002 false 2 2")
			w.Clock.Advance(500 * 24 * time.Hour)
			hold := w.Do("registrar", "POST", "/v1/candidates/c-002:placeHold", `{"reason":"recours"}`)
			purge(w, call, "candidates/c-001 false 4 0", "kept candidates/c-002 CANDIDATE_HELD")
			w.Do("registrar", "POST", "/v1/"+hold["name"].(string)+":release", `{}`)
			purge(w, call, "candidates/c-002 false 2 0")
			w.Expect(call, "reader", "GET", "/v1/candidates/c-001", "", "birthName", "Martin")
			w.Clock.Advance(4 * 365 * 24 * time.Hour)
			w.Do("registrar", "POST", "/v1/sessions?sessionId=s-003", `{"displayName":"d","referentiel":"referentiels/marketing","startDate":{"year":2032,"month":1,"day":1}}`)
			w.Do("registrar", "POST", "/v1/sessions/s-003/candidacies?candidacyId=k", `{"candidate":"candidates/c-002","scope":"BLOCS","blocs":["B3"]}`)
			purge(w, call, "candidates/c-001 true 1 0", "candidates/c-002 false 1 0") // the reason of the hold
			w.Clock.Advance(6 * 365 * 24 * time.Hour)
			purge(w, call, "kept candidates/c-002 CANDIDATE_IN_OPEN_SESSION")
			w.Do("registrar", "POST", "/v1/sessions/s-003:cancel", `{}`)
			purge(w, call) // that was an act about them
			w.Clock.Advance(6 * 365 * 24 * time.Hour)
			purge(w, call, "candidates/c-002 true 1 0")
			w.Expect(call, "reader", "GET", "/v1/candidates/c-001", "", "birthName", "")
			purge(w, call)
		})
	}
}

// purge reports, then purges, and expects for each candidate: whether as a whole,
// how many personal records, how many accommodations; or what keeps them.
func purge(w *world.World, call world.Door, want ...string) {
	w.T.Helper()
	events := w.Events()
	report := w.Expect(call, "registrar", "POST", "/v1/candidates:purge", `{"validateOnly":true}`)
	if w.Events() != events {
		w.T.Error("a report wrote an event")
	}
	if diff := cmp.Diff(want, purged(report)); diff != "" {
		w.T.Errorf("the report differs:\n%s", diff)
	}
	done := w.Expect(call, "registrar", "POST", "/v1/candidates:purge", `{}`)
	var erased []string
	for _, line := range want {
		if !strings.HasPrefix(line, "kept") {
			erased = append(erased, line)
		}
	}
	if diff := cmp.Diff(erased, purged(done)); diff != "" {
		w.T.Errorf("the purge differs:\n%s", diff)
	}
	if wrote := w.Events() - events; wrote > 1 || wrote == 0 && len(erased) > 0 {
		w.T.Errorf("a batch wrote %d events", wrote)
	}
}

func purged(answer map[string]any) (lines []string) {
	for _, f := range world.List(answer, "forgettings") {
		lines = append(lines, fmt.Sprint(f["candidate"], " ", f["whole"], " ", f["personalCount"], " ", f["accommodationCount"]))
	}
	for _, k := range world.List(answer, "kept") {
		lines = append(lines, fmt.Sprint("kept ", k["candidate"], " ", k["because"]))
	}
	return lines
}

// TestPurgePages: a batch is as large as requested; the same request again erases
// nothing more; without periods nothing is erased.
func TestPurgePages(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	w.NewKey("registrar", "REGISTRAR")
	w.NewKey("auditor", "AUDITOR")
	for i := range 5 {
		w.Do("registrar", "POST", fmt.Sprintf("/v1/candidates?candidateId=p-%d", i), `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
	}
	w.Clock.Advance(40 * 365 * 24 * time.Hour)
	purge(w, w.Transports()["REST"])
	clock, keys := w.Clock, w.Keys
	stop()
	w, _ = world.Start(t, dir, world.Retain(t, "5y", "", ""), func(o *server.Options) { o.Now = clock.Now })
	w.Keys = keys
	first := w.Do("registrar", "POST", "/v1/candidates:purge", `{"pageSize":2,"requestId":"`+world.RequestID+`"}`)
	events := w.Events()
	again := w.Do("registrar", "POST", "/v1/candidates:purge", `{"pageSize":2,"requestId":"`+world.RequestID+`"}`)
	if diff := cmp.Diff(first, again); diff != "" || w.Events() != events {
		t.Errorf("the same request again: %s", diff)
	}
	names, token := purged(first), first["nextPageToken"]
	for pages := 1; token != "" && pages < 9; pages++ {
		page := w.Do("registrar", "POST", "/v1/candidates:purge", fmt.Sprintf(`{"pageSize":2,"pageToken":%q,"requestId":"00000000-0000-4000-8000-%012d"}`, token, pages))
		names, token = append(names, purged(page)...), page["nextPageToken"]
	}
	want := []string{"candidates/p-0 true 1 0", "candidates/p-1 true 1 0", "candidates/p-2 true 1 0", "candidates/p-3 true 1 0", "candidates/p-4 true 1 0"}
	if diff := cmp.Diff(want, names); diff != "" || token != "" {
		t.Errorf("purged %v, then %v", diff, token)
	}
}
