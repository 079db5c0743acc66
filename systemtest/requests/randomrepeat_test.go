package requests

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// A wording is one way to ask for something. {id} stands for the id of what is made,
// {request} for the request id, {etag} for the etag of the resource of an update.
type wording struct{ path, body string }

// A wish is something that can be asked for in several ways, which are the same
// request, and in other ways, which are another.
type wish struct {
	key, method string
	of          string // the resource of an update, with an etag
	same, other []wording
}

func wishes() []wish {
	const record = "/v1/" + world.Session + "/candidacies/k-pending:recordAssessments"
	person := func(more string) string {
		return `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}` + more + `}`
	}
	session := func(more string) string {
		return `{"displayName":"d","referentiel":"referentiels/marketing","startDate":{"year":2026,"month":1,"day":1}` + more + `}`
	}
	return []wish{
		{
			"registrar", "POST", "",
			[]wording{
				{"/v1/candidates?candidateId=c{id}&requestId={request}", person("")},
				{"/v1/candidates?request_id={request}&candidate_id=c{id}", person("")},
				{"/v1/candidates?candidateId=c{id}&requestId={request}", person(`,"usageName":"","name":"candidates/c{id}"`)},
				{"/v1/candidates?candidateId=c{id}&requestId={request}", `{"sex":2,"birth_date":{"year":1990,"month":0},"given_names":["G"],"birth_name":"N"}`},
			},
			[]wording{
				{"/v1/candidates?candidateId=c{id}x&requestId={request}", person("")},
				{"/v1/candidates?candidateId=c{id}&requestId={request}", person(`,"usageName":"U"`)},
				{"/v1/candidates?requestId={request}", person("")},
			},
		},
		{
			"registrar", "POST", "",
			[]wording{
				{"/v1/sessions?sessionId=s{id}&requestId={request}", session("")},
				{"/v1/sessions?sessionId=s{id}&requestId={request}", session(`,"endDate":{"year":2026,"month":1,"day":1}`)},
				{"/v1/sessions?sessionId=s{id}&requestId={request}", session(`,"assessors":[],"jury":[]`)},
			},
			[]wording{
				{"/v1/sessions?sessionId=s{id}&requestId={request}", session(`,"endDate":{"year":2026,"month":1,"day":2}`)},
				{"/v1/sessions?sessionId=s{id}&requestId={request}", session(`,"centre":{"code":"LYON","displayName":"L"}`)},
			},
		},
		{
			"registrar", "PATCH", "candidates/c-full",
			[]wording{
				{"/v1/candidates/c-full?requestId={request}", `{"etag":"{etag}","birthName":"N{id}"}`},
				{"/v1/candidates/c-full?requestId={request}&updateMask=birthName", `{"etag":"{etag}","birthName":"N{id}"}`},
				{"/v1/candidates/c-full?update_mask=birthName&requestId={request}", `{"birth_name":"N{id}","etag":"{etag}","name":"candidates/c-full"}`},
			},
			[]wording{
				{"/v1/candidates/c-full?requestId={request}", `{"etag":"{etag}","birthName":"M{id}"}`},
				{"/v1/candidates/c-full?requestId={request}&updateMask=birthName,usageName", `{"etag":"{etag}","birthName":"N{id}"}`},
			},
		},
		{
			"assessor-1", "POST", "",
			[]wording{
				{record, `{"assessments":[{"criterion":"C1.1.3","verdict":"MET","comment":"{id}"}],"requestId":"{request}"}`},
				{record, `{"assessments":[{"criterion":"C1.1.3","verdict":1,"comment":"{id}"}],"request_id":"{request}","assessor":"assessor-1"}`},
				{record, `{"assessor":"Assessor-1","requestId":"{request}","assessments":[{"comment":"{id}","verdict":"MET","criterion":"C1.1.3","mark":""}]}`},
			},
			[]wording{
				{record, `{"assessments":[{"criterion":"C1.1.3","verdict":"MET"}],"requestId":"{request}"}`},
				{record, `{"assessments":[{"criterion":"C1.1.3","verdict":"NOT_MET","comment":"{id}"}],"requestId":"{request}"}`},
			},
		},
		{
			"registrar", "POST", "",
			[]wording{
				{"/v1/candidates:purge", `{"requestId":"{request}"}`},
				{"/v1/candidates:purge", `{"requestId":"{request}","validateOnly":false,"pageSize":0}`},
			},
			[]wording{{"/v1/candidates:purge", `{"requestId":"{request}","pageSize":1}`}},
		},
	}
}

// TestRandomRepeats asks for something, and again in any of the ways that mean the same,
// over any transport, with the request id in any case: only the first does something,
// and all get the same answer. What means something else is refused.
func TestRandomRepeats(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	number := 0
	rapid.Check(t, func(r *rapid.T) {
		number++
		wish := rapid.SampledFrom(wishes()).Draw(r, "wish")
		request, etag := fmt.Sprintf("0a1b2c3d-4e5f-4a6b-8c7d-%012d", number), ""
		if wish.of != "" {
			etag = w.Etag(wish.of)
		}
		ask := func(said wording) world.Answer {
			id := request
			if rapid.Bool().Draw(r, "capitals") {
				id = strings.ToUpper(id)
			}
			door := rapid.SampledFrom([]string{"REST", "gRPC"}).Draw(r, "transport")
			fill := strings.NewReplacer("{id}", fmt.Sprint(number), "{request}", id, "{etag}", etag)
			return w.Transports()[door](wish.key, wish.method, fill.Replace(said.path), fill.Replace(said.body))
		}
		first := ask(rapid.SampledFrom(wish.same).Draw(r, "first"))
		if first.Code != "OK" {
			r.Fatalf("refused: %s", first.Raw)
		}
		events := w.Events()
		for range rapid.IntRange(1, 3).Draw(r, "repeats") {
			again := ask(rapid.SampledFrom(wish.same).Draw(r, "again"))
			if diff := cmp.Diff(first.Body, again.Body); diff != "" {
				r.Errorf("the same again is answered %s:\n%s", again.Code, diff)
			}
			other := ask(rapid.SampledFrom(wish.other).Draw(r, "other"))
			if other.Reason() != "REQUEST_ID_REUSED" {
				r.Errorf("something else is answered %s", other.Raw)
			}
		}
		if got := w.Events(); got != events {
			r.Errorf("the repeats wrote %d events", got-events)
		}
	})
}
