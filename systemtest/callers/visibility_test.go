package callers

import (
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestWhoSeesWhatOfADisability compares every answer with what its reader may
// see: the advisor and the jury everything, the registrar kind and state, an
// assessor the arrangement, a reader nothing.
func TestWhoSeesWhatOfADisability(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	const k = "/v1/" + world.Session + "/candidacies/k-exempt"
	asked := w.Do("registrar", "POST", k+":requestAccommodation", `{"kind":"EXTRA_TIME","need":"SECRET-need"}`)
	name := asked["name"].(string)
	w.Do("advisor", "POST", k+":decideAccommodation", `{"accommodation":"`+name+`","granted":true,"arrangement":"SECRET-arrangement"}`)
	w.Do("advisor", "POST", k+":adviseExemption", `{"criterion":"C3.3.1","favourable":true,"reasonedAdvice":"SECRET-advice"}`)
	w.Do("jury-1", "POST", k+":decideExemption", `{"criterion":"C3.3.1","granted":true,
		"capacityPreserved":{"holds":true,"reason":"SECRET-capacity"},"notApplicableInPractice":{"holds":true,"reason":"SECRET-practice"}}`)
	etag := w.GridEtag("jury-1", world.Session+"/candidacies/k-exempt")
	for _, c := range []struct {
		key, path string
		sees      []string // of the secrets, all others hidden
	}{
		{"advisor", k + "/accommodations", []string{"SECRET-need", "SECRET-arrangement", "EXTRA_TIME"}},
		{"jury-2", k + "/accommodations", []string{"SECRET-need", "SECRET-arrangement", "EXTRA_TIME"}},
		{"registrar", k + "/accommodations", []string{"EXTRA_TIME"}},
		{"assessor-1", k + "/accommodations", []string{"SECRET-arrangement"}},
		{"advisor", k + "/exemptions", []string{"SECRET-advice", "SECRET-capacity", "SECRET-practice"}},
		{"jury-2", k + "/exemptions", []string{"SECRET-advice", "SECRET-capacity", "SECRET-practice"}},
		{"registrar", k + "/grid", []string{"EXEMPTED", etag}},
		{"assessor-1", k + "/grid", []string{"CRITERION_STATUS_UNSPECIFIED", "OUTCOME_UNSPECIFIED"}},
		{"advisor", k + "/grid", []string{"EXEMPTED", etag}},
		{"jury-2", k + "/grid", []string{"EXEMPTED", etag}},
	} {
		a := w.REST(c.key, "GET", c.path, "")
		if a.HTTP != 200 {
			t.Errorf("%s %s answered %d", c.key, c.path, a.HTTP)
		}
		checkSees(w, c.key+" "+c.path, a.Raw, c.sees)
		if c.key == "assessor-1" && (strings.Contains(a.Raw, "EXEMPTED") || strings.Contains(a.Raw, etag)) {
			t.Errorf("%s reveals an exemption to an assessor: %s", c.path, a.Raw)
		}
	}
	decideExempt(w, k)
	for key, sees := range map[string][]string{"reader": nil, "registrar": nil, "jury-1": nil} {
		for _, path := range []string{"/v1/candidates/c-exempt/decisions", "/v1/" + world.Session + "/deliberationRecord", "/v1/candidates/c-exempt/capitalisations/marketing"} {
			raw := w.REST(key, "GET", path, "").Raw
			checkSees(w, key+" "+path, raw, sees)
			if key == "reader" && strings.Contains(raw, "EXEMPT") {
				t.Errorf("a reader learns of an exemption from %s", path)
			}
		}
	}
	for key, shown := range map[string]bool{"reader": false, "registrar": true, "jury-1": true} {
		decisions := w.Do(key, "GET", "/v1/candidates/c-exempt/decisions", "")
		if got := len(world.List(world.List(decisions, "decisions")[0], "reasons")) > 0; got != shown {
			t.Errorf("%s sees the reasons of a decision: %v, may: %v", key, got, shown)
		}
	}
	checkFileEvents(w)
}

// TestWhoSeesWhoseVerdicts: assessors judge independently, so each sees only
// their own verdicts and no status; jury and registrar see everything, with the
// jury's motive.
func TestWhoSeesWhoseVerdicts(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	for key, want := range map[string]string{
		"assessor-1": "CRITERION_STATUS_UNSPECIFIED assessor-1", "assessor-2": "CRITERION_STATUS_UNSPECIFIED assessor-2", "advisor": "MET",
		"jury-1": "MET assessor-1 assessor-2 vu", "registrar": "MET assessor-1 assessor-2 vu",
	} {
		grid := w.Do(key, "GET", "/v1/"+world.Session+"/candidacies/k-full/grid", "")
		criterion, _ := world.Get(grid, "blocs", 0, "competences", 0, "criteria", 0).(map[string]any)
		seen := []string{criterion["status"].(string)}
		for _, a := range world.List(criterion, "assessments") {
			seen = append(seen, a["assessor"].(string))
		}
		if motive, ok := world.Get(criterion, "settlement", "motive").(string); ok {
			seen = append(seen, motive)
		}
		if got := strings.Join(seen, " "); got != want {
			t.Errorf("%s sees %q, may see %q", key, got, want)
		}
	}
}

func checkSees(w *world.World, what, raw string, sees []string) {
	w.T.Helper()
	for _, secret := range []string{"SECRET-need", "SECRET-arrangement", "SECRET-advice", "SECRET-capacity", "SECRET-practice", "EXTRA_TIME"} {
		may := false
		for _, s := range sees {
			may = may || s == secret
		}
		if strings.Contains(raw, secret) != may {
			w.T.Errorf("%s: sees %s %v, may %v", what, secret, !may, may)
		}
	}
	for _, s := range sees {
		if !strings.Contains(raw, s) {
			w.T.Errorf("%s: does not see %s", what, s)
		}
	}
}

// decideExempt assesses and decides the candidacy with exemptions.
func decideExempt(w *world.World, k string) {
	w.T.Helper()
	candidacy := strings.TrimPrefix(k, "/v1/")
	w.Assess("assessor-1", candidacy, "MET")
	w.Do("jury-1", "POST", k+":deliberate", `{"gridEtag":"`+w.GridEtag("jury-1", candidacy)+`","membersPresent":["jury-1","jury-2"]}`)
}

// checkFileEvents: the journal shows the candidacy of acts in a file, but not who
// did what.
func checkFileEvents(w *world.World) {
	w.T.Helper()
	found := 0
	for _, event := range w.Journal() {
		if event["kind"] != "CANDIDACY_FILE" {
			continue
		}
		found++
		if event["actor"] != "" || event["rpc"] != "" || event["resource"] != world.Session+"/candidacies/k-exempt" {
			w.T.Errorf("an event reveals %v", event)
		}
	}
	if found != 9 { // populate: 4 advices and 1 decision; here: 4 acts
		w.T.Errorf("%d events of files", found)
	}
}

// TestLogsNameNobody plants marks in every field for words about a person, and
// looks for them in the log.
func TestLogsNameNobody(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	w.Do("registrar", "POST", "/v1/candidates?candidateId=c-mark", `{"birthName":"MARK-birth","usageName":"MARK-usage","givenNames":["MARK-given"],
		"sex":"FEMALE","birthDate":{"year":1998},"birthPlace":{"city":"MARK-city"},"externalIds":[{"system":"lms","id":"MARK-id"}]}`)
	w.REST("registrar", "POST", "/v1/candidates?candidateId=c-mark", `{"birthName":"MARK-again","givenNames":["MARK"],"sex":"FEMALE","birthDate":{"year":1998}}`)
	w.REST("registrar", "GET", "/v1/candidates:lookup?system=lms&id=MARK-other", "")
	w.Do("assessor-1", "POST", "/v1/"+world.Session+"/candidacies/k-pending:recordAssessments",
		`{"assessments":[{"criterion":"C1.1.2","verdict":"MET","comment":"MARK-comment"}]}`)
	w.REST("registrar", "POST", "/v1/candidates", `{"birthName":"MARK-bad","unknownMARK":1}`)
	logged := w.Logs.String()
	if strings.Contains(logged, "MARK") {
		t.Errorf("the log contains a mark:\n%s", logged)
	}
	if !strings.Contains(logged, `"request_id":"`) || !strings.Contains(logged, `"rpc":"acquis.v1.CandidateService/CreateCandidate"`) {
		t.Error("the log has no calls, so that this test shows nothing")
	}
	for _, secret := range w.Keys {
		if strings.Contains(logged, secret) {
			t.Error("the log contains a key")
		}
	}
}
