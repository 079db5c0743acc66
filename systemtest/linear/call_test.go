package linear

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// prepareLin makes the référentiel, the callers' keys, a session, and as many
// candidacies as the callers will use.
func prepareLin(w *world.World, candidacies []string) {
	w.T.Helper()
	for name, role := range map[string]string{
		"registrar": "REGISTRAR", "reader": "READER", "auditor": "AUDITOR",
		"assessor-0": "ASSESSOR", "assessor-1": "ASSESSOR", "jury-1": "JURY", "jury-2": "JURY",
	} {
		w.NewKey(name, role)
	}
	w.Do("admin", "POST", "/v1/referentiels:publish", `{"referentielId":"lin","referentiel":{"displayName":"L","blocs":[{"code":"B1","title":"b",
		"activities":[{"code":"A1","title":"a"}],"competences":[{"code":"C1.1","statement":"c","method":{"kind":"OTHER","title":"m"},
		"criteria":[{"code":"C1.1.1","statement":"un"},{"code":"C1.1.2","statement":"deux"}]}]}]}}`)
	w.Do("registrar", "POST", "/v1/sessions?sessionId=lin", `{"displayName":"L","referentiel":"referentiels/lin","startDate":{"year":2026,"month":6,"day":15},
		"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},{"subject":"jury-2","displayName":"Deux"}]}`)
	for _, name := range candidacies {
		w.Do("registrar", "POST", "/v1/candidates?candidateId="+name, `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
		w.Do("registrar", "POST", "/v1/sessions/lin/candidacies?candidacyId="+name, `{"candidate":"candidates/`+name+`","scope":"WHOLE"}`)
	}
}

// A linRequest is a call as it is sent. Sent again it is the same request,
// because it has one request id.
type linRequest struct {
	key, method, path, body string
	rest                    bool // otherwise gRPC
}

func (c linCall) request(juror string, rest bool) linRequest {
	k := "/v1/sessions/lin/candidacies/" + c.candidacy
	fields := []string{`"requestId":"` + uuid.NewString() + `"`}
	act := func(key, verb string) linRequest {
		return linRequest{key, "POST", k + ":" + verb, "{" + strings.Join(fields, ",") + "}", rest}
	}
	switch c.act {
	case "record":
		fields = append(fields, `"assessments":[`+c.lines(`{"criterion":"C1.1.%d","verdict":"%s"}`)+`]`)
		return act(fmt.Sprintf("assessor-%d", c.assessor), "recordAssessments")
	case "retract":
		fields = append(fields, `"criteria":[`+c.lines(`"C1.1.%d"%.0s`)+`]`)
		return act(fmt.Sprintf("assessor-%d", c.assessor), "retractAssessments")
	case "settle":
		fields = append(fields, `"settlements":[`+c.lines(`{"criterion":"C1.1.%d","verdict":"%s","motive":"m"}`)+`]`)
		return act(juror, "settleCriteria")
	case "deliberate":
		fields = append(fields, `"gridEtag":"`+c.etag+`","membersPresent":["jury-1","jury-2"]`)
		return act(juror, "deliberate")
	case "withdraw", "reinstate":
		return act("registrar", c.act)
	case "ledger":
		return linRequest{"reader", "GET", "/v1/candidates/" + c.candidacy + "/capitalisations/lin", "", rest}
	case "decisions":
		return linRequest{"reader", "GET", "/v1/candidates/" + c.candidacy + "/decisions", "", rest}
	}
	return linRequest{juror, "GET", k + "/grid", "", rest}
}

func (c linCall) lines(format string) string {
	var lines []string
	for criterion, verdict := range c.verdicts {
		if verdict != "" {
			lines = append(lines, fmt.Sprintf(format, criterion+1, verdict))
		}
	}
	return strings.Join(lines, ",")
}

// send makes the call once. known tells whether there is an answer, and over
// whether the call can have no further effect: the service said that it ended, or
// has itself ended.
func (r linRequest) send(ctx context.Context, w *world.World) (a world.Answer, known, over bool) {
	try := w.TryGRPC
	if r.rest {
		try = func(ctx context.Context, key, method, path, body string) (world.Answer, error) {
			return w.TryREST(ctx, key, method, path, body)
		}
	}
	a, err := try(ctx, r.key, r.method, r.path, r.body)
	switch {
	case a.Code == "OK" && err == nil:
		return a, true, true
	case ctx.Err() != nil || a.Code == "DEADLINE_EXCEEDED" || a.Code == "CANCELLED":
		return a, false, false
	case err != nil || a.Code == "UNAVAILABLE":
		return a, false, true
	}
	return a, true, true
}

// read extracts from an answer what the model describes.
func (c linCall) read(a world.Answer) linAnswer {
	read := linAnswer{code: a.Code}
	if a.Code != "OK" {
		return read
	}
	switch c.act {
	case "grid":
		read.grid = linReadGrid(a.Body)
	case "ledger":
		read.outcome = strings.Replace(fmt.Sprintf("%v %v", world.Get(a.Body, "blocs", 0, "status"), world.Get(a.Body, "certification", "status")), " IN_PROGRESS", "", 1)
		read.outcome = strings.Replace(read.outcome, "NOT_PRESENTED", "", 1)
	case "decisions", "deliberate":
		var outcomes []string
		for _, decision := range world.List(a.Body, "decisions") {
			outcomes = append(outcomes, decision["outcome"].(string))
		}
		read.outcome = strings.Join(outcomes, " ")
	}
	return read
}

func linReadGrid(body map[string]any) linGrid {
	g := linGrid{state: body["state"].(string), etag: body["etag"].(string)}
	competence, _ := world.Get(body, "blocs", 0, "competences", 0).(map[string]any)
	for i, criterion := range world.List(competence, "criteria") {
		g.status[i] = criterion["status"].(string)
		for _, given := range world.List(criterion, "assessments") {
			var assessor int
			_, _ = fmt.Sscanf(given["assessor"].(string), "assessor-%d", &assessor)
			g.verdicts[i][assessor] = given["verdict"].(string)
		}
	}
	return g
}
