package systemtest

import (
	"fmt"
	"strings"
	"testing"
)

// A door makes a call: (*world).rest or (*world).grpc.
type door func(key, method, path, body string) answer

func (w *world) transports() map[string]door {
	return map[string]door{
		"REST": func(key, method, path, body string) answer { return w.rest(key, method, path, body) },
		"gRPC": func(key, method, path, body string) answer { return w.grpc(key, method, path, body) },
	}
}

// expect makes a call that must succeed and checks fields of its answer: path
// elements joined by dots, then the value, in turn.
func (w *world) expect(call door, key, method, path, body string, fields ...string) map[string]any {
	w.t.Helper()
	a := call(key, method, path, body)
	if a.code != "OK" {
		w.t.Fatalf("%s %s %s: %s", key, method, path, a.raw)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		if got := fmt.Sprint(get(a.body, steps(fields[i])...)); got != fields[i+1] {
			w.t.Errorf("%s %s: %s is %q, want %q", method, path, fields[i], got, fields[i+1])
		}
	}
	return a.body
}

func steps(path string) (steps []any) {
	for _, step := range strings.Split(path, ".") {
		n := 0
		if _, err := fmt.Sscanf(step, "%d", &n); err == nil {
			steps = append(steps, n)
		} else {
			steps = append(steps, step)
		}
	}
	return steps
}

// TestMainPath follows one candidate from enrolment to award, as the design
// writes it, over each transport; then everything must be there after a restart.
func TestMainPath(t *testing.T) {
	for _, name := range []string{"REST", "gRPC"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w, stop := start(t, dir)
			w.mainPath(w.transports()[name])
			before := w.rest("reader", "GET", "/v1/sessions/s-001/deliberationRecord", "").raw
			events := w.events()
			stop()
			again, _ := start(t, dir)
			if again.keys["admin"] != "" {
				t.Error("a second start made another first key")
			}
			again.keys = w.keys
			if after := again.rest("reader", "GET", "/v1/sessions/s-001/deliberationRecord", "").raw; len(after) != len(before) {
				t.Errorf("the minutes changed over a restart:\n%s\n%s", before, after)
			}
			if got := again.events(); got != events {
				t.Errorf("%d events after the restart, %d before", got, events)
			}
		})
	}
}

func (w *world) mainPath(call door) {
	w.t.Helper()
	created := w.expect(call, "admin", "POST", "/v1/keys", `{"subject":"assessor-1","displayName":"Assesseur","roles":["ASSESSOR"]}`,
		"key.subject", "assessor-1", "key.roles.0", "ASSESSOR", "key.creator", "admin")
	w.keys["assessor-1"] = created["secret"].(string)
	for _, made := range [][2]string{
		{"registrar", "REGISTRAR"}, {"assessor-2", "ASSESSOR"}, {"jury-1", "JURY"}, {"jury-2", "JURY"},
		{"advisor", "DISABILITY_ADVISOR"}, {"reader", "READER"}, {"auditor", "AUDITOR"},
	} {
		w.newKey(made[0], made[1])
	}
	w.expect(call, "reader", "GET", "/v1/referentiels/marketing", "", "name", "referentiels/marketing", "current", "true",
		"blocs.1.code", "B2", "blocs.0.activities.0.code", "A1", "blocs.0.competences.0.method.kind", "PROFESSIONAL_PROJECT",
		"blocs.0.competences.0.blocOnlyMethod.kind", "PROFESSIONAL_FILE", "blocs.0.competences.0.criteria.0.code", "C1.1.1")
	w.expect(call, "registrar", "POST", "/v1/candidates?candidateId=c-001",
		`{"birthName":"Martin","givenNames":["Léa"],"sex":"FEMALE","birthDate":{"year":1998,"month":4,"day":12},
		"externalIds":[{"system":"lms","id":"42"}]}`, "name", "candidates/c-001", "givenNames.0", "Léa", "etag", "1")
	w.expect(call, "reader", "GET", "/v1/candidates:lookup?system=lms&id=42", "", "name", "candidates/c-001")
	w.expect(call, "registrar", "POST", "/v1/sessions?sessionId=s-001",
		`{"displayName":"Jury de juin","referentiel":"referentiels/marketing","startDate":{"year":2026,"month":6,"day":15},
		"centre":{"code":"LYON","displayName":"Lyon"},"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},
		{"subject":"jury-2","displayName":"Deux"}]}`, "state", "OPEN", "endDate.day", "15", "centre.code", "LYON")
	w.expect(call, "registrar", "POST", "/v1/sessions/s-001/candidacies?candidacyId=k-001",
		`{"candidate":"candidates/c-001","scope":"WHOLE","accessRoute":"CONTINUING_TRAINING"}`,
		"state", "ENROLLED", "presentedBlocs", "[B1 B2 B3 B4]", "methodVariant", "NORMAL")
	w.expect(call, "reader", "GET", "/v1/candidates/c-001/capitalisations/marketing", "",
		"blocs.0.status", "NOT_PRESENTED", "certification.status", "IN_PROGRESS")
	const k = "/v1/sessions/s-001/candidacies/k-001"
	w.assess("assessor-1", "sessions/s-001/candidacies/k-001", "MET")
	w.expect(call, "assessor-2", "POST", k+":recordAssessments", `{"assessments":[{"criterion":"C1.1.1","verdict":"NOT_MET","comment":"non"}]}`,
		"assessments.0.assessor", "assessor-2", "assessments.0.comment", "non")
	w.expect(call, "jury-1", "GET", k+"/grid", "", "blocs.0.competences.0.criteria.0.status", "CONTESTED",
		"blocs.0.competences.0.criteria.0.reasons.0.rule", "ASSESSORS_DISAGREE", "blocs.0.competences.0.criteria.0.reasons.0.counted", "2",
		"blocs.0.outcome", "CONTESTED", "blocs.1.outcome", "ACQUIRED", "blocs.0.competences.0.method.kind", "PROFESSIONAL_PROJECT")
	w.expect(call, "jury-1", "POST", k+":settleCriteria", `{"settlements":[{"criterion":"C1.1.1","verdict":"MET","motive":"vu"}]}`,
		"settlements.0.authors", "[jury-1]")
	w.expect(call, "advisor", "POST", k+":adviseExemption", `{"criterion":"C1.1.2","favourable":true,"reasonedAdvice":"avis"}`,
		"advice.favourable", "true")
	w.expect(call, "jury-1", "POST", k+":decideExemption", `{"criterion":"C1.1.2","granted":true,
		"capacityPreserved":{"holds":true,"reason":"a"},"notApplicableInPractice":{"holds":true,"reason":"b"}}`, "decision.granted", "true")
	etag := w.expect(call, "jury-2", "GET", k+"/grid", "", "blocs.0.competences.0.criteria.1.status", "EXEMPTED")["etag"].(string)
	decided := w.expect(call, "jury-1", "POST", k+":deliberate", `{"gridEtag":"`+etag+`","membersPresent":["jury-1","jury-2"],
		"blocDecisions":[{"bloc":"B3","outcome":"NOT_CAPITALISED","motive":"dossier absent"}]}`,
		"decisions.0.kind", "BLOC", "decisions.0.bloc", "B1", "decisions.0.outcome", "CAPITALISED", "decisions.0.computedOutcome", "ACQUIRED",
		"decisions.2.outcome", "NOT_CAPITALISED", "decisions.2.computedOutcome", "ACQUIRED", "decisions.2.motive", "dossier absent",
		"decisions.2.membersPresent.0.displayName", "Une", "capitalisation.certification.status", "IN_PROGRESS")
	rectified := get(decided, "decisions", 2, "name").(string)
	award := w.expect(call, "jury-1", "POST", "/v1/"+rectified+":rectify", `{"session":"sessions/s-001","membersPresent":["jury-1","jury-2"],
		"outcome":"CAPITALISED","motive":"dossier retrouvé"}`, "decisions.0.supersedes", rectified, "decisions.1.kind", "AWARD",
		"decisions.1.outcome", "AWARDED", "capitalisation.certification.status", "AWARDED")
	w.expect(call, "reader", "GET", "/v1/"+rectified, "", "effective", "false", "supersededBy", get(award, "decisions", 0, "name").(string))
	w.expect(call, "reader", "GET", "/v1/candidates/c-001/capitalisations/marketing", "", "blocs.0.code", "B1",
		"blocs.0.status", "CAPITALISED", "certification.status", "AWARDED",
		"certification.decision", get(award, "decisions", 1, "name").(string))
	w.expect(call, "registrar", "POST", "/v1/sessions/s-001:close", `{}`, "state", "CLOSED")
}

// TestRoles calls every RPC with a key of each role: exactly those that the
// contract admits get past the check of roles, over both transports. A public
// one admits whoever calls.
func TestRoles(t *testing.T) {
	w, _ := start(t, t.TempDir())
	roles := []string{"ADMIN", "REGISTRAR", "ASSESSOR", "JURY", "DISABILITY_ADVISOR", "READER", "AUDITOR"}
	for _, role := range roles {
		w.newKey("only-"+role, role)
	}
	target := strings.NewReplacer("(", "", ")", "", "[^/:]+", "none", "^", "", "$", "")
	checked := 0
	for _, r := range w.routes {
		path := target.Replace(r.pattern.String())
		body := ""
		if r.method != "GET" {
			body = "{}"
		}
		for _, role := range roles {
			admitted := r.public || strings.Contains(" "+strings.Join(r.roles, " ")+" ", " "+role+" ")
			for name, call := range w.transports() {
				a := call("only-"+role, r.method, path, body)
				if refused := get(a.body, "details", 0, "reason") == "ROLE_MISSING"; refused == admitted {
					t.Errorf("%s over %s as %s: refused %v, admitted by the contract %v", r.fullMethod, name, role, refused, admitted)
				}
				checked++
			}
		}
	}
	t.Logf("%d calls", checked)
}
