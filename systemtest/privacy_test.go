package systemtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/server"
)

// forgettable makes c-001 a candidate of whom everything is known and whose
// session is closed: the main path, with an accommodation that was granted.
func (w *world) forgettable() {
	w.t.Helper()
	w.mainPath(w.transports()["REST"])
	w.do("registrar", "POST", "/v1/sessions?sessionId=s-002", `{"displayName":"Jury de juillet","referentiel":"referentiels/marketing",
		"startDate":{"year":2026,"month":7,"day":1},"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},
		{"subject":"jury-2","displayName":"Deux"}]}`)
	w.do("registrar", "POST", "/v1/candidates?candidateId=c-002&requestId="+requestID, otherCandidate)
	w.do("registrar", "POST", "/v1/sessions/s-002/candidacies?candidacyId=k-002", `{"candidate":"candidates/c-002","scope":"BLOCS","blocs":["B2"]}`)
	asked := w.do("registrar", "POST", "/v1/sessions/s-002/candidacies/k-002:requestAccommodation", `{"kind":"EXTRA_TIME","need":"besoin"}`)
	w.do("advisor", "POST", "/v1/sessions/s-002/candidacies/k-002:decideAccommodation",
		fmt.Sprintf(`{"accommodation":%q,"granted":true,"arrangement":"temps"}`, asked["name"]))
	w.do("assessor-1", "POST", "/v1/sessions/s-002/candidacies/k-002:recordAssessments", `{"assessments":[{"criterion":"C2.1.1","verdict":"MET","comment":"vu"}]}`)
	w.do("registrar", "POST", "/v1/sessions/s-002/candidacies/k-002:withdraw", `{}`)
	w.do("registrar", "POST", "/v1/candidates/c-002/capitalisations/marketing:recordPriorBloc", `{"bloc":"B4","proof":"PV 2024-3"}`)
}

const otherCandidate = `{"birthName":"Durand","givenNames":["Zoé"],"sex":"FEMALE","birthDate":{"year":1999},"externalIds":[{"system":"lms","id":"43"}]}`

// TestForgottenCandidate: what answers show of a candidate before and after
// forgetting differs by identity, free texts and accommodations, and by nothing
// else.
func TestForgottenCandidate(t *testing.T) {
	for _, name := range []string{"REST", "gRPC"} {
		t.Run(name, func(t *testing.T) {
			w, _ := start(t, t.TempDir())
			call := w.transports()[name]
			w.forgettable()
			before := w.acts(call)
			told := w.expect(call, "registrar", "POST", "/v1/candidates/c-001:forget", `{"ground":"CONSENT_WITHDRAWN"}`,
				"forgetting.candidate", "candidates/c-001", "forgetting.ground", "CONSENT_WITHDRAWN", "forgetting.whole", "true",
				"forgetting.author", "registrar", "forgetting.personalCount", "7", "forgetting.accommodationCount", "0")
			after := w.acts(call)
			if diff := cmp.Diff(wordless(before), after); diff != "" {
				t.Errorf("acts changed:\n%s", diff)
			}
			w.expect(call, "reader", "GET", "/v1/candidates/c-001", "", "birthName", "", "givenNames", "[]", "sex", "SEX_UNSPECIFIED",
				"birthDate", "<nil>", "externalIds", "[]", "forgetTime", fmt.Sprint(get(told, "forgetting", "forgetTime")), "etag", "2")
			if listed := w.expect(call, "reader", "GET", "/v1/candidates", ""); len(list(listed, "candidates")) != 2 {
				t.Errorf("candidates: %v", listed)
			}
			if a := call("reader", "GET", "/v1/candidates:lookup?system=lms&id=42", ""); a.code != "NOT_FOUND" {
				t.Errorf("another system still finds the candidate: %s", a.raw)
			}
			w.checkForgottenTwice(call, told)
		})
	}
}

// acts gathers all that is shown of what was done about c-001.
func (w *world) acts(call door) map[string]any {
	w.t.Helper()
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
		all[path] = w.expect(call, key, "GET", path, "")
	}
	return all
}

// wordless empties the free texts of an answer.
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

// checkForgottenTwice: forgetting again changes nothing and answers the same.
func (w *world) checkForgottenTwice(call door, told map[string]any) {
	w.t.Helper()
	events := w.events()
	again := w.expect(call, "registrar", "POST", "/v1/candidates/c-001:forget", `{"ground":"OBJECTION"}`)
	if diff := cmp.Diff(told, again); diff != "" {
		w.t.Errorf("forgetting again answered otherwise:\n%s", diff)
	}
	if got := w.events(); got != events {
		w.t.Errorf("forgetting again wrote %d events", got-events)
	}
}

// TestForgottenAccommodations: that somebody asked for an accommodation goes
// too, from answers and from the journal.
func TestForgottenAccommodations(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.forgettable()
	told := w.do("registrar", "POST", "/v1/candidates/c-002:forget", `{"ground":"UNLAWFUL","requestId":"`+requestID+`"}`)
	if get(told, "forgetting", "accommodationCount") != 2.0 || get(told, "forgetting", "personalCount") != 5.0 {
		t.Errorf("told %v", told)
	}
	left := w.do("advisor", "GET", "/v1/sessions/s-002/candidacies/k-002/accommodations", "")
	if len(list(left, "accommodations")) != 0 {
		t.Errorf("left are %v", left)
	}
	emptied, forgotten := 0, 0
	for _, event := range w.journal() {
		if event["kind"] == "KIND_UNSPECIFIED" && event["resource"] == "" && event["actor"] == "" && event["rpc"] == "" {
			emptied++
		}
		if strings.HasSuffix(event["rpc"].(string), "Accommodation") {
			t.Errorf("the journal tells of %v", event)
		}
		if event["kind"] == "FORGET" {
			forgotten++
		}
	}
	if emptied != 2 || forgotten != 2 { // the act, and the request ids of before
		t.Errorf("%d events are emptied, %d are of forgetting", emptied, forgotten)
	}
	events := w.events()
	again := w.do("registrar", "POST", "/v1/candidates/c-002:forget", `{"ground":"UNLAWFUL","requestId":"`+requestID+`"}`)
	if diff := cmp.Diff(told, again); diff != "" || w.events() != events {
		t.Errorf("the same request again: %s", diff)
	}
	a := w.rest("registrar", "POST", "/v1/candidates?candidateId=c-002&requestId="+requestID, otherCandidate)
	if get(a.body, "details", 0, "reason") != "ALREADY_EXISTS" {
		t.Errorf("the request that made the candidate is still remembered: %s", a.raw)
	}
	w.do("registrar", "POST", "/v1/candidates?candidateId=c-003", otherCandidate) // the external id is free
}

// TestHolds: a hold keeps a candidate until it is released, or its last day ends.
func TestHolds(t *testing.T) {
	for _, name := range []string{"REST", "gRPC"} {
		t.Run(name, func(t *testing.T) {
			w, _ := start(t, t.TempDir())
			call := w.transports()[name]
			w.forgettable()
			forget := func() answer {
				return call("registrar", "POST", "/v1/candidates/c-001:forget", `{"ground":"OBJECTION"}`)
			}
			first := w.expect(call, "registrar", "POST", "/v1/candidates/c-001:placeHold", `{"reason":"recours 26-117"}`,
				"reason", "recours 26-117", "standing", "true", "author", "registrar", "untilDate", "<nil>", "releaseTime", "<nil>")
			w.expect(call, "registrar", "POST", "/v1/candidates/c-001:placeHold",
				`{"reason":"contrôle","untilDate":{"year":2026,"month":6,"day":20}}`, "untilDate.day", "20", "standing", "true")
			release := "/v1/" + first["name"].(string) + ":release"
			w.expect(call, "registrar", "POST", release, `{}`, "standing", "false", "releaser", "registrar", "reason", "recours 26-117")
			events := w.events()
			w.expect(call, "registrar", "POST", release, `{}`, "standing", "false")
			if got := w.events(); got != events {
				t.Error("releasing again wrote an event")
			}
			w.expect(call, "registrar", "GET", "/v1/candidates/c-001/holds", "", "holds.0.standing", "false", "holds.1.standing", "true")
			w.clock.advance(time.Until(time.Now().Add(5 * 24 * time.Hour))) // 20 June
			if a := forget(); get(a.body, "details", 0, "reason") != "CANDIDATE_HELD" {
				t.Errorf("on the last day of a hold: %s", a.raw)
			}
			w.clock.advance(24 * time.Hour)
			if a := forget(); a.code != "OK" {
				t.Errorf("after the last day of a hold: %s", a.raw)
			}
			w.expect(call, "registrar", "GET", "/v1/candidates/c-001/holds", "", "holds.0.reason", "", "holds.1.standing", "false")
		})
	}
}

// TestPurge: texts go when their period ends, then the identity; what a hold or
// an open session keeps stays; a report changes nothing and says what goes.
func TestPurge(t *testing.T) {
	for _, name := range []string{"REST", "gRPC"} {
		t.Run(name, func(t *testing.T) {
			w, _ := start(t, t.TempDir(), retain(t, "5y", "18m", "90d"))
			call := w.transports()[name]
			w.forgettable()
			w.do("registrar", "POST", "/v1/sessions/s-002/candidacies?candidacyId=k-003", `{"candidate":"candidates/c-002","scope":"BLOCS","blocs":["B3"]}`)
			w.purge(call) // nothing yet
			w.clock.advance(100 * 24 * time.Hour)
			w.purge(call, "candidates/c-001 false 2 0") // advice and decision; s-002 is open
			w.do("registrar", "POST", "/v1/sessions/s-002:cancel", `{}`)
			w.purge(call, "candidates/c-002 false 2 2")
			w.clock.advance(500 * 24 * time.Hour)
			hold := w.do("registrar", "POST", "/v1/candidates/c-002:placeHold", `{"reason":"recours"}`)
			w.purge(call, "candidates/c-001 false 4 0", "kept candidates/c-002 CANDIDATE_HELD")
			w.do("registrar", "POST", "/v1/"+hold["name"].(string)+":release", `{}`)
			w.purge(call, "candidates/c-002 false 2 0")
			w.expect(call, "reader", "GET", "/v1/candidates/c-001", "", "birthName", "Martin")
			w.clock.advance(4 * 365 * 24 * time.Hour)
			w.do("registrar", "POST", "/v1/sessions?sessionId=s-003", `{"displayName":"d","referentiel":"referentiels/marketing","startDate":{"year":2032,"month":1,"day":1}}`)
			w.do("registrar", "POST", "/v1/sessions/s-003/candidacies?candidacyId=k", `{"candidate":"candidates/c-002","scope":"BLOCS","blocs":["B3"]}`)
			w.purge(call, "candidates/c-001 true 1 0", "candidates/c-002 false 1 0") // the reason of the hold
			w.clock.advance(6 * 365 * 24 * time.Hour)
			w.purge(call, "kept candidates/c-002 CANDIDATE_IN_OPEN_SESSION")
			w.do("registrar", "POST", "/v1/sessions/s-003:cancel", `{}`)
			w.purge(call) // that was an act about them
			w.clock.advance(6 * 365 * 24 * time.Hour)
			w.purge(call, "candidates/c-002 true 1 0")
			w.expect(call, "reader", "GET", "/v1/candidates/c-001", "", "birthName", "")
			w.purge(call)
		})
	}
}

func retain(t testing.TB, identity, freeText, accommodations string) func(*server.Options) {
	t.Helper()
	var r rules.Retention
	must(t, r.Identity.UnmarshalText([]byte(identity)))
	must(t, r.FreeText.UnmarshalText([]byte(freeText)))
	must(t, r.Accommodations.UnmarshalText([]byte(accommodations)))
	return func(o *server.Options) { o.Retention = r }
}

// purge reports, then purges, and expects of each candidate: whether as a whole,
// how many personal records, how many accommodations; or what keeps them.
func (w *world) purge(call door, want ...string) {
	w.t.Helper()
	events := w.events()
	report := w.expect(call, "registrar", "POST", "/v1/candidates:purge", `{"validateOnly":true}`)
	if w.events() != events {
		w.t.Error("a report wrote an event")
	}
	if diff := cmp.Diff(want, purged(report)); diff != "" {
		w.t.Errorf("reported otherwise:\n%s", diff)
	}
	done := w.expect(call, "registrar", "POST", "/v1/candidates:purge", `{}`)
	var erased []string
	for _, line := range want {
		if !strings.HasPrefix(line, "kept") {
			erased = append(erased, line)
		}
	}
	if diff := cmp.Diff(erased, purged(done)); diff != "" {
		w.t.Errorf("erased otherwise:\n%s", diff)
	}
	if wrote := w.events() - events; wrote > 1 || wrote == 0 && len(erased) > 0 {
		w.t.Errorf("a batch wrote %d events", wrote)
	}
}

func purged(answer map[string]any) (lines []string) {
	for _, f := range list(answer, "forgettings") {
		lines = append(lines, fmt.Sprint(f["candidate"], " ", f["whole"], " ", f["personalCount"], " ", f["accommodationCount"]))
	}
	for _, k := range list(answer, "kept") {
		lines = append(lines, fmt.Sprint("kept ", k["candidate"], " ", k["because"]))
	}
	return lines
}

// TestPurgePages: a batch is as large as was asked; the same request again erases
// nothing more; without periods nothing goes.
func TestPurgePages(t *testing.T) {
	dir := t.TempDir()
	w, stop := start(t, dir)
	w.newKey("registrar", "REGISTRAR")
	w.newKey("auditor", "AUDITOR")
	for i := range 5 {
		w.do("registrar", "POST", fmt.Sprintf("/v1/candidates?candidateId=p-%d", i), `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
	}
	w.clock.advance(40 * 365 * 24 * time.Hour)
	w.purge(w.transports()["REST"])
	clock, keys := w.clock, w.keys
	stop()
	w, _ = start(t, dir, retain(t, "5y", "", ""), func(o *server.Options) { o.Now = clock.Now })
	w.keys = keys
	first := w.do("registrar", "POST", "/v1/candidates:purge", `{"pageSize":2,"requestId":"`+requestID+`"}`)
	events := w.events()
	again := w.do("registrar", "POST", "/v1/candidates:purge", `{"pageSize":2,"requestId":"`+requestID+`"}`)
	if diff := cmp.Diff(first, again); diff != "" || w.events() != events {
		t.Errorf("the same request again: %s", diff)
	}
	names, token := purged(first), first["nextPageToken"]
	for pages := 1; token != "" && pages < 9; pages++ {
		page := w.do("registrar", "POST", "/v1/candidates:purge", fmt.Sprintf(`{"pageSize":2,"pageToken":%q,"requestId":"00000000-0000-4000-8000-%012d"}`, token, pages))
		names, token = append(names, purged(page)...), page["nextPageToken"]
	}
	want := []string{"candidates/p-0 true 1 0", "candidates/p-1 true 1 0", "candidates/p-2 true 1 0", "candidates/p-3 true 1 0", "candidates/p-4 true 1 0"}
	if diff := cmp.Diff(want, names); diff != "" || token != "" {
		t.Errorf("purged %v, then %v", diff, token)
	}
}
