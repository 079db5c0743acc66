package callers

import (
	"fmt"
	"strings"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// smallReferentiel has one bloc, one compétence and two criteria: enough for
// every act.
const smallReferentiel = `{"displayName":"Petit","blocs":[{"code":"B1","title":"Bloc","activities":[{"code":"A1","title":"Activité"}],
	"competences":[{"code":"C1.1","statement":"Savoir faire","method":{"kind":"SITUATIONAL_EXERCISE","title":"Mise en situation"},
	"criteria":[{"code":"C1.1.1","statement":"Un"},{"code":"C1.1.2","statement":"Deux"}]}]}]}`

// populateMatrix makes the callers of matrix.txt and the resources that all its
// cases share.
func populateMatrix(w *world.World) {
	w.T.Helper()
	for _, name := range []string{"registrar", "assessor", "assessor-other", "jury", "jury-other", "advisor", "reader", "auditor"} {
		w.NewKey(name, matrixRole(name))
	}
	for _, name := range []string{"registrar", "advisor", "reader"} {
		w.NewKeyOf(name+"@PARIS", fmt.Sprintf(`{"subject":"%s-paris","roles":[%q],"centre":"PARIS"}`, name, matrixRole(name)))
	}
	w.NewKeyOf("lyon", `{"subject":"lyon","roles":["REGISTRAR"],"centre":"LYON"}`)
	other := strings.TrimSuffix(smallReferentiel, "}") + `,"award":{"requirements":[{"code":"DAYS","title":"Jours","kind":"PROOF","atLeast":90}]}}`
	for id, content := range map[string]string{"small": smallReferentiel, "other": other} {
		w.Do("admin", "POST", "/v1/referentiels:publish", `{"referentielId":"`+id+`","referentiel":`+content+`}`)
	}
}

// A matrixCase is one candidacy of matrix.txt, with the ids of everything that
// belongs to it.
type matrixCase struct {
	label        string // of candidacy, candidate and session
	session      string // the label, or that of a session that does not exist
	accommodated string
	decision     string
	complete     string // the ledger, if it can be awarded
	hold         string
	key          string
	revision     string
	gridEtag     string
	etag         string // of the candidate
	sessionEtag  string
	number       *int // of the last unused id
}

// ghost is a case that does not exist.
var ghost = matrixCase{
	label: "case-none", session: "case-none", accommodated: "1", decision: "1", hold: "1", key: strings.Repeat("a", 16),
	revision: "referentiels/small/revisions/" + strings.Repeat("0", 32), gridEtag: "none", etag: "none", sessionEtag: "none", number: new(int),
}

func (c matrixCase) fill(text, caller string) string {
	*c.number++
	return strings.NewReplacer("{s}", c.session, "{k}", c.label, "{c}", c.label, "{a}", c.accommodated, "{d}", c.decision, "{h}", c.hold,
		"{key}", c.key, "{revision}", c.revision, "{gridEtag}", c.gridEtag, "{cEtag}", c.etag, "{sEtag}", c.sessionEtag, "{me}", strings.Replace(caller, "@PARIS", "-paris", 1),
		"{n}", fmt.Sprintf("unused-%d", *c.number), "{small}", smallReferentiel).Replace(text)
}

// rename replaces the case's ids in an answer by the ghost's.
func (c matrixCase) rename(answer string) string {
	return strings.NewReplacer(c.label, ghost.label, "/accommodations/"+c.accommodated, "/accommodations/"+ghost.accommodated,
		"/decisions/"+c.decision, "/decisions/"+ghost.decision, "/holds/"+c.hold, "/holds/"+ghost.hold, c.key, ghost.key).Replace(answer)
}

// without is the case without what an answer says does not exist: the session of
// an act that names another session's decision, otherwise everything.
func (c matrixCase) without(answer string) matrixCase {
	if c.decision == "0" && c.complete == "" || !strings.Contains(answer, `"sessions/`+c.label+` does not exist"`) {
		return ghost
	}
	c.session = ghost.session
	return c
}

// matrixCases are cases by their state, which no test changes.
type matrixCases map[string]matrixCase

func (m matrixCases) of(w *world.World, state string) matrixCase {
	w.T.Helper()
	if _, ok := m[state]; !ok {
		m[state] = caseOf(w, state)
	}
	return m[state]
}

// caseOf makes a case and brings it into a state.
func caseOf(w *world.World, state string) matrixCase {
	w.T.Helper()
	*ghost.number++
	c := matrixCase{label: fmt.Sprintf("case-%d", *ghost.number), accommodated: "0", decision: "0", hold: "0", number: ghost.number}
	c.session = c.label
	c.sessionEtag = w.Do("lyon", "POST", "/v1/sessions?sessionId="+c.label, `{"displayName":"`+c.label+`","referentiel":"referentiels/small",
		"startDate":{"year":2026,"month":6,"day":15},"centre":{"code":"LYON"},"assessors":[{"subject":"assessor"}],"jury":[
		{"subject":"jury","displayName":"Une","external":true,"chair":true},{"subject":"colleague","displayName":"Deux"}]}`)["etag"].(string)
	c.etag = w.Do("lyon", "POST", "/v1/candidates?candidateId="+c.label, `{"birthName":"N","givenNames":["G"],"sex":"MALE",
		"birthDate":{"year":1990},"externalIds":[{"system":"lms","id":"`+c.label+`"}]}`)["etag"].(string)
	w.Do("lyon", "POST", "/v1/sessions/"+c.label+"/candidacies?candidacyId="+c.label, `{"candidate":"candidates/`+c.label+`","scope":"WHOLE"}`)
	c.revision = w.Do("reader", "GET", "/v1/referentiels/small", "")["revision"].(string)
	c.key = strings.TrimPrefix(world.Get(w.Do("admin", "POST", "/v1/keys", `{"subject":"spare","roles":["READER"]}`), "key", "name").(string), "keys/")
	bring(w, &c, state)
	return c
}

func bring(w *world.World, c *matrixCase, state string) {
	w.T.Helper()
	k := "/v1/sessions/" + c.label + "/candidacies/" + c.label
	verdicts := func(key, first, second string) {
		w.Do(key, "POST", k+":recordAssessments", fmt.Sprintf(
			`{"assessments":[{"criterion":"C1.1.1","verdict":%q},{"criterion":"C1.1.2","verdict":%q}]}`, first, second))
	}
	switch state {
	case "enrolled":
	case "assessed", "contested", "decided", "capitalised":
		first := map[string]string{"assessed": "MET", "contested": "MET", "decided": "NOT_MET", "capitalised": "MET"}[state]
		verdicts("assessor", first, "MET")
		if state == "contested" {
			first = "NOT_MET"
		}
		verdicts("jury", first, "MET")
		c.gridEtag = w.GridEtag("jury", strings.TrimPrefix(k, "/v1/"))
		if state == "decided" || state == "capitalised" {
			made := w.Do("jury", "POST", k+":deliberate", `{"gridEtag":"`+c.gridEtag+`","membersPresent":["jury","colleague"]}`)
			name := world.Get(made, "decisions", 0, "name").(string)
			c.decision = name[strings.LastIndex(name, "/")+1:]
		}
	case "asked":
		name := w.Do("registrar", "POST", k+":requestAccommodation", `{"kind":"EXTRA_TIME","need":"n"}`)["name"].(string)
		c.accommodated = name[strings.LastIndex(name, "/")+1:]
	case "advised":
		w.Do("advisor", "POST", k+":adviseExemption", `{"criterion":"C1.1.1","favourable":true,"reasonedAdvice":"r"}`)
	case "held":
		name := w.Do("registrar", "POST", "/v1/candidates/"+c.label+":placeHold", `{"reason":"r"}`)["name"].(string)
		c.hold = name[strings.LastIndex(name, "/")+1:]
	case "withdrawn":
		w.Do("registrar", "POST", k+":withdraw", `{}`)
	case "complete":
		c.complete = "/v1/candidates/" + c.label + "/capitalisations/small"
		w.Do("registrar", "POST", c.complete+":recordPriorBloc", `{"bloc":"B1","proof":"p"}`)
	default:
		w.T.Fatalf("no state %q", state)
	}
}
