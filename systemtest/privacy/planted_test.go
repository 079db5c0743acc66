package privacy

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// unplanted are free strings that no accepted call can contain a mark in, by the
// last part of their name, or by RPC. Refused calls plant them anyway.
var unplanted = map[string]string{
	"name":               "given by the service, or part of the path",
	"etag":               "the service's own",
	"grid_etag":          "the service's own",
	"page_token":         "the service's own",
	"filter":             "contains names of resources and of enum values",
	"VerifyAttestation":  "accepts only what the service made: a code or a credential",
	"PublishReferentiel": "its texts are about a certification: they are public",
}

// aboutOthers are RPCs whose texts are not about a candidate.
var aboutOthers = map[string]bool{"CreateKey": true, "CreateSession": true, "UpdateSession": true, "SearchReferentiels": true}

// TestPlantedValues plants marks in every string of every RPC, over both
// transports, and looks for them in all output of the service to callers who may
// not read them. Then it forgets the candidates, and searches the store's file.
func TestPlantedValues(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	p := &planter{World: w, calls: w.Transports(), fields: make(map[string]bool)}
	p.staff()
	w.Do("admin", "POST", "/v1/referentiels:publish", `{"referentielId":"days","referentiel":{"displayName":"Jours","blocs":[{"code":"B1","title":"b","competences":[{"code":"C1","statement":"s","method":{"kind":"OTHER","title":"t"},"criteria":[{"code":"C1.1","statement":"s"}]}]}],"award":{"requirements":[{"code":"DAYS","title":"Jours","kind":"PROOF","atLeast":90}]}}}`)
	for name, call := range p.calls {
		p.story(call, map[string]string{"REST": "a", "gRPC": "b"}[name])
	}
	refused := p.plantEverywhere("office") + p.plantEverywhere("sits")
	p.malform()
	p.checkAllPlanted()
	p.checkOutputs()
	clock, keys := w.Clock, w.Keys
	stop()
	p.checkBefore(compacted(t, dir))

	w, stop = world.Start(t, dir)
	w.Clock, w.Keys = clock, keys
	p.World = w
	for name, call := range w.Transports() {
		label := map[string]string{"REST": "a", "gRPC": "b"}[name]
		p.plant(call, "registrar", "POST", "/v1/candidates/c-"+label+":forget", `{"ground":"OBJECTION","requestId":"{id}"}`)
	}
	p.checkOutputs()
	stop()
	p.checkAfter(compacted(t, dir))
	whole, err := os.ReadFile(filepath.Join(dir, world.StoreFile))
	world.Must(t, err)
	world.CompactStore(t, dir) // what "acquis compact" does
	ours, err := os.ReadFile(filepath.Join(dir, world.StoreFile))
	world.Must(t, err)
	p.checkAfter(ours)
	t.Logf("%d marks in accepted calls, %d calls with a mark in each other string; %d marks are left in free pages of the file before compaction",
		len(p.planted), refused, len(markForm.FindAll(whole, -1)))
}

// staff makes the keys. Two keys that together have every role make the calls
// that are refused for their content.
func (p *planter) staff() {
	for name, role := range map[string]string{
		"registrar": "REGISTRAR", "assessor-1": "ASSESSOR", "assessor-2": "ASSESSOR", "advisor": "DISABILITY_ADVISOR",
		"jury-1": "JURY", "jury-2": "JURY", "auditor": "AUDITOR",
	} {
		p.NewKey(name, role)
	}
	p.NewKey("office", "ADMIN", "REGISTRAR", "ASSESSOR", "DISABILITY_ADVISOR", "READER", "AUDITOR")
	p.NewKey("sits", "JURY", "ASSESSOR", "READER", "AUDITOR")
}

// story plants each free text of an act in an accepted call.
func (p *planter) story(call world.Door, label string) {
	p.T.Helper()
	plant := func(key, method, path, body string) map[string]any {
		p.T.Helper()
		return p.plant(call, key, method, path, body)
	}
	s, c := "/v1/sessions/s-"+label, "/v1/candidates/c-"+label
	k, ledger := s+"/candidacies/k-1", c+"/capitalisations/marketing"
	plant("admin", "POST", "/v1/keys?requestId={id}", `{"subject":"new-`+label+`","displayName":"*","roles":["READER"]}`)
	plant("registrar", "GET", "/v1/referentiels:search?query="+p.word(), "")
	sitting := `{%s"displayName":"*","referentiel":"referentiels/marketing","startDate":{"year":2026,"month":6,"day":15},
		"centre":{"code":"LYON","displayName":"*"},"jury":[{"subject":"jury-1","displayName":"*","external":true,"chair":true},
		{"subject":"jury-2","displayName":"*","quality":"*","profession":"*","organisation":"*"}]}`
	plant("registrar", "POST", "/v1/sessions?sessionId=s-"+label+"&requestId={id}", fmt.Sprintf(sitting, ""))
	plant("registrar", "PATCH", s+"?requestId={id}", fmt.Sprintf(sitting, `"etag":"`+p.Etag("sessions/s-"+label)+`",`))
	person := `{%s"birthName":"*","usageName":"*","givenNames":["*","*"],"sex":"FEMALE","birthDate":{"year":1998},
		"birthPlace":{"postalCode":"*","city":"*","country":"*"},"externalIds":[{"system":"lms","id":"*"}]}`
	plant("registrar", "POST", "/v1/candidates?candidateId=c-"+label+"&requestId={id}", fmt.Sprintf(person, ""))
	plant("registrar", "PATCH", c+"?requestId={id}", fmt.Sprintf(person, `"etag":"`+p.Etag("candidates/c-"+label)+`",`))
	plant("registrar", "GET", "/v1/candidates:lookup?system=lms&id="+p.externalID(), "")
	plant("registrar", "POST", c+":declareTie", `{"subject":"jury-9","kind":"TRAINER","requestId":"{id}"}`)
	plant("registrar", "POST", s+"/candidacies?candidacyId=k-1&requestId={id}", `{"candidate":"candidates/c-`+label+`","scope":"BLOCS","blocs":["B2"]}`)
	p.adapt(plant, k)
	p.Assess("assessor-1", k[len("/v1/"):], "MET")
	for _, assessor := range []string{"assessor-1", "assessor-2"} {
		verdict := map[string]string{"assessor-1": "MET", "assessor-2": "NOT_MET"}[assessor]
		plant(assessor, "POST", k+":recordAssessments",
			`{"assessments":[{"criterion":"C2.1.1","verdict":"`+verdict+`","comment":"*"}],"requestId":"{id}"}`)
	}
	plant("jury-1", "POST", k+":settleCriteria", `{"settlements":[{"criterion":"C2.1.1","verdict":"MET","motive":"*"}],"requestId":"{id}"}`)
	decided := plant("jury-1", "POST", k+":deliberate", `{"gridEtag":"`+p.GridEtag("jury-1", k[len("/v1/"):])+`",
		"membersPresent":["jury-1","jury-2"],"blocDecisions":[{"bloc":"B2","outcome":"NOT_CAPITALISED","motive":"*"}],"requestId":"{id}"}`)
	upheld := plant("jury-1", "POST", "/v1/"+world.Get(decided, "decisions", 0, "name").(string)+":rectify", `{"session":"sessions/s-`+label+`",
		"membersPresent":["jury-1","jury-2"],"outcome":"CAPITALISED","motive":"*","requestId":"{id}"}`)
	attested := plant("registrar", "POST", "/v1/"+world.Get(upheld, "decisions", 0, "name").(string)+":attest", `{"includeName":true,"requestId":"{id}"}`)
	p.attested = append(p.attested, attested["code"].(string))
	plant("registrar", "POST", ledger+":recordPriorBloc", `{"bloc":"B4","proof":"*","requestId":"{id}"}`)
	plant("registrar", "POST", c+"/capitalisations/days:recordRequirement", `{"requirement":"DAYS","amount":60,"proof":"*","requestId":"{id}"}`)
	hold := plant("registrar", "POST", c+":placeHold", `{"reason":"*","requestId":"{id}"}`)
	plant("registrar", "POST", "/v1/"+hold["name"].(string)+":release", `{"requestId":"{id}"}`)
	plant("registrar", "POST", s+":close", `{"requestId":"{id}"}`)
}

// adapt plants the texts about accommodations and exemptions.
func (p *planter) adapt(plant func(key, method, path, body string) map[string]any, k string) {
	for _, decision := range []string{`"granted":true,"arrangement":"*"`, `"granted":false,"reason":"*"`} {
		asked := plant("registrar", "POST", k+":requestAccommodation", `{"kind":"EXTRA_TIME","need":"*","requestId":"{id}"}`)
		plant("advisor", "POST", k+":decideAccommodation", `{"accommodation":"`+asked["name"].(string)+`",`+decision+`,"requestId":"{id}"}`)
	}
	for criterion, decision := range map[string]string{
		"C2.1.2": `"granted":true,"capacityPreserved":{"holds":true,"reason":"*"},"notApplicableInPractice":{"holds":true,"reason":"*"}`,
		"C2.1.3": `"granted":false,"reason":"*"`,
	} {
		plant("advisor", "POST", k+":adviseExemption", `{"criterion":"`+criterion+`","favourable":true,"reasonedAdvice":"*","requestId":"{id}"}`)
		plant("jury-1", "POST", k+":decideExemption", `{"criterion":"`+criterion+`",`+decision+`,"requestId":"{id}"}`)
	}
}

// externalID returns the last planted one.
func (p *planter) externalID() (id string) {
	for _, m := range p.planted {
		if m.field == "candidate.external_ids.id" {
			id = m.word
		}
	}
	return id
}

// malform sends malformed bodies, so that the parser complains.
func (p *planter) malform() {
	for _, body := range []string{`{"birthName":"%s","unknown":1}`, `{"sex":"%s"}`, `{"birthName":"%s"`, `{"%s":1}`, `{"birthDate":"%s"}`, `["%s"]`} {
		a := p.REST("registrar", "POST", "/v1/candidates", fmt.Sprintf(body, p.word()))
		p.malformed.WriteString(a.Raw)
		p.answered.WriteString(a.Headers)
	}
}

// checkAllPlanted: every free string of the contract was planted in an accepted
// call. A new field fails here until the story has it.
func (p *planter) checkAllPlanted() {
	p.T.Helper()
	for _, r := range p.Routes {
		for _, path := range stringFields(r.Input, nil) {
			excused := unplanted[string(path[len(path)-1].Name())] + unplanted[rpc(r)]
			if field := rpc(r) + " " + path.String(); path.free() && excused == "" && !p.fields[field] {
				p.T.Errorf("%s is a free text, but no accepted call plants one", field)
			}
		}
	}
}

// checkOutputs searches output to people who may not read the marks: operators,
// auditors, other callers. A new output is one line here.
func (p *planter) checkOutputs() {
	p.T.Helper()
	for name, output := range map[string]string{
		"log":                p.Logs.String(),
		"metrics":            world.OpsGet(p.T, p.Ops+"/metrics"),
		"readiness":          world.OpsGet(p.T, p.Ops+"/readyz"),
		"liveness":           world.OpsGet(p.T, p.Ops+"/livez"),
		"journal over REST":  p.REST("auditor", "GET", "/v1/events?pageSize=1000", "").Raw,
		"journal over gRPC":  p.GRPC("auditor", "GET", "/v1/events?pageSize=1000", "").Raw,
		"errors and headers": p.answered.String(),
		"OpenAPI":            p.REST("", "GET", "/openapi.json", "").Raw,
		"checkpoint":         p.REST("", "GET", "/v1/checkpoint", "").Raw,
		"published keys":     p.REST("", "GET", "/.well-known/jwks.json", "").Raw,
		"who read files":     p.REST("auditor", "GET", "/v1/accesses?pageSize=1000", "").Raw,
		"attestation, REST":  p.REST("", "GET", "/v1/attestations/"+p.attested[0]+":verify", "").Raw,
		"attestation, gRPC":  p.GRPC("", "POST", "/v1/attestations:verify", `{"code":"`+p.attested[1]+`"}`).Raw,
		"report of a purge":  p.REST("registrar", "POST", "/v1/candidates:purge", `{"validateOnly":true}`).Raw,
	} {
		if output == "" {
			p.T.Errorf("%s: nothing to search", name)
		}
		for _, word := range markForm.FindAllString(output, -1) {
			p.T.Errorf("%s: contains %s", name, p.whose(word))
		}
	}
}

// whose returns where a mark was planted.
func (p *planter) whose(word string) string {
	for _, m := range slices.Concat(p.planted, p.tried) {
		if m.word == word {
			return word + " of " + m.rpc + " " + m.field
		}
	}
	return word + " of a malformed body"
}

// checkBefore: the file contains every current text, so that not finding one
// later means something; and nothing of a replaced identity.
func (p *planter) checkBefore(file []byte) {
	p.T.Helper()
	for _, m := range p.planted {
		read := m.rpc == "LookupCandidate" || m.rpc == "SearchReferentiels" || m.rpc == "CreateSession"
		replaced := m.rpc == "CreateCandidate"
		if found := bytes.Contains(file, []byte(m.word)); !read && found == replaced {
			p.T.Errorf("before: %s is in the file: %v", p.whose(m.word), found)
		}
	}
	if !bytes.Contains(file, fingerprint("lms", p.externalID())) {
		p.T.Error("before: the file has no index of external ids, so that its search shows nothing")
	}
	for _, r := range p.requests {
		if !bytes.Contains(file, r.key) && !aboutOthers[r.rpc] && r.rpc != "LookupCandidate" {
			p.T.Errorf("before: a request of %s is not stored", r.rpc)
		}
	}
}

// checkAfter: nothing of the candidates is left, and everything not about them
// is.
func (p *planter) checkAfter(file []byte) {
	p.T.Helper()
	others := 0
	for _, m := range p.planted {
		found := bytes.Contains(file, []byte(m.word))
		if found && !aboutOthers[m.rpc] {
			p.T.Errorf("after: the file contains %s", p.whose(m.word))
		} else if found {
			others++
		}
		if bytes.Contains(file, fingerprint("lms", m.word)) {
			p.T.Errorf("after: the file contains a digest of %s", p.whose(m.word))
		}
	}
	if others < 10 {
		p.T.Errorf("after: only %d texts about others are left", others)
	}
	for _, r := range p.requests {
		remains := aboutOthers[r.rpc] || r.rpc == "ForgetCandidate" || r.rpc == "CloseSession"
		if bytes.Contains(file, r.key) && !remains {
			p.T.Errorf("after: a request of %s is still stored", r.rpc)
		}
	}
}

// compacted is the store's file without its free pages.
func compacted(t *testing.T, dir string) []byte {
	t.Helper()
	from, err := bbolt.Open(filepath.Join(dir, world.StoreFile), 0o600, &bbolt.Options{ReadOnly: true})
	world.Must(t, err)
	name := filepath.Join(t.TempDir(), "compacted.db")
	to, err := bbolt.Open(name, 0o600, nil)
	world.Must(t, err)
	world.Must(t, bbolt.Compact(to, from, 0))
	world.Must(t, from.Close())
	world.Must(t, to.Close())
	file, err := os.ReadFile(name)
	world.Must(t, err)
	return file
}
