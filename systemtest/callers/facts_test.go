package callers

import (
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestRolesReachAsFarAsTheSession: a subject who assesses in one session and sits
// on the jury of another is an assessor in the first, and sees no more than that.
func TestRolesReachAsFarAsTheSession(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	populateMatrix(w)
	w.NewKey("both", "ASSESSOR", "JURY")
	c := caseOf(w, "assessed")
	k := "/v1/sessions/" + c.label + "/candidacies/" + c.label
	w.Do("registrar", "PATCH", "/v1/sessions/"+c.label, `{"etag":"`+w.Etag("sessions/"+c.label)+`","assessors":[{"subject":"assessor"},{"subject":"both"}]}`)
	name := w.Do("registrar", "POST", k+":requestAccommodation", `{"kind":"EXTRA_TIME","need":"SECRET-need"}`)["name"].(string)
	w.Do("advisor", "POST", k+":decideAccommodation", `{"accommodation":"`+name+`","granted":true,"arrangement":"SECRET-arrangement"}`)
	if grid := w.REST("both", "GET", k+"/grid", "").Raw; strings.Contains(grid, `"assessor":"assessor"`) {
		t.Errorf("an assessor sees another's verdict: %s", grid)
	}
	checkSees(w, "both", w.REST("both", "GET", k+"/accommodations", "").Raw, []string{"SECRET-arrangement"})
	if a := w.REST("both", "GET", k+"/exemptions", ""); a.HTTP != 404 {
		t.Errorf("exemptions are answered %d to an assessor who is on another jury", a.HTTP)
	}
	on := caseOf(w, "assessed")
	w.Do("registrar", "PATCH", "/v1/sessions/"+on.label, `{"etag":"`+w.Etag("sessions/"+on.label)+`","jury":[{"subject":"both","displayName":"B","external":true,"chair":true}]}`)
	if grid := w.REST("both", "GET", "/v1/sessions/"+on.label+"/candidacies/"+on.label+"/grid", "").Raw; !strings.Contains(grid, `"assessor":"assessor"`) {
		t.Errorf("a jury member does not see an assessor's verdict: %s", grid)
	}
}

// TestCentreSeesWhoIsEnrolledThere: a candidate without a centre exists for a key
// of a centre from the day of their enrolment there.
func TestCentreSeesWhoIsEnrolledThere(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	populateMatrix(w)
	w.Do("registrar", "POST", "/v1/candidates?candidateId=free", `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
	c := caseOf(w, "enrolled")
	enrol := `{"candidate":"candidates/free","scope":"WHOLE"}`
	if a := w.REST("lyon", "POST", "/v1/sessions/"+c.label+"/candidacies", enrol); a.HTTP != 404 || !strings.Contains(a.Raw, "candidates/free does not exist") {
		t.Errorf("a key of Lyon enrols a candidate whom it cannot know: %s", a.Raw)
	}
	w.Do("registrar", "POST", "/v1/sessions/"+c.label+"/candidacies", enrol)
	w.Do("lyon", "GET", "/v1/candidates/free", "")
	if a := w.REST("registrar@PARIS", "GET", "/v1/candidates/free", ""); a.HTTP != 404 {
		t.Errorf("Paris sees them too: %d", a.HTTP)
	}
	w.Do("registrar@PARIS", "POST", "/v1/candidates?candidateId=theirs", `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
	w.Do("registrar@PARIS", "GET", "/v1/candidates/theirs", "")
	if a := w.REST("lyon", "GET", "/v1/candidates/theirs", ""); a.HTTP != 404 {
		t.Errorf("Lyon sees the candidates of Paris: %d", a.HTTP)
	}
}

// TestRepeatIsAuthorizedAgain: a subject removed from a session no longer gets
// the answer to their earlier request there.
func TestRepeatIsAuthorizedAgain(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	populateMatrix(w)
	c := caseOf(w, "enrolled")
	path := "/v1/sessions/" + c.label + "/candidacies/" + c.label + ":recordAssessments"
	body := `{"requestId":"6b1a3c3e-9f5b-4c1e-8a52-3d0c2c9f7a10","assessments":[{"criterion":"C1.1.1","verdict":"MET"}]}`
	for _, call := range w.Transports() {
		if a := call("assessor", "POST", path, body); a.Code != "OK" {
			t.Fatalf("answered %s", a.Raw)
		}
	}
	w.Do("registrar", "PATCH", "/v1/sessions/"+c.label, `{"etag":"`+w.Etag("sessions/"+c.label)+`","assessors":[{"subject":"assessor-other"}]}`)
	for name, call := range w.Transports() {
		if a := call("assessor", "POST", path, body); a.Code != "NOT_FOUND" {
			t.Errorf("over %s answered %s", name, a.Raw)
		}
	}
	w.Do("assessor-other", "GET", "/v1/sessions/"+c.label+"/candidacies/"+c.label+"/grid", "")
}

// TestDelegateSpeaksForThoseListed: a learning platform records for the assessors
// of the session and for members of its jury, and for nobody else.
func TestDelegateSpeaksForThoseListed(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	populateMatrix(w)
	w.NewKeyOf("platform", `{"subject":"platform","roles":["ASSESSOR"],"delegate":true}`)
	c := caseOf(w, "enrolled")
	for assessor, want := range map[string]string{
		"assessor": "OK", "jury": "OK", "assessor-other": "PERMISSION_DENIED", "jury-other": "PERMISSION_DENIED", "": "PERMISSION_DENIED",
	} {
		for name, call := range w.Transports() {
			a := call("platform", "POST", "/v1/sessions/"+c.label+"/candidacies/"+c.label+":recordAssessments",
				`{"assessor":"`+assessor+`","assessments":[{"criterion":"C1.1.1","verdict":"MET"}]}`)
			if a.Code != want {
				t.Errorf("for %q over %s: %s", assessor, name, a.Raw)
			}
		}
	}
}

// TestNobodyRaisesThemselves: nobody can get more roles by creating keys.
func TestNobodyRaisesThemselves(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKey("second", "ADMIN")
	for name, call := range w.Transports() {
		if a := call("second", "POST", "/v1/keys", `{"subject":"second","roles":["JURY"]}`); world.Get(a.Body, "details", 0, "reason") != "OWN_SUBJECT" {
			t.Errorf("a key for oneself: %s", a.Raw)
		}
		for _, role := range []string{"REGISTRAR", "ASSESSOR", "JURY", "DISABILITY_ADVISOR", "READER", "AUDITOR"} {
			key := "plain-" + role + name
			w.NewKey(key, role)
			if a := call(key, "POST", "/v1/keys", `{"subject":"friend","roles":["ADMIN"]}`); a.Code != "PERMISSION_DENIED" {
				t.Errorf("%s makes a key: %s", key, a.Raw)
			}
		}
	}
}

// TestReasonsStayInTheSession: the reasons of a decision can reveal an exemption;
// the jury of another session can read the decision, but not its reasons.
func TestReasonsStayInTheSession(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	populateMatrix(w)
	c := caseOf(w, "decided")
	for key, sees := range map[string]bool{"jury": true, "registrar": true, "jury-other": false, "reader": false} {
		for name, call := range w.Transports() {
			a := call(key, "GET", "/v1/candidates/"+c.label+"/decisions/"+c.decision, "")
			if a.Code != "OK" || (len(world.List(a.Body, "reasons")) > 0) != sees {
				t.Errorf("%s over %s: sees reasons %v, want %v: %s", key, name, !sees, sees, a.Raw)
			}
		}
	}
}
