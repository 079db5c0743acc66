package requests

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestRepeatedRequestsDoNothingAgain sends calls of every kind again with one request
// id, over either transport, with the id in either case: only the first changes
// anything, and all get the same answer.
func TestRepeatedRequestsDoNothingAgain(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	const k = "/v1/" + world.Session + "/candidacies/"
	full := `{"gridEtag":"` + w.GridEtag("jury-1", world.Session+"/candidacies/k-full") + `","membersPresent":["jury-1","jury-2"]`
	for _, c := range []struct{ key, method, path, body string }{
		{"registrar", "POST", "/v1/candidates?candidateId=c-new&requestId=" + world.RequestID, `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`},
		{"registrar", "PATCH", "/v1/candidates/c-new?requestId=" + world.RequestID, `{"etag":"{version candidates/c-new}","birthName":"M"}`},
		{"registrar", "POST", "/v1/candidates/c-new:declareTie", `{"subject":"jury-2","kind":"OTHER","requestId":"` + world.RequestID + `"}`},
		{"registrar", "POST", "/v1/sessions?sessionId=s-new&requestId=" + world.RequestID, `{"displayName":"d","referentiel":"referentiels/marketing","startDate":{"year":2026,"month":1,"day":1}}`},
		{"registrar", "PATCH", "/v1/sessions/s-new?requestId=" + world.RequestID, `{"etag":"{version sessions/s-new}","displayName":"e"}`},
		{"registrar", "POST", "/v1/sessions/s-new/candidacies?candidacyId=k-new&requestId=" + world.RequestID, `{"candidate":"candidates/c-new","scope":"WHOLE"}`},
		{"registrar", "POST", "/v1/sessions/s-new/candidacies/k-new:withdraw", `{"blocs":["B1"],"requestId":"` + world.RequestID + `"}`},
		{"registrar", "POST", "/v1/sessions/s-new/candidacies/k-new:reinstate", `{"requestId":"` + world.RequestID + `"}`},
		{"registrar", "POST", "/v1/sessions/s-new/candidacies/k-new:markAbsent", `{"blocs":["B2"],"requestId":"` + world.RequestID + `"}`},
		{"registrar", "POST", "/v1/sessions/s-new:cancel", `{"requestId":"` + world.RequestID + `"}`},
		{"assessor-1", "POST", k + "k-pending:recordAssessments", `{"assessments":[{"criterion":"C1.1.3","verdict":"MET"},{"criterion":"C1.1.2","verdict":"NOT_MET","comment":"c"}],"requestId":"` + world.RequestID + `"}`},
		{"assessor-1", "POST", k + "k-pending:retractAssessments", `{"criteria":["C1.1.3"],"requestId":"` + world.RequestID + `"}`},
		{"jury-1", "POST", k + "k-contested:settleCriteria", `{"settlements":[{"criterion":"C2.1.1","verdict":"MET","motive":"m"}],"requestId":"` + world.RequestID + `"}`},
		{"registrar", "POST", k + "k-exempt:requestAccommodation", `{"kind":"EXTRA_TIME","need":"n","requestId":"` + world.RequestID + `"}`},
		{"advisor", "POST", k + "k-exempt:adviseExemption", `{"criterion":"C3.1.1","favourable":true,"reasonedAdvice":"r","requestId":"` + world.RequestID + `"}`},
		{"jury-1", "POST", k + "k-exempt:decideExemption", `{"criterion":"C3.1.1","granted":false,"reason":"r","requestId":"` + world.RequestID + `"}`},
		{"jury-1", "POST", k + "k-full:deliberate", full + `,"requestId":"` + world.RequestID + `"}`},
		{"registrar", "POST", "/v1/candidates/c-free/capitalisations/marketing:recordPriorBloc", `{"bloc":"B3","proof":"p","requestId":"` + world.RequestID + `"}`},
		{"registrar", "POST", "/v1/candidates/c-full:placeHold", `{"reason":"r","requestId":"` + world.RequestID + `"}`},
		{"registrar", "POST", "/v1/candidates/c-new:forget", `{"ground":"UNLAWFUL","requestId":"` + world.RequestID + `"}`},
		{"registrar", "POST", "/v1/candidates:purge", `{"requestId":"` + world.RequestID + `"}`},
	} {
		c.body = fill(w, c.body)
		ways := slices.Collect(maps.Values(w.Transports())) // in any order
		first := ways[0](c.key, c.method, c.path, c.body)
		events := w.Events()
		for i, again := range ways {
			capitals := strings.NewReplacer(world.RequestID, strings.ToUpper(world.RequestID))
			for _, said := range []struct{ path, body string }{{c.path, c.body}, {capitals.Replace(c.path), capitals.Replace(c.body)}} {
				second := again(c.key, c.method, said.path, said.body)
				if diff := cmp.Diff(first.Body, second.Body); first.Code != "OK" || second.Code != "OK" || diff != "" {
					t.Errorf("%s %s answered, way %d,\n%s\n%s:\n%s", c.method, c.path, i, first.Raw, second.Raw, diff)
				}
			}
		}
		if got := w.Events(); got != events {
			t.Errorf("%s %s wrote %d more events when repeated", c.method, c.path, got-events)
		}
	}
}

// TestRepeatScope: a repeated CreateKey shows no secret again; the same id of
// another caller is another request; a day later the id is free.
func TestRepeatScope(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	const path, key = "/v1/keys?requestId=" + world.RequestID, `{"subject":"new","roles":["READER"]}`
	first := w.Do("admin", "POST", path, key)
	second := w.Do("admin", "POST", path, key)
	if first["secret"] == "" || second["secret"] != "" || world.Get(first, "key", "name") != world.Get(second, "key", "name") {
		t.Errorf("first %v, second %v", first, second)
	}
	body := `{"assessments":[{"criterion":"C1.1.4","verdict":"MET"}],"requestId":"` + world.RequestID + `"}`
	const record = "/v1/" + world.Session + "/candidacies/k-pending:recordAssessments"
	for _, assessor := range []string{"assessor-1", "assessor-2"} {
		if got := world.Get(w.Do(assessor, "POST", record, body), "assessments", 0, "assessor"); got != assessor {
			t.Errorf("the id of one caller answered for another: %v", got)
		}
	}
	events := w.Events()
	w.Clock.Advance(23 * time.Hour)
	w.Do("assessor-1", "POST", record, body)
	if got := w.Events(); got != events {
		t.Error("a request was done again within a day")
	}
	w.Clock.Advance(2 * time.Hour)
	w.Do("assessor-1", "POST", record, body)
	if got := w.Events(); got != events+1 {
		t.Error("a request id was remembered for more than a day")
	}
}
