package requests

import (
	"regexp"
	"strings"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// A goodCall is one that succeeds in the populated world, after those before it.
// Markers in it stand for values that only the service knows: {etag CANDIDACY}
// for the etag of a grid, {version NAME} for that of a resource, {decision N},
// {award}, {undivided}, {key last} and {accommodation} for the names of created resources,
// {marketing} for the whole référentiel, {unnamed} for it without its name,
// {marketing revision} for its name, {solo} for the same with a jury of one member.
type goodCall struct{ key, method, path, body string }

const underSession = "/v1/" + world.Session + "/candidacies/"

// goodCalls has every operation at least once: random requests mutate these
// calls, and they show that each operation can answer 200.
var goodCalls = []goodCall{
	{"reader", "GET", "/v1/candidates?pageSize=5", ""},
	{"reader", "GET", "/v1/candidates:lookup?system=lms&id=full", ""},
	{"auditor", "GET", "/v1/events?after=3&pageSize=20", ""},
	{"admin", "GET", "/v1/keys?pageSize=100", ""},
	{"admin", "POST", "/v1/keys?requestId=" + world.RequestID, `{"subject":"platform","displayName":"LMS","roles":["ASSESSOR"],"delegate":true,"expireTime":"2030-01-01T00:00:00Z"}`},
	{"reader", "GET", "/v1/referentiels", ""},
	{"admin", "POST", "/v1/referentiels:publish", `{"referentielId":"marketing","referentiel":{marketing},"validateOnly":true}`},
	{"admin", "POST", "/v1/referentiels:publish", `{"referentielId":"sales","referentiel":{unnamed}}`},
	{"reader", "GET", "/v1/referentiels:search?query=veille&pageSize=3", ""},
	{"reader", "GET", "/v1/referentiels/marketing", ""},
	{"reader", "GET", "/v1/{marketing revision}", ""},
	{"reader", "GET", "/v1/{marketing revision}:diff?to=referentiels/sales", ""},
	{"reader", "GET", "/v1/referentiels/marketing/revisions", ""},
	{"reader", "GET", "/v1/referentiels/marketing/blocs/B1", ""},
	{"reader", "GET", "/v1/{marketing revision}/blocs/B2", ""},
	{"registrar", "POST", "/v1/candidates?candidateId=c-r1", `{"birthName":"Dubois","usageName":"Duval","givenNames":["Inès","Zoé"],"sex":"FEMALE","birthDate":{"year":1998,"month":2,"day":28},"birthPlace":{"city":"Lyon","countryCode":"99100"},"externalIds":[{"system":"crm","id":"1"}]}`},
	{"registrar", "POST", "/v1/candidates?candidateId=c-r2", `{"birthName":"Petit","givenNames":["Paul"],"sex":"MALE","birthDate":{"year":2001}}`},
	{"registrar", "GET", "/v1/candidates/c-r1", ""},
	{"registrar", "PATCH", "/v1/candidates/c-r1", `{"etag":"{version candidates/c-r1}","usageName":"Dupont"}`},
	{"registrar", "POST", "/v1/candidates/c-r1:declareTie", `{"subject":"jury-3","kind":"EMPLOYER"}`},
	{"registrar", "POST", "/v1/sessions?sessionId=s-r1", `{"displayName":"d","referentiel":"referentiels/marketing","startDate":{"year":2026,"month":1,"day":1},"endDate":{"year":2026,"month":1,"day":2},"centre":{"code":"LYON","displayName":"Lyon"},"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},{"subject":"jury-2","displayName":"Deux"}]}`},
	{"reader", "GET", "/v1/sessions?filter=state%20%3D%20OPEN", ""},
	{"reader", "GET", "/v1/sessions/s-r1", ""},
	{"registrar", "PATCH", "/v1/sessions/s-r1", `{"etag":"{version sessions/s-r1}","displayName":"e"}`},
	{"registrar", "POST", "/v1/sessions/s-r1/candidacies?candidacyId=k-r1", `{"candidate":"candidates/c-r1","scope":"BLOCS","blocs":["B1","B2"],"accessRoute":"CONTINUING_TRAINING"}`},
	{"reader", "GET", "/v1/sessions/-/candidacies?pageSize=50", ""},
	{"reader", "GET", "/v1/sessions/s-r1/candidacies/k-r1", ""},
	{"registrar", "POST", "/v1/sessions/s-r1/candidacies/k-r1:withdraw", `{"blocs":["B1"]}`},
	{"registrar", "POST", "/v1/sessions/s-r1/candidacies/k-r1:reinstate", `{"blocs":["B1"]}`},
	{"registrar", "POST", "/v1/sessions/s-r1/candidacies/k-r1:markAbsent", `{}`},
	{"registrar", "POST", "/v1/sessions/s-r1:close", `{}`},
	{"registrar", "POST", "/v1/sessions?sessionId=s-r2", `{"displayName":"d","referentiel":"referentiels/sales",` + laterJury},
	{"registrar", "POST", "/v1/sessions/s-r2:cancel", `{}`},
	{"assessor-1", "POST", underSession + "k-pending:recordAssessments", `{"assessments":[{"criterion":"C1.1.3","verdict":"MET","comment":"bien"},{"criterion":"C1.1.4","verdict":"PARTIALLY_MET"}]}`},
	{"assessor-1", "POST", underSession + "k-pending:retractAssessments", `{"criteria":["C1.1.4"]}`},
	{"assessor-1", "GET", underSession + "k-pending/grid", ""},
	{"jury-1", "POST", underSession + "k-contested:settleCriteria", `{"settlements":[{"criterion":"C2.1.1","verdict":"PARTIALLY_MET","motive":"vu"}]}`},
	{"advisor", "POST", underSession + "k-exempt:requestAccommodation", `{"kind":"EXTRA_TIME","competences":["C3.1"],"need":"un tiers temps"}`},
	{"advisor", "POST", underSession + "k-exempt:decideAccommodation", `{"accommodation":"{accommodation}","granted":true,"arrangement":"un tiers temps"}`},
	{"registrar", "GET", underSession + "k-exempt/accommodations", ""},
	{"advisor", "POST", underSession + "k-exempt:adviseExemption", `{"criterion":"C3.1.3","favourable":true,"reasonedAdvice":"avis"}`},
	{"jury-1", "POST", underSession + "k-exempt:decideExemption", `{"criterion":"C3.1.1","granted":true,"capacityPreserved":{"holds":true,"reason":"r"},"notApplicableInPractice":{"holds":true,"reason":"r"}}`},
	{"jury-1", "GET", underSession + "k-exempt/exemptions?pageSize=10", ""},
	{"jury-1", "POST", underSession + "k-full:deliberate", `{"gridEtag":"{etag sessions/s-001/candidacies/k-full}","membersPresent":["jury-1","jury-2"]}`},
	{"reader", "GET", "/v1/candidates/-/decisions?pageSize=20", ""},
	{"reader", "GET", "/v1/{decision 0}", ""},
	{"reader", "GET", "/v1/{decision 0}/proof", ""},
	{"registrar", "POST", "/v1/{decision 0}:attest", `{"includeName":true}`},
	{"reader", "POST", "/v1/attestations:verify", `{"code":"3333-3333-3333-3333"}`},
	{"reader", "GET", "/v1/attestations/3333-3333-3333-3333:verify", ""},
	{"reader", "GET", "/v1/checkpoint", ""},
	{"reader", "GET", "/v1/checkpoint:consistency?from=3", ""},
	{"auditor", "GET", "/v1/events/3/inclusionProof?treeSize=5", ""},
	{"auditor", "GET", "/v1/accesses?pageSize=10", ""},
	{"jury-1", "POST", "/v1/{decision 0}:rectify", `{"session":"sessions/s-001","membersPresent":["jury-1","jury-2"],"outcome":"NOT_CAPITALISED","motive":"appel"}`},
	{"admin", "POST", "/v1/referentiels:publish", `{"referentielId":"days","referentiel":{"displayName":"Jours","blocs":[{"code":"B1","title":"b","competences":[{"code":"C1","statement":"s","method":{"kind":"OTHER","title":"t"},"criteria":[{"code":"C1.1","statement":"s"}]}]}],"award":{"requirements":[{"code":"DAYS","title":"Jours","kind":"PROOF","atLeast":90}]}}}`},
	{"admin", "POST", "/v1/referentiels:publish", `{"referentielId":"paths","referentiel":{"displayName":"Options","blocs":[{"code":"B1","title":"b","competences":[{"code":"C1","statement":"s","method":{"kind":"OTHER","title":"t"},"criteria":[{"code":"C1.1","statement":"s"}]}]},{"code":"B2","title":"b","competences":[{"code":"C2","statement":"s","method":{"kind":"OTHER","title":"t"},"criteria":[{"code":"C2.1","statement":"s"}]}]},{"code":"B3","title":"b","competences":[{"code":"C3","statement":"s","method":{"kind":"OTHER","title":"t"},"criteria":[{"code":"C3.1","statement":"s"}]}]}],"award":{"choose":[{"from":["B2"],"atLeast":1}],"options":[{"code":"A","title":"a","blocs":["B3"]}],"requirements":[{"code":"TEST","title":"t","kind":"PROOF"}]}}}`},
	{"registrar", "POST", "/v1/sessions?sessionId=s-days", `{"displayName":"d","referentiel":"referentiels/days",` + laterJury},
	{"registrar", "POST", "/v1/sessions?sessionId=s-paths", `{"displayName":"d","referentiel":"referentiels/paths",` + laterJury},
	{"registrar", "POST", "/v1/candidates/c-free/capitalisations/days:recordRequirement", `{"requirement":"DAYS","amount":60,"proof":"attestation"}`},
	{"registrar", "POST", "/v1/candidates/c-free/capitalisations/days:recordPriorBloc", `{"bloc":"B1","proof":"PV"}`},
	{"registrar", "POST", "/v1/candidates/c-free/capitalisations/paths:recordRequirement", `{"requirement":"TEST","proof":"attestation"}`},
	{"registrar", "POST", "/v1/candidates/c-free/capitalisations/marketing:recordPriorBloc", `{"bloc":"B1","proof":"PV"}`},
	{"registrar", "POST", "/v1/candidates/c-free/capitalisations/marketing:recordPriorBloc", `{"bloc":"B2","proof":"PV"}`},
	{"registrar", "POST", "/v1/candidates/c-free/capitalisations/marketing:recordPriorBloc", `{"bloc":"B3","proof":"PV"}`},
	{"registrar", "POST", "/v1/sessions?sessionId=s-r5", `{"displayName":"d","referentiel":"referentiels/marketing",` + laterJury},
	{"jury-1", "POST", "/v1/candidates/c-free/capitalisations/marketing:award", `{"session":"sessions/s-r5","membersPresent":["jury-1","jury-2"]}`},
	{"reader", "GET", "/v1/candidates/c-free/capitalisations/marketing", ""},
	{"reader", "GET", "/v1/sessions/s-001/deliberationRecord", ""},
	{"registrar", "POST", "/v1/candidates?candidateId=c-r3", `{"birthName":"Double","givenNames":["Paul"],"sex":"MALE","birthDate":{"year":2001}}`},
	{"registrar", "POST", "/v1/candidates/c-r3:placeHold", `{"reason":"recours","untilDate":{"year":2030,"month":1,"day":1}}`},
	{"registrar", "GET", "/v1/candidates/c-r3/holds", ""},
	{"registrar", "POST", "/v1/{hold}:release", `{}`},
	{"registrar", "GET", "/v1/candidates/c-full:export", ""},
	{"registrar", "POST", "/v1/candidates:purge", `{"validateOnly":true}`},
	{"registrar", "POST", "/v1/candidates/c-r3:forget", `{"ground":"UNLAWFUL"}`},
	{"admin", "POST", "/v1/{key last}:revoke", `{}`},
}

var marker = regexp.MustCompile(`\{(etag [a-z0-9/-]+|version [a-z0-9/-]+|decision [0-9]+|award|key first|key last|accommodation|hold|undivided|marketing|unnamed|marketing revision|solo)\}`)

// fill replaces a call's markers by the service's values.
func fill(w *world.World, text string) string {
	w.T.Helper()
	return marker.ReplaceAllStringFunc(text, func(m string) string {
		what, which, _ := strings.Cut(strings.Trim(m, "{}"), " ")
		switch what {
		case "etag":
			return w.GridEtag("jury-1", which)
		case "version":
			return w.Etag(which)
		case "decision":
			return w.NameIn("reader", "/v1/candidates/-/decisions?pageSize=100", "decisions", int(which[0]-'0'))
		case "award":
			return w.NameIn("reader", "/v1/candidates/-/decisions?pageSize=100&filter=kind%3DAWARD", "decisions", -1)
		case "key":
			return w.NameIn("admin", "/v1/keys?pageSize=1000", "keys", map[string]int{"first": 0, "last": -1}[which])
		case "hold":
			return w.NameIn("registrar", "/v1/candidates/c-r3/holds", "holds", -1)
		case "undivided":
			return w.NameIn("reader", "/v1/candidates/c-r2/decisions", "decisions", -1)
		case "accommodation":
			return w.NameIn("advisor", underSession+"k-exempt/accommodations", "accommodations", -1)
		}
		marketing := w.REST("reader", "GET", "/v1/referentiels/marketing", "")
		switch {
		case what == "unnamed":
			return strings.Replace(world.Compact(marketing.Raw), `"name":"referentiels/marketing",`, "", 1)
		case which == "revision":
			return marketing.Body["revision"].(string)
		case what == "solo":
			return `{"rules":{"jury":{"minMembers":1}},` + strings.TrimPrefix(marketing.Raw, "{")
		}
		return marketing.Raw
	})
}
