package world

import (
	"strings"
	"time"
)

const Session = "sessions/s-001"

// Populate makes the world in which the cases of refusals.txt run; that file
// describes it.
func (w *World) Populate() {
	w.T.Helper()
	for name, role := range map[string]string{
		"registrar": "REGISTRAR", "assessor-1": "ASSESSOR", "assessor-2": "ASSESSOR", "advisor": "DISABILITY_ADVISOR",
		"jury-1": "JURY", "jury-2": "JURY", "jury-3": "JURY", "tied": "JURY", "stranger": "JURY",
		"reader": "READER", "auditor": "AUDITOR",
	} {
		w.NewKey(name, role)
	}
	w.Do("registrar", "POST", "/v1/sessions?sessionId=s-001", `{"displayName":"Jury de juin","referentiel":"referentiels/marketing",
		"startDate":{"year":2026,"month":6,"day":15},"jury":[
		{"subject":"jury-1","displayName":"Une","external":true,"chair":true},{"subject":"jury-2","displayName":"Deux"},
		{"subject":"jury-3","displayName":"Trois","external":true,"chair":true},{"subject":"tied","displayName":"Liée","external":true}]}`)
	for _, c := range []struct{ id, presents string }{
		{"full", `"scope":"WHOLE"`}, {"pending", `"scope":"WHOLE"`},
		{"contested", `"scope":"BLOCS","blocs":["B2"]`}, {"decided", `"scope":"BLOCS","blocs":["B1"]`},
		{"exempt", `"scope":"BLOCS","blocs":["B3"]`}, {"free", ""},
	} {
		w.Do("registrar", "POST", "/v1/candidates?candidateId=c-"+c.id,
			`{"birthName":"Martin","givenNames":["Léa"],"sex":"FEMALE","birthDate":{"year":1998},"externalIds":[{"system":"lms","id":"`+c.id+`"}]}`)
		if c.presents != "" {
			w.Do("registrar", "POST", "/v1/"+Session+"/candidacies?candidacyId=k-"+c.id, `{"candidate":"candidates/c-`+c.id+`",`+c.presents+`}`)
		}
	}
	w.Do("registrar", "POST", "/v1/candidates/c-full:declareTie", `{"subject":"tied","kind":"TRAINER"}`)
	w.assessAll()
	w.expiredKeys()
}

func (w *World) assessAll() {
	w.T.Helper()
	k := func(id string) string { return "/v1/" + Session + "/candidacies/k-" + id }
	for _, id := range []string{"full", "decided", "contested"} {
		w.Assess("assessor-1", Session+"/candidacies/k-"+id, "MET")
	}
	notMet := func(id, criterion string) {
		w.Do("assessor-2", "POST", k(id)+":recordAssessments", `{"assessments":[{"criterion":"`+criterion+`","verdict":"NOT_MET"}]}`)
	}
	notMet("contested", "C2.1.1")
	notMet("full", "C1.1.1")
	w.Do("jury-1", "POST", k("full")+":settleCriteria", `{"settlements":[{"criterion":"C1.1.1","verdict":"MET","motive":"vu"}]}`)
	w.Do("jury-1", "POST", k("decided")+":deliberate",
		`{"gridEtag":"`+w.GridEtag("jury-1", Session+"/candidacies/k-decided")+`","membersPresent":["jury-1","jury-2"]}`)
	for criterion, favourable := range map[string]string{"C3.1.1": "true", "C3.1.2": "false", "C3.2.1": "true", "C3.2.2": "true"} {
		w.Do("advisor", "POST", k("exempt")+":adviseExemption",
			`{"criterion":"`+criterion+`","favourable":`+favourable+`,"reasonedAdvice":"avis"}`)
	}
	w.Do("jury-1", "POST", k("exempt")+":decideExemption", `{"criterion":"C3.2.1","granted":true,
		"capacityPreserved":{"holds":true,"reason":"r"},"notApplicableInPractice":{"holds":true,"reason":"r"}}`)
	w.Do("registrar", "POST", "/v1/candidates/c-free/capitalisations/marketing:recordPriorBloc", `{"bloc":"B4","proof":"PV 2024-3"}`)
	w.Do("jury-1", "POST", k("pending")+":recordAssessments",
		`{"assessments":[{"criterion":"C1.1.1","verdict":"MET"}],"requestId":"6f1c2f0e-3a55-4c8e-9b37-6c2c53f7d1aa"}`)
}

// expiredKeys makes a key that has expired and one that was revoked.
func (w *World) expiredKeys() {
	w.T.Helper()
	w.NewKeyOf("expired", `{"subject":"old","roles":["REGISTRAR"],"expireTime":"`+w.Clock.Now().Add(time.Minute).Format(time.RFC3339)+`"}`)
	w.NewKey("revoked", "REGISTRAR")
	id := strings.Split(w.Keys["revoked"], "_")[1]
	w.Do("admin", "POST", "/v1/keys/"+id+":revoke", "{}")
	w.Clock.Advance(2 * time.Minute)
	w.Keys["wrong"] = w.Keys["registrar"][:len(w.Keys["registrar"])-6] + "aaaaaa"
}
