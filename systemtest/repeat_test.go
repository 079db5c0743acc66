package systemtest

import (
	"strings"
	"testing"
	"time"
)

const requestID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"

// TestRepeatedRequestsDoNothingAgain sends calls of every kind twice with one
// request id: the second changes nothing and gets the same answer.
func TestRepeatedRequestsDoNothingAgain(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.populate()
	const k = "/v1/" + session + "/candidacies/"
	full := `{"gridEtag":"` + w.gridEtag("jury-1", session+"/candidacies/k-full") + `","membersPresent":["jury-1","jury-2"]`
	for _, c := range []struct{ key, method, path, body string }{
		{"registrar", "POST", "/v1/candidates?candidateId=c-new&requestId=" + requestID, `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`},
		{"registrar", "PATCH", "/v1/candidates/c-new?requestId=" + requestID, `{"etag":"1","birthName":"M"}`},
		{"registrar", "POST", "/v1/candidates/c-new:declareTie", `{"subject":"jury-2","kind":"OTHER","requestId":"` + requestID + `"}`},
		{"registrar", "POST", "/v1/sessions?sessionId=s-new&requestId=" + requestID, `{"displayName":"d","referentiel":"referentiels/marketing","startDate":{"year":2026,"month":1,"day":1}}`},
		{"registrar", "PATCH", "/v1/sessions/s-new?requestId=" + requestID, `{"etag":"1","displayName":"e"}`},
		{"registrar", "POST", "/v1/sessions/s-new/candidacies?candidacyId=k-new&requestId=" + requestID, `{"candidate":"candidates/c-new","scope":"WHOLE"}`},
		{"registrar", "POST", "/v1/sessions/s-new/candidacies/k-new:withdraw", `{"blocs":["B1"],"requestId":"` + requestID + `"}`},
		{"registrar", "POST", "/v1/sessions/s-new/candidacies/k-new:reinstate", `{"requestId":"` + requestID + `"}`},
		{"registrar", "POST", "/v1/sessions/s-new/candidacies/k-new:markAbsent", `{"blocs":["B2"],"requestId":"` + requestID + `"}`},
		{"registrar", "POST", "/v1/sessions/s-new:cancel", `{"requestId":"` + requestID + `"}`},
		{"assessor-1", "POST", k + "k-pending:recordAssessments", `{"assessments":[{"criterion":"C1.1.3","verdict":"MET"},{"criterion":"C1.1.2","verdict":"NOT_MET","comment":"c"}],"requestId":"` + requestID + `"}`},
		{"assessor-1", "POST", k + "k-pending:retractAssessments", `{"criteria":["C1.1.3"],"requestId":"` + requestID + `"}`},
		{"jury-1", "POST", k + "k-contested:settleCriteria", `{"settlements":[{"criterion":"C2.1.1","verdict":"MET","motive":"m"}],"requestId":"` + requestID + `"}`},
		{"registrar", "POST", k + "k-exempt:requestAccommodation", `{"kind":"EXTRA_TIME","need":"n","requestId":"` + requestID + `"}`},
		{"advisor", "POST", k + "k-exempt:adviseExemption", `{"criterion":"C3.1.1","favourable":true,"reasonedAdvice":"r","requestId":"` + requestID + `"}`},
		{"jury-1", "POST", k + "k-exempt:decideExemption", `{"criterion":"C3.1.1","granted":false,"reason":"r","requestId":"` + requestID + `"}`},
		{"jury-1", "POST", k + "k-full:deliberate", full + `,"requestId":"` + requestID + `"}`},
		{"registrar", "POST", "/v1/candidates/c-free/capitalisations/marketing:recordPriorBloc", `{"bloc":"B3","proof":"p","requestId":"` + requestID + `"}`},
		{"registrar", "POST", "/v1/candidates/c-full:placeHold", `{"reason":"r","requestId":"` + requestID + `"}`},
		{"registrar", "POST", "/v1/candidates/c-new:forget", `{"ground":"UNLAWFUL","requestId":"` + requestID + `"}`},
		{"registrar", "POST", "/v1/candidates:purge", `{"requestId":"` + requestID + `"}`},
	} {
		first := w.rest(c.key, c.method, c.path, c.body)
		events := w.events()
		second := w.rest(c.key, c.method, c.path, c.body)
		if first.http != 200 || second.http != 200 || compact(first.raw) != compact(second.raw) {
			t.Errorf("%s %s answered\n%d %s\n%d %s", c.method, c.path, first.http, first.raw, second.http, second.raw)
		}
		if got := w.events(); got != events {
			t.Errorf("%s %s wrote %d events more when repeated", c.method, c.path, got-events)
		}
	}
}

// compact drops the white space that the JSON library varies.
func compact(raw string) string {
	return strings.NewReplacer(`": `, `":`, `, "`, `,"`, `}, {`, `},{`).Replace(raw)
}

// A repeated CreateKey shows no secret again; another caller's id is another; a
// day later the id is free.
func TestRepeatScope(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.populate()
	const path, key = "/v1/keys?requestId=" + requestID, `{"subject":"new","roles":["READER"]}`
	first := w.do("admin", "POST", path, key)
	second := w.do("admin", "POST", path, key)
	if first["secret"] == "" || second["secret"] != "" || get(first, "key", "name") != get(second, "key", "name") {
		t.Errorf("first %v, second %v", first, second)
	}
	body := `{"assessments":[{"criterion":"C1.1.4","verdict":"MET"}],"requestId":"` + requestID + `"}`
	const record = "/v1/" + session + "/candidacies/k-pending:recordAssessments"
	for _, assessor := range []string{"assessor-1", "assessor-2"} {
		if got := get(w.do(assessor, "POST", record, body), "assessments", 0, "assessor"); got != assessor {
			t.Errorf("the id of one caller answered for another: %v", got)
		}
	}
	events := w.events()
	w.clock.advance(23 * time.Hour)
	w.do("assessor-1", "POST", record, body)
	if got := w.events(); got != events {
		t.Error("a request was done again within a day")
	}
	w.clock.advance(2 * time.Hour)
	w.do("assessor-1", "POST", record, body)
	if got := w.events(); got != events+1 {
		t.Error("a request id was remembered for more than a day")
	}
}
