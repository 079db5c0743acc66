package requests

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// rarely is true one in n times.
func rarely(c world.Choices, n int) bool { return c.IntN(n) == n-1 }

// A randomCall is a call that may be wrong in any way that HTTP can transport.
type randomCall struct {
	key, method, path, query, body, contentType string
}

func (r randomCall) String() string {
	return fmt.Sprintf("as %q: %s %s?%s (%s) %.2000q", r.key, r.method, r.path, r.query, r.contentType, r.body)
}

// A generator makes random calls of the operations of a document.
type generator struct {
	*world.World
	document *document
	good     map[string][]goodCall // by operation
	names    []string              // of resources that exist
}

// newGenerator makes the populated world.
func newGenerator(w *world.World) *generator {
	w.T.Helper()
	w.Populate()
	populateMore(w)
	return &generator{World: w, document: readDocument(w), good: make(map[string][]goodCall)}
}

// learnAll records the names of existing resources.
func (g *generator) learnAll() {
	g.T.Helper()
	for _, path := range []string{
		"/v1/candidates", "/v1/sessions", "/v1/sessions/-/candidacies", "/v1/candidates/-/decisions", "/v1/referentiels",
		"/v1/referentiels/marketing/revisions", underSession + "k-exempt/accommodations",
	} {
		g.learn(g.Do("registrar", "GET", path, ""))
	}
	for _, name := range slices.Clone(g.names) {
		if sameForm(name, "candidates/*") {
			g.names = append(g.names, name+"/capitalisations/marketing")
		}
	}
}

// populateMore adds candidacies that wait for a jury, and candidates whose
// certification is complete but not awarded: otherwise the few of the populated
// world are soon decided.
func populateMore(w *world.World) {
	w.T.Helper()
	for i := range 12 {
		id := fmt.Sprint("d", i)
		w.Do("registrar", "POST", "/v1/candidates?candidateId=c-"+id, `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
		if i%3 == 0 {
			for _, bloc := range []string{"B1", "B2", "B3", "B4"} {
				w.Do("registrar", "POST", "/v1/candidates/c-"+id+"/capitalisations/marketing:recordPriorBloc", `{"bloc":"`+bloc+`","proof":"PV"}`)
			}
			continue
		}
		w.Do("registrar", "POST", "/v1/"+world.Session+"/candidacies?candidacyId=k-"+id, `{"candidate":"candidates/c-`+id+`","scope":"BLOCS","blocs":["B2"]}`)
		w.Assess("assessor-1", world.Session+"/candidacies/k-"+id, "MET")
	}
}

// learn records the names in an answer, except names of keys: a call that revoked
// a key used by others would end the test.
func (g *generator) learn(answer any) {
	switch answer := answer.(type) {
	case map[string]any:
		for _, field := range []string{"name", "revision"} {
			name, _ := answer[field].(string)
			if strings.Contains(name, "/") && !strings.HasPrefix(name, "keys/") && len(g.names) < 2000 {
				g.names = append(g.names, name)
			}
		}
		for _, field := range slices.Sorted(maps.Keys(answer)) {
			g.learn(answer[field])
		}
	case []any:
		for _, item := range answer {
			g.learn(item)
		}
	}
}

// next makes a call: a good one or one that follows the schema, usually with one
// or two faults.
func (g *generator) next(c world.Choices) randomCall {
	op := world.Pick(c, g.document.operations)
	var call randomCall
	if rarely(c, 3) {
		call = g.fromSchema(c, op)
	} else {
		call = g.fromGood(c, op)
	}
	for range []int{0, 1, 1, 2}[c.IntN(4)] {
		world.Pick(c, mutations)(c, &call)
	}
	return call
}

func (g *generator) fromGood(c world.Choices, op *operation) randomCall {
	good := world.Pick(c, g.good[op.id])
	path, query, _ := strings.Cut(good.path, "?")
	call := randomCall{key: good.key, method: good.method, path: path, query: query, body: good.body, contentType: "application/json"}
	for _, p := range op.parameters { // another id each time, otherwise the second is refused
		if p.in == "query" && strings.HasSuffix(p.name, "Id") && !rarely(c, 4) {
			call.query = url.Values{p.name: {world.Pick(c, g.strings(c, p.name))}}.Encode()
		}
	}
	if rarely(c, 2) {
		call.path = g.path(c, op)
	}
	return g.withGridEtag(c, call)
}

// withGridEtag gives a deliberation the current etag of the grid; otherwise
// nearly all would be refused for that alone.
func (g *generator) withGridEtag(c world.Choices, call randomCall) randomCall {
	candidacy, deliberates := strings.CutSuffix(call.path, ":deliberate")
	var body map[string]any
	if !deliberates || rarely(c, 4) || json.Unmarshal([]byte(call.body), &body) != nil {
		return call
	}
	body["gridEtag"] = g.REST("jury-1", "GET", candidacy+"/grid", "").Body["etag"]
	call.body = encode(body)
	return call
}

func (g *generator) fromSchema(c world.Choices, op *operation) randomCall {
	call := randomCall{key: world.Pick(c, op.admitted), method: op.method, path: g.path(c, op), contentType: "application/json"}
	query := url.Values{}
	for _, p := range op.parameters {
		switch {
		case p.in == "body":
			call.body = encode(g.value(c, p.schema, p.name))
		case p.in == "query" && (p.required || rarely(c, 2)):
			query.Set(p.name, fmt.Sprint(g.value(c, p.schema, p.name)))
		}
	}
	call.query = query.Encode()
	return g.withGridEtag(c, call)
}

// path puts existing names into the path, sometimes ones that may not exist.
func (g *generator) path(c world.Choices, op *operation) string {
	path := op.path
	for _, p := range op.parameters {
		if p.in == "path" {
			path = strings.ReplaceAll(path, "{"+p.name+"}", g.nameLike(c, patternOf(p.schema)))
		}
	}
	return path
}

// nameLike returns a name of the form sessions/[^/]+/candidacies/[^/]+.
func (g *generator) nameLike(c world.Choices, form string) string {
	var fitting []string
	for _, name := range g.names {
		if sameForm(name, form) {
			fitting = append(fitting, name)
		}
	}
	if len(fitting) > 0 && !rarely(c, 8) {
		return world.Pick(c, fitting)
	}
	parts := strings.Split(strings.ReplaceAll(form, "[^/]+", "*"), "/")
	for i := 1; i < len(parts); i += 2 {
		if parts[i] == "*" {
			parts[i] = url.PathEscape(world.Pick(c, g.strings(c, parts[i-1])))
		}
	}
	return strings.Join(parts, "/")
}

func sameForm(name, form string) bool {
	parts, forms := strings.Split(name, "/"), strings.Split(strings.ReplaceAll(form, "[^/]+", "*"), "/")
	if len(parts) != len(forms) {
		return false
	}
	for i := range parts {
		if forms[i] != "*" && forms[i] != parts[i] {
			return false
		}
	}
	return true
}

// value makes a value of a schema; name is that of its field.
func (g *generator) value(c world.Choices, schema map[string]any, name string) any {
	if reference, ok := schema["$ref"].(string); ok {
		schema = g.document.definitions[strings.TrimPrefix(reference, "#/definitions/")].(map[string]any)
	}
	if values, ok := schema["enum"].([]any); ok {
		return world.Pick(c, values)
	}
	switch schema["type"] {
	case "object":
		return g.object(c, schema)
	case "array":
		items := make([]any, c.IntN(4))
		for i := range items {
			items[i] = g.value(c, schema["items"].(map[string]any), name)
		}
		return items
	case "boolean":
		return rarely(c, 2)
	case "integer":
		return world.Pick(c, append([]int{0, 1, -1, 2, 100, 101, 1 << 31, -1 << 31}, numbers[name]...))
	}
	if schema["format"] == "date-time" {
		return world.Pick(c, []string{"2030-01-01T00:00:00Z", "2026-06-15T09:00:00.123456789+02:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "x"})
	}
	return world.Pick(c, g.strings(c, name))
}

func (g *generator) object(c world.Choices, schema map[string]any) map[string]any {
	fields := make(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property := properties[name].(map[string]any)
		switch {
		case slices.Contains(required, any(name)) && !rarely(c, 16):
		case property["readOnly"] == true && !rarely(c, 8), rarely(c, 2):
			continue
		}
		fields[name] = g.value(c, property, name)
	}
	return fields
}

// numbers that a field often has; the first ones are tried for every field.
var numbers = map[string][]int{
	"year": {1998, 2026, 2026, 2030, 2030}, "month": {1, 2, 6, 12, 13}, "day": {1, 1, 15, 28, 29, 30, 31, 32},
	"pageSize": {1, 2, 10, 50, 1000, 1001},
}

// strings lists possible values of a field with that name, or of an id in that
// collection.
func (g *generator) strings(c world.Choices, name string) []string {
	if rarely(c, 16) {
		return oddStrings
	}
	if made, ok := idPrefixes[name]; ok {
		return []string{made + "r1", fmt.Sprintf("%sn%d", made, c.IntN(1000)), fmt.Sprintf("%sm%d", made, c.IntN(100000))}
	}
	if known, ok := knownStrings[name]; ok {
		return known
	}
	switch name {
	case "candidate", "session", "referentiel", "accommodation":
		form := map[string]string{
			"candidate": "candidates/*", "session": "sessions/*", "referentiel": "referentiels/*",
			"accommodation": "sessions/*/candidacies/*/accommodations/*",
		}[name]
		return []string{g.nameLike(c, form)}
	case "requestId":
		return []string{"", world.RequestID, fmt.Sprintf("0a1b2c3d-4e5f-4a6b-8c7d-%012d", c.IntN(100000))}
	}
	return []string{"", "x", "Zoé", "un texte", "2026"}
}

var idPrefixes = map[string]string{"candidateId": "c-", "sessionId": "s-", "candidacyId": "k-"}

// knownStrings are what callers would send, by the name of the field or, in
// paths, of the collection.
var knownStrings = map[string][]string{
	"criterion": criteriaAndOthers, "criteria": criteriaAndOthers,
	"bloc": blocs, "blocs": blocs, "code": append(criteriaAndOthers, blocs...),
	"competences": {"C1.1", "C2.1", "C3.1", "C9.9"}, "competence": {"C1.1", "C9.9"},
	"subject": subjects, "assessor": subjects, "membersPresent": subjects,
	"etag": {"", "1", "2", "3", "99"}, "pageToken": {"", "bm9uc2Vuc2U"},
	"filter": {"", "state = OPEN", "state = DECIDED", "effective = true", "NOT effective", `session = "sessions/s-001"`, `centre = "LYON"`,
		"outcome = CAPITALISED OR kind = AWARD", `decide_time > timestamp("2026-01-01T00:00:00Z")`, "state = ", "((((", `a:"\xff"`},
	"query": {"veille", "", "C1.1", "marché", strings.Repeat("mot ", 100)}, "after": {"0", "1", "30", "-1", "9223372036854775807", "9223372036854775808"},
	"referentielId": {"sales", "other", "Not a label"}, "system": {"lms", "crm", ""}, "id": {"full", "1", "2", ""},
	"sessions": {"s-001", "s-r1", "-"}, "candidates": {"c-full", "c-r1", "-"}, "candidacies": {"k-full", "k-pending", "k-exempt", "-"},
	"capitalisations": {"marketing", "marketing", "marketing", "sales", "none"}, "decisions": {"1", "60"}, "keys": {"aaaaaaaaaaaaaaaa", "x"},
	"referentiels": {"marketing", "sales", "none"}, "revisions": {strings.Repeat("0", 32), "1"}, "accommodations": {"1"},
}

var (
	blocs             = []string{"B1", "B2", "B3", "B4", "B9"}
	subjects          = []string{"jury-1", "jury-2", "jury-3", "tied", "assessor-1", "nobody"}
	criteriaAndOthers = []string{"C1.1.1", "C1.1.2", "C2.1.1", "C3.1.1", "C3.1.2", "C3.2.2", "C4.4.8", "C9.9.9"}
	oddStrings        = []string{"", " ", "\u0000", "e\u0301", "\u202e", "..", "%2F", "a/b", "<b>", "'; --", "%zz", "𝕏", "-", ":", strings.Repeat("é", 300), strings.Repeat("x", 9000)}
)

func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it was made of JSON
	}
	return string(text)
}
