package systemtest

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A refusal is a call that must fail, and how.
type refusal struct {
	line                    int
	title                   string
	restOnly                bool
	key, method, path, body string
	http                    int
	code, reason, named     string
}

// readRefusals reads a file of cases; the head of testdata/refusals.txt explains
// the form.
func readRefusals(t *testing.T, name string) (all []refusal) {
	t.Helper()
	file, err := os.Open(name)
	must(t, err)
	defer file.Close()
	var r *refusal
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		verb, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case verb == "==":
			all = append(all, refusal{line: n, title: rest})
			r = &all[len(all)-1]
		case r == nil:
			t.Fatalf("%s:%d: a case begins with ==", name, n)
		case verb == "rest-only":
			r.restOnly = true
		case verb == "as":
			r.key = rest
		case verb == "expect":
			if _, err := fmt.Sscanf(rest+" -", "%d %s %s %s", &r.http, &r.code, &r.reason, &r.named); err != nil {
				t.Fatalf("%s:%d: %v", name, n, err)
			}
		case verb == "GET" || verb == "POST" || verb == "PATCH" || verb == "DELETE" || verb == "PUT":
			r.method, r.path = verb, rest
		default:
			r.body += line
		}
	}
	must(t, lines.Err())
	return all
}

// TestRefusals makes every call of the file over both transports: each must be
// refused as it says, name the field or the rule, and write nothing.
func TestRefusals(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.populate()
	w.populateCentre()
	w.populateKept()
	cases := readRefusals(t, "testdata/refusals.txt")
	if len(cases) < 40 {
		t.Fatalf("only %d cases", len(cases))
	}
	w.refuse(t, cases)
}

// refuse makes the calls of the cases.
func (w *world) refuse(t *testing.T, cases []refusal) {
	t.Helper()
	for _, c := range cases {
		t.Run(strconv.Itoa(c.line)+" "+c.title, func(t *testing.T) {
			w := *w
			w.t = t
			c.path = w.fill(c.path)
			c.body = strings.ReplaceAll(w.fill(c.body), "{MEGABYTES}", strings.Repeat("x", 1<<20))
			before := w.events()
			w.checkRefusal(c, w.rest(c.key, c.method, c.path, c.body))
			if !c.restOnly {
				w.checkRefusal(c, w.grpc(c.key, c.method, c.path, c.body))
			}
			if after := w.events(); after != before {
				t.Errorf("%d events were written", after-before)
			}
		})
	}
	t.Logf("%d refusals, each over REST, %d over gRPC too", len(cases), overGRPC(cases))
}

func overGRPC(cases []refusal) (n int) {
	for _, c := range cases {
		if !c.restOnly {
			n++
		}
	}
	return n
}

func (w *world) checkRefusal(c refusal, a answer) {
	w.t.Helper()
	if a.http != 0 && a.http != c.http {
		w.t.Errorf("status is %d, want %d: %s", a.http, c.http, a.raw)
	}
	if a.code != c.code || get(a.body, "details", 0, "reason") != c.reason {
		w.t.Errorf("http %d: code %s, want %s with reason %s: %s", a.http, a.code, c.code, c.reason, a.raw)
	}
	if get(a.body, "details", 0, "domain") != "acquis.eval" {
		w.t.Errorf("no ErrorInfo comes first: %s", a.raw)
	}
	if c.named == "-" {
		return
	}
	for _, detail := range list(a.body, "details") {
		for _, v := range append(list(detail, "fieldViolations"), list(detail, "violations")...) {
			if v["field"] == c.named || v["type"] == c.named {
				return
			}
		}
	}
	w.t.Errorf("http %d: names no %s: %s", a.http, c.named, a.raw)
}

const session = "sessions/s-001"

// populate makes the world that the cases of refusals.txt speak of; the file
// describes it.
func (w *world) populate() {
	w.t.Helper()
	for name, role := range map[string]string{
		"registrar": "REGISTRAR", "assessor-1": "ASSESSOR", "assessor-2": "ASSESSOR", "advisor": "DISABILITY_ADVISOR",
		"jury-1": "JURY", "jury-2": "JURY", "jury-3": "JURY", "tied": "JURY", "stranger": "JURY",
		"reader": "READER", "auditor": "AUDITOR",
	} {
		w.newKey(name, role)
	}
	w.do("registrar", "POST", "/v1/sessions?sessionId=s-001", `{"displayName":"Jury de juin","referentiel":"referentiels/marketing",
		"startDate":{"year":2026,"month":6,"day":15},"jury":[
		{"subject":"jury-1","displayName":"Une","external":true,"chair":true},{"subject":"jury-2","displayName":"Deux"},
		{"subject":"jury-3","displayName":"Trois","external":true,"chair":true},{"subject":"tied","displayName":"Liée","external":true}]}`)
	for _, c := range []struct{ id, presents string }{
		{"full", `"scope":"WHOLE"`}, {"pending", `"scope":"WHOLE"`},
		{"contested", `"scope":"BLOCS","blocs":["B2"]`}, {"decided", `"scope":"BLOCS","blocs":["B1"]`},
		{"exempt", `"scope":"BLOCS","blocs":["B3"]`}, {"free", ""},
	} {
		w.do("registrar", "POST", "/v1/candidates?candidateId=c-"+c.id,
			`{"birthName":"Martin","givenNames":["Léa"],"sex":"FEMALE","birthDate":{"year":1998},"externalIds":[{"system":"lms","id":"`+c.id+`"}]}`)
		if c.presents != "" {
			w.do("registrar", "POST", "/v1/"+session+"/candidacies?candidacyId=k-"+c.id, `{"candidate":"candidates/c-`+c.id+`",`+c.presents+`}`)
		}
	}
	w.do("registrar", "POST", "/v1/candidates/c-full:declareTie", `{"subject":"tied","kind":"TRAINER"}`)
	w.assessAll()
	w.expiredKeys()
}

// populateCentre adds a session of one centre, which lists its assessor.
func (w *world) populateCentre() {
	w.t.Helper()
	w.newKeyOf("registrar-lyon", `{"subject":"registrar-lyon","roles":["REGISTRAR"],"centre":"LYON"}`)
	w.newKeyOf("platform", `{"subject":"platform","roles":["ASSESSOR"],"delegate":true}`)
	w.do("registrar-lyon", "POST", "/v1/sessions?sessionId=s-listed", `{"displayName":"Jury de Lyon","referentiel":"referentiels/marketing",
		"startDate":{"year":2026,"month":6,"day":15},"centre":{"code":"LYON"},"assessors":["assessor-1"]}`)
	w.do("registrar-lyon", "POST", "/v1/candidates?candidateId=c-listed", `{"birthName":"Petit","givenNames":["Ana"],"sex":"FEMALE","birthDate":{"year":1998}}`)
	w.do("registrar-lyon", "POST", "/v1/sessions/s-listed/candidacies?candidacyId=k-listed", `{"candidate":"candidates/c-listed","scope":"WHOLE"}`)
}

// populateKept adds those who are forgotten, or cannot be.
func (w *world) populateKept() {
	w.t.Helper()
	for _, id := range []string{"gone", "held"} {
		w.do("registrar", "POST", "/v1/candidates?candidateId=c-"+id, `{"birthName":"Martin","givenNames":["Léa"],"sex":"FEMALE","birthDate":{"year":1998}}`)
	}
	w.do("registrar", "POST", "/v1/"+session+"/candidacies?candidacyId=k-gone", `{"candidate":"candidates/c-gone","scope":"WHOLE"}`)
	w.do("registrar", "POST", "/v1/"+session+"/candidacies/k-gone:withdraw", `{}`)
	w.do("registrar", "POST", "/v1/candidates/c-gone/capitalisations/marketing:recordPriorBloc", `{"bloc":"B4","proof":"PV 2024-3"}`)
	w.do("registrar", "POST", "/v1/candidates/c-gone:forget", `{"ground":"CONSENT_WITHDRAWN"}`)
	w.do("registrar", "POST", "/v1/candidates/c-held:placeHold", `{"reason":"recours 26-117"}`)
}

func (w *world) assessAll() {
	w.t.Helper()
	k := func(id string) string { return "/v1/" + session + "/candidacies/k-" + id }
	for _, id := range []string{"full", "decided", "contested"} {
		w.assess("assessor-1", session+"/candidacies/k-"+id, "MET")
	}
	notMet := func(id, criterion string) {
		w.do("assessor-2", "POST", k(id)+":recordAssessments", `{"assessments":[{"criterion":"`+criterion+`","verdict":"NOT_MET"}]}`)
	}
	notMet("contested", "C2.1.1")
	notMet("full", "C1.1.1")
	w.do("jury-1", "POST", k("full")+":settleCriteria", `{"settlements":[{"criterion":"C1.1.1","verdict":"MET","motive":"vu"}]}`)
	w.do("jury-1", "POST", k("decided")+":deliberate",
		`{"gridEtag":"`+w.gridEtag("jury-1", session+"/candidacies/k-decided")+`","membersPresent":["jury-1","jury-2"]}`)
	for criterion, favourable := range map[string]string{"C3.1.1": "true", "C3.1.2": "false", "C3.2.1": "true", "C3.2.2": "true"} {
		w.do("advisor", "POST", k("exempt")+":adviseExemption",
			`{"criterion":"`+criterion+`","favourable":`+favourable+`,"reasonedAdvice":"avis"}`)
	}
	w.do("jury-1", "POST", k("exempt")+":decideExemption", `{"criterion":"C3.2.1","granted":true,
		"capacityPreserved":{"holds":true,"reason":"r"},"notApplicableInPractice":{"holds":true,"reason":"r"}}`)
	w.do("registrar", "POST", "/v1/candidates/c-free/capitalisations/marketing:recordPriorBloc", `{"bloc":"B4","proof":"PV 2024-3"}`)
	w.do("jury-1", "POST", k("pending")+":recordAssessments",
		`{"assessments":[{"criterion":"C1.1.1","verdict":"MET"}],"requestId":"6f1c2f0e-3a55-4c8e-9b37-6c2c53f7d1aa"}`)
}

// expiredKeys makes a key that has expired and one that was revoked.
func (w *world) expiredKeys() {
	w.t.Helper()
	w.newKeyOf("expired", `{"subject":"old","roles":["REGISTRAR"],"expireTime":"`+w.clock.Now().Add(time.Minute).Format(time.RFC3339)+`"}`)
	w.newKey("revoked", "REGISTRAR")
	id := strings.Split(w.keys["revoked"], "_")[1]
	w.do("admin", "POST", "/v1/keys/"+id+":revoke", "{}")
	w.clock.advance(2 * time.Minute)
	w.keys["wrong"] = w.keys["registrar"][:len(w.keys["registrar"])-6] + "aaaaaa"
}
