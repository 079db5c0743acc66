package world

import (
	"fmt"
	"strings"
)

// GuardJury is a day and a jury, as fields of a session.
const GuardJury = `"startDate":{"year":2026,"month":6,"day":15},"jury":[{"subject":"jury-1","displayName":"Une","external":true,"chair":true},
	{"subject":"jury-2","displayName":"Deux"},{"subject":"jury-3","displayName":"Trois","external":true,"chair":true}]`

// Elsewhere makes sessions without candidacies whose juries act for candidates of
// others: s-award awards, s-rect rectifies. In s-held a jury deliberates on blocs
// that are already held, so that nothing is decided; from s-left the only
// candidacy withdraws.
func (w *World) Elsewhere() {
	for name, role := range map[string]string{
		"registrar": "REGISTRAR", "assessor-1": "ASSESSOR", "jury-1": "JURY", "reader": "READER",
	} {
		w.NewKey(name, role)
	}
	w.PublishMini("Mini", `"minAssessors":1`)
	for _, session := range []string{"s-first", "s-held", "s-rect", "s-award", "s-left"} {
		w.Do("registrar", "POST", "/v1/sessions?sessionId="+session, `{"displayName":"d","referentiel":"referentiels/mini",`+GuardJury+`}`)
	}
	for _, label := range []string{"c-dec", "c-prior"} {
		w.Do("registrar", "POST", "/v1/candidates?candidateId="+label, `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
	}
	const present = `"membersPresent":["jury-1","jury-2"]`
	deliberate := func(session string) {
		candidacy := "sessions/" + session + "/candidacies/k"
		w.Do("jury-1", "POST", "/v1/"+candidacy+":deliberate", `{"gridEtag":"`+w.GridEtag("jury-1", candidacy)+`",`+present+`}`)
	}
	w.Do("registrar", "POST", "/v1/sessions/s-first/candidacies?candidacyId=k", `{"candidate":"candidates/c-dec","scope":"BLOCS","blocs":["B2"]}`)
	w.Assess("assessor-1", "sessions/s-first/candidacies/k", "MET")
	deliberate("s-first")
	decision := w.NameIn("reader", "/v1/candidates/c-dec/decisions", "decisions", 0)
	w.Do("jury-1", "POST", "/v1/"+decision+":rectify", `{"session":"sessions/s-rect",`+present+`,"outcome":"NOT_CAPITALISED","motive":"appel"}`)

	w.Do("registrar", "POST", "/v1/sessions/s-held/candidacies?candidacyId=k", `{"candidate":"candidates/c-prior","scope":"BLOCS","blocs":["B2"]}`)
	for _, bloc := range []string{"B1", "B2"} {
		w.Do("registrar", "POST", "/v1/candidates/c-prior/capitalisations/mini:recordPriorBloc", `{"bloc":"`+bloc+`","proof":"PV"}`)
	}
	w.Do("jury-1", "POST", "/v1/candidates/c-prior/capitalisations/mini:award", `{"session":"sessions/s-award",`+present+`}`)
	deliberate("s-held")
	w.Do("registrar", "POST", "/v1/sessions/s-left/candidacies?candidacyId=k", `{"candidate":"candidates/c-dec","scope":"BLOCS","blocs":["B1"]}`)
	w.Do("registrar", "POST", "/v1/sessions/s-left/candidacies/k:withdraw", `{}`)
}

// PublishMini publishes a revision of a référentiel of two small blocs.
func (w *World) PublishMini(name, rules string) { w.PublishAs("mini", name, rules) }

// PublishAs publishes that référentiel under an id.
func (w *World) PublishAs(id, name, rules string) {
	w.T.Helper()
	var blocs []string
	for b := 1; b <= 2; b++ {
		var competences []string
		for c := 1; c <= 2; c++ {
			competences = append(competences, fmt.Sprintf(`{"code":"C%[1]d.%[2]d","statement":"s","method":{"kind":"OTHER","title":"m"},
				"criteria":[{"code":"C%[1]d.%[2]d.1","statement":"a","eliminatory":%[3]t},{"code":"C%[1]d.%[2]d.2","statement":"b"}]}`, b, c, b*c == 4))
		}
		blocs = append(blocs, fmt.Sprintf(`{"code":"B%[1]d","title":"t","activities":[{"code":"A%[1]d","title":"a"}],"competences":[%[2]s]}`,
			b, strings.Join(competences, ",")))
	}
	w.Do("admin", "POST", "/v1/referentiels:publish", fmt.Sprintf(
		`{"referentielId":%q,"referentiel":{"displayName":%q,"blocs":[%s],"rules":{%s}}}`, id, name, strings.Join(blocs, ","), rules))
}
