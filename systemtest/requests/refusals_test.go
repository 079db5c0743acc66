package requests

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/systemtest/world"
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
	world.Must(t, err)
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
	world.Must(t, lines.Err())
	return all
}

// TestRefusals makes every call of the file over both transports: each must be
// refused as the file says, name the field or the rule, and write nothing.
func TestRefusals(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	populateCentre(w)
	populateKept(w)
	populateSides(w)
	cases := readRefusals(t, "testdata/refusals.txt")
	if len(cases) < 40 {
		t.Fatalf("only %d cases", len(cases))
	}
	refuse(w, t, cases)
}

// refuse makes the calls of the cases.
func refuse(w *world.World, t *testing.T, cases []refusal) {
	t.Helper()
	for _, c := range cases {
		t.Run(strconv.Itoa(c.line)+" "+c.title, func(t *testing.T) {
			w := *w
			w.T = t
			c.path = fill(&w, c.path)
			c.body = strings.ReplaceAll(fill(&w, c.body), "{MEGABYTES}", strings.Repeat("x", 1<<20))
			before := w.Events()
			checkRefusal(&w, c, w.REST(c.key, c.method, c.path, c.body))
			if !c.restOnly {
				checkRefusal(&w, c, w.GRPC(c.key, c.method, c.path, c.body))
			}
			if after := w.Events(); after != before {
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

func checkRefusal(w *world.World, c refusal, a world.Answer) {
	w.T.Helper()
	if a.HTTP != 0 && a.HTTP != c.http {
		w.T.Errorf("status is %d, want %d: %s", a.HTTP, c.http, a.Raw)
	}
	if a.Code != c.code || world.Get(a.Body, "details", 0, "reason") != c.reason {
		w.T.Errorf("http %d: code %s, want %s with reason %s: %s", a.HTTP, a.Code, c.code, c.reason, a.Raw)
	}
	if world.Get(a.Body, "details", 0, "domain") != "acquis.eval" {
		w.T.Errorf("no ErrorInfo comes first: %s", a.Raw)
	}
	if c.named == "-" {
		return
	}
	for _, detail := range world.List(a.Body, "details") {
		for _, v := range append(world.List(detail, "fieldViolations"), world.List(detail, "violations")...) {
			if v["field"] == c.named || v["type"] == c.named {
				return
			}
		}
	}
	w.T.Errorf("http %d: names no %s: %s", a.HTTP, c.named, a.Raw)
}

// populateCentre adds a session of one centre, which lists its assessor.
func populateCentre(w *world.World) {
	w.T.Helper()
	w.NewKeyOf("registrar-lyon", `{"subject":"registrar-lyon","roles":["REGISTRAR"],"centre":"LYON"}`)
	w.NewKeyOf("platform", `{"subject":"platform","roles":["ASSESSOR"],"delegate":true}`)
	w.Do("registrar-lyon", "POST", "/v1/sessions?sessionId=s-listed", `{"displayName":"Jury de Lyon","referentiel":"referentiels/marketing",
		"startDate":{"year":2026,"month":6,"day":15},"centre":{"code":"LYON"},"assessors":[{"subject":"assessor-1"}]}`)
	w.Do("registrar-lyon", "POST", "/v1/candidates?candidateId=c-listed", `{"birthName":"Petit","givenNames":["Ana"],"sex":"FEMALE","birthDate":{"year":1998},
		"externalIds":[{"system":"lyon","id":"1"}]}`)
	w.NewKeyOf("registrar-paris", `{"subject":"registrar-paris","roles":["REGISTRAR"],"centre":"PARIS"}`)
	w.Do("registrar-paris", "POST", "/v1/candidates?candidateId=c-same", `{"birthName":"Petit","givenNames":["Ana"],"sex":"FEMALE","birthDate":{"year":1998},
		"externalIds":[{"system":"lyon","id":"1"}]}`)
	w.Do("registrar-lyon", "POST", "/v1/sessions/s-listed/candidacies?candidacyId=k-listed", `{"candidate":"candidates/c-listed","scope":"WHOLE"}`)
}

// populateSides adds a session of a référentiel in which assessors have qualities and the
// jury two sides.
func populateSides(w *world.World) {
	w.T.Helper()
	w.Do("admin", "POST", "/v1/referentiels:publish", `{"referentielId":"sides","referentiel":{"displayName":"CQP",
		"assessorQualities":[{"code":"tutor","title":"Tuteur"},{"code":"evaluator","title":"Évaluateur"}],
		"blocs":[{"code":"B1","title":"Bloc","competences":[{"code":"C1","statement":"Savoir","method":{"kind":"OTHER","title":"Grille"},
			"criteria":[{"code":"C1.1","statement":"Un"}]}]}],
		"rules":{"agreement":{"kind":"WEIGHTED","weights":[{"quality":"tutor","percent":50},{"quality":"evaluator","percent":50}]},
			"jury":{"minExternalPercent":0,"chair":"NONE","colleges":[
				{"code":"employers","title":"Employeurs","parity":true},{"code":"employees","title":"Salariés","parity":true,"atLeast":0},{"code":"state","title":"État"}]}}}}`)
	w.Do("registrar", "POST", "/v1/sessions?sessionId=s-sides", `{"displayName":"Jury paritaire","referentiel":"referentiels/sides",
		"startDate":{"year":2026,"month":6,"day":15},"assessors":[{"subject":"assessor-1","quality":"tutor"},{"subject":"assessor-2"}],"jury":[
		{"subject":"jury-1","displayName":"Une","college":"employers"},{"subject":"jury-2","displayName":"Deux","college":"employers"}]}`)
	w.Do("registrar", "POST", "/v1/sessions?sessionId=s-uneven", `{"displayName":"Jury inégal","referentiel":"referentiels/sides",
		"startDate":{"year":2026,"month":6,"day":15},"jury":[
		{"subject":"jury-1","displayName":"Une","college":"employers"},{"subject":"jury-2","displayName":"Deux","college":"state"}]}`)
	for _, id := range []string{"sides", "uneven"} {
		w.Do("registrar", "POST", "/v1/candidates?candidateId=c-"+id, `{"birthName":"Petit","givenNames":["Ana"],"sex":"FEMALE","birthDate":{"year":1998}}`)
		w.Do("registrar", "POST", "/v1/sessions/s-"+id+"/candidacies?candidacyId=k-"+id, `{"candidate":"candidates/c-`+id+`","scope":"WHOLE"}`)
	}
}

// populateKept adds candidates who are forgotten, or cannot be.
func populateKept(w *world.World) {
	w.T.Helper()
	for _, id := range []string{"gone", "held"} {
		w.Do("registrar", "POST", "/v1/candidates?candidateId=c-"+id, `{"birthName":"Martin","givenNames":["Léa"],"sex":"FEMALE","birthDate":{"year":1998}}`)
	}
	w.Do("registrar", "POST", "/v1/"+world.Session+"/candidacies?candidacyId=k-gone", `{"candidate":"candidates/c-gone","scope":"WHOLE"}`)
	w.Do("registrar", "POST", "/v1/"+world.Session+"/candidacies/k-gone:withdraw", `{}`)
	w.Do("registrar", "POST", "/v1/candidates/c-gone/capitalisations/marketing:recordPriorBloc", `{"bloc":"B4","proof":"PV 2024-3"}`)
	w.Do("registrar", "POST", "/v1/candidates/c-gone:forget", `{"ground":"CONSENT_WITHDRAWN"}`)
	w.Do("registrar", "POST", "/v1/candidates/c-held:placeHold", `{"reason":"recours 26-117"}`)
}
