package systemtest

import (
	"strings"
	"testing"
)

// TestRolesReachAsFarAsTheSession: whoever assesses here and sits on a jury
// elsewhere is an assessor here, and sees no more than one.
func TestRolesReachAsFarAsTheSession(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.populateMatrix()
	w.newKey("both", "ASSESSOR", "JURY")
	c := w.matrixCase("assessed")
	k := "/v1/sessions/" + c.label + "/candidacies/" + c.label
	w.do("registrar", "PATCH", "/v1/sessions/"+c.label, `{"etag":"1","assessors":["assessor","both"]}`)
	name := w.do("registrar", "POST", k+":requestAccommodation", `{"kind":"EXTRA_TIME","need":"SECRET-need"}`)["name"].(string)
	w.do("advisor", "POST", k+":decideAccommodation", `{"accommodation":"`+name+`","granted":true,"arrangement":"SECRET-arrangement"}`)
	if grid := w.rest("both", "GET", k+"/grid", "").raw; strings.Contains(grid, `"assessor":"assessor"`) {
		t.Errorf("an assessor sees another's verdict: %s", grid)
	}
	w.checkSees("both", w.rest("both", "GET", k+"/accommodations", "").raw, []string{"SECRET-arrangement"})
	if a := w.rest("both", "GET", k+"/exemptions", ""); a.http != 404 {
		t.Errorf("exemptions are answered %d to an assessor who is of another jury", a.http)
	}
	on := w.matrixCase("assessed")
	w.do("registrar", "PATCH", "/v1/sessions/"+on.label, `{"etag":"1","jury":[{"subject":"both","displayName":"B","external":true,"chair":true}]}`)
	if grid := w.rest("both", "GET", "/v1/sessions/"+on.label+"/candidacies/"+on.label+"/grid", "").raw; !strings.Contains(grid, `"assessor":"assessor"`) {
		t.Errorf("a jury member does not see an assessor's verdict: %s", grid)
	}
}

// TestCentreSeesWhoIsEnrolledThere: a candidate of no centre exists for the key of
// one from the day they are enrolled there.
func TestCentreSeesWhoIsEnrolledThere(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.populateMatrix()
	w.do("registrar", "POST", "/v1/candidates?candidateId=free", `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
	c := w.matrixCase("enrolled")
	enrol := `{"candidate":"candidates/free","scope":"WHOLE"}`
	if a := w.rest("lyon", "POST", "/v1/sessions/"+c.label+"/candidacies", enrol); a.http != 404 || !strings.Contains(a.raw, "candidates/free does not exist") {
		t.Errorf("a key of Lyon enrols a candidate whom it cannot know: %s", a.raw)
	}
	w.do("registrar", "POST", "/v1/sessions/"+c.label+"/candidacies", enrol)
	w.do("lyon", "GET", "/v1/candidates/free", "")
	if a := w.rest("registrar@PARIS", "GET", "/v1/candidates/free", ""); a.http != 404 {
		t.Errorf("Paris sees them too: %d", a.http)
	}
	w.do("registrar@PARIS", "POST", "/v1/candidates?candidateId=theirs", `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
	w.do("registrar@PARIS", "GET", "/v1/candidates/theirs", "")
	if a := w.rest("lyon", "GET", "/v1/candidates/theirs", ""); a.http != 404 {
		t.Errorf("Lyon sees the candidates of Paris: %d", a.http)
	}
}

// TestRepeatIsAuthorizedAgain: whoever is taken off a session gets no answer any
// more to what they did there before.
func TestRepeatIsAuthorizedAgain(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.populateMatrix()
	c := w.matrixCase("enrolled")
	path := "/v1/sessions/" + c.label + "/candidacies/" + c.label + ":recordAssessments"
	body := `{"requestId":"6b1a3c3e-9f5b-4c1e-8a52-3d0c2c9f7a10","assessments":[{"criterion":"C1.1.1","verdict":"MET"}]}`
	for _, call := range w.transports() {
		if a := call("assessor", "POST", path, body); a.code != "OK" {
			t.Fatalf("answered %s", a.raw)
		}
	}
	w.do("registrar", "PATCH", "/v1/sessions/"+c.label, `{"etag":"1","assessors":["assessor-other"]}`)
	for name, call := range w.transports() {
		if a := call("assessor", "POST", path, body); a.code != "NOT_FOUND" {
			t.Errorf("over %s answered %s", name, a.raw)
		}
	}
	w.do("assessor-other", "GET", "/v1/sessions/"+c.label+"/candidacies/"+c.label+"/grid", "")
}

// TestDelegateSpeaksForThoseListed: a learning platform records for the assessors
// of the session and for members of its jury, for nobody else.
func TestDelegateSpeaksForThoseListed(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.populateMatrix()
	w.newKeyOf("platform", `{"subject":"platform","roles":["ASSESSOR"],"delegate":true}`)
	c := w.matrixCase("enrolled")
	for assessor, want := range map[string]string{
		"assessor": "OK", "jury": "OK", "assessor-other": "PERMISSION_DENIED", "jury-other": "PERMISSION_DENIED", "": "PERMISSION_DENIED",
	} {
		for name, call := range w.transports() {
			a := call("platform", "POST", "/v1/sessions/"+c.label+"/candidacies/"+c.label+":recordAssessments",
				`{"assessor":"`+assessor+`","assessments":[{"criterion":"C1.1.1","verdict":"MET"}]}`)
			if a.code != want {
				t.Errorf("for %q over %s: %s", assessor, name, a.raw)
			}
		}
	}
}

// TestNobodyRaisesThemselves: no way through the keys leads to more roles than
// one has.
func TestNobodyRaisesThemselves(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.newKey("second", "ADMIN")
	for name, call := range w.transports() {
		if a := call("second", "POST", "/v1/keys", `{"subject":"second","roles":["JURY"]}`); get(a.body, "details", 0, "reason") != "OWN_SUBJECT" {
			t.Errorf("a key for oneself: %s", a.raw)
		}
		for _, role := range []string{"REGISTRAR", "ASSESSOR", "JURY", "DISABILITY_ADVISOR", "READER", "AUDITOR"} {
			key := "plain-" + role + name
			w.newKey(key, role)
			if a := call(key, "POST", "/v1/keys", `{"subject":"friend","roles":["ADMIN"]}`); a.code != "PERMISSION_DENIED" {
				t.Errorf("%s makes a key: %s", key, a.raw)
			}
		}
	}
}

// TestReasonsStayInTheSession: why a decision was computed can tell of an
// exemption; the jury of another session reads the decision, and not why.
func TestReasonsStayInTheSession(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.populateMatrix()
	c := w.matrixCase("decided")
	for key, sees := range map[string]bool{"jury": true, "registrar": true, "jury-other": false, "reader": false} {
		for name, call := range w.transports() {
			a := call(key, "GET", "/v1/candidates/"+c.label+"/decisions/"+c.decision, "")
			if a.code != "OK" || (len(list(a.body, "reasons")) > 0) != sees {
				t.Errorf("%s over %s: sees reasons %v, want %v: %s", key, name, !sees, sees, a.raw)
			}
		}
	}
}
