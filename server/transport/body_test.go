package transport

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/contract"
)

// post sends a body with a key and headers.
func (s *stage) post(key, path, body string, headers ...string) answer {
	s.t.Helper()
	return s.sendAs(key, http.MethodPost, path, body, headers...)
}

func (s *stage) sendAs(key, method, path, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	must(s.t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return s.answerTo(req, key)
}

// TestMedia: a body is JSON in UTF-8, not compressed, or it is refused with what to
// do. Without a type it is taken for JSON.
func TestMedia(t *testing.T) {
	s := newStage(t, every)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.WriteString(w, `{}`)
	must(t, err)
	must(t, w.Close())
	for what, c := range map[string]struct {
		body, field string
		headers     []string
	}{
		"JSON":               {`{"x":1}`, "", []string{"Content-Type", "application/json"}},
		"JSON in UTF-8":      {`{"x":1}`, "", []string{"Content-Type", "Application/JSON; charset=UTF-8"}},
		"no type":            {`{"x":1}`, "", nil},
		"not packed":         {`{"x":1}`, "", []string{"Content-Encoding", "identity"}},
		"a form":             {`{}`, "Content-Type", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		"text":               {`{}`, "Content-Type", []string{"Content-Type", "text/plain"}},
		"another charset":    {`{}`, "Content-Type", []string{"Content-Type", "application/json; charset=latin1"}},
		"no type that is":    {`{}`, "Content-Type", []string{"Content-Type", "//"}},
		"an empty type":      {`{}`, "Content-Type", []string{"Content-Type", ""}},
		"two types":          {`{}`, "Content-Type", []string{"Content-Type", "application/json", "Content-Type", "application/json"}},
		"packed":             {packed.String(), "Content-Encoding", []string{"Content-Encoding", "gzip", "Content-Type", "application/json"}},
		"packed twice":       {packed.String(), "Content-Encoding", []string{"Content-Encoding", "identity", "Content-Encoding", "br"}},
		"packed and no JSON": {packed.String(), "Content-Encoding", []string{"Content-Encoding", "gzip", "Content-Type", "text/plain"}},
	} {
		a := s.post(s.admin, "/v1/keys", c.body, c.headers...)
		e, wrong := a.shape()
		if c.field == "" {
			if wrong != "" || a.status != http.StatusBadRequest || e.Details[0].Reason != "MALFORMED_BODY" { // because of x
				t.Errorf("%s: %d %s", what, a.status, a.body)
			}
			continue
		}
		if wrong != "" || a.status != http.StatusUnsupportedMediaType || !slices.Equal(e.fields(), []string{c.field}) || e.Details[0].Reason != "UNSUPPORTED_MEDIA_TYPE" {
			t.Errorf("%s: %d %s (%s)", what, a.status, a.body, wrong)
		}
		if got := a.header.Get("Accept-Encoding"); (got == "identity") != (c.field == "Content-Encoding") {
			t.Errorf("%s: Accept-Encoding is %q", what, got)
		}
	}
	if a := s.get("/v1/keys", s.admin, "Content-Type", "text/plain"); a.status == http.StatusUnsupportedMediaType {
		t.Errorf("a type of no body: %d %s", a.status, a.body)
	}
}

// TestWhatIsWrongInABody: every value of a wrong form is named as the body names
// it, below the field of the request that the body is, with what it must be.
func TestWhatIsWrongInABody(t *testing.T) {
	s := newStage(t, every)
	const people, record = "/v1/candidates", "/v1/sessions/s/candidacies/k:recordAssessments"
	keys := map[string]string{
		people: newKey(t, s.store, acquispb.Role_REGISTRAR), record: newKey(t, s.store, acquispb.Role_ASSESSOR), "/v1/keys": s.admin,
	}
	for _, c := range []struct{ path, body, reason, want string }{
		{people, `{"sex":"X"}`, "MALFORMED_BODY", "candidate.sex: must be one of "},
		{people, `{"birth_name":5,"sex":true}`, "MALFORMED_BODY", "candidate.birth_name: must be a text; candidate.sex: must be one of "},
		{people, `{"birthDate":{"year":"x"}}`, "MALFORMED_BODY", "candidate.birthDate.year: must be a whole number from "},
		{people, `{"birth_date":{"year":2147483648}}`, "MALFORMED_BODY", "candidate.birth_date.year: must be a whole number from "},
		{people, `{"given_names":["a",5]}`, "MALFORMED_BODY", "candidate.given_names[1]: must be a text"},
		{people, `{"given_names":["` + strings.Repeat("a", 2000) + `"]}`, "INVALID_FIELD", "candidate.given_names[0]: must have at most 60 characters"},
		{people, `{"surname":"a"}`, "MALFORMED_BODY", `candidate.surname: unknown field "surname"`},
		{people, `{"birthName":"a","birth_name":"b"}`, "MALFORMED_BODY", "candidate.birth_name: "},
		{people, `{"birthName":"a","birthName":"a"}`, "MALFORMED_BODY", "candidate.birthName: "},
		{people, `{`, "MALFORMED_BODY", "body: is not JSON: "},
		{people, `[]`, "MALFORMED_BODY", "body: must be an object"},
		{people, `null`, "MALFORMED_BODY", "body: must be an object"},
		{record, `{"assessments":[{"criterion":"C1.1.1","verdict":"MET"},{"verdict":"GOOD"}]}`, "MALFORMED_BODY", "assessments[1].verdict: must be one of MET, PARTIALLY_MET, NOT_MET"},
		{record, `{"assessments":[{"recordTime":"yesterday"},null]}`, "MALFORMED_BODY", "assessments[0].recordTime: must be a time in RFC 3339, such as 2026-06-15T09:00:00Z; assessments[1]: must be an object"},
		{"/v1/keys", `{"roles":["ADMIN","BOSS",null]}`, "MALFORMED_BODY", "key.roles[1]: must be one of "},
		{"/v1/keys", `{"delegate":"true"}`, "MALFORMED_BODY", "key.delegate: must be true or false"},
	} {
		a := s.post(keys[c.path], c.path, c.body)
		e, wrong := a.shape()
		var said []string
		for _, d := range e.Details {
			for _, v := range d.FieldViolations {
				said = append(said, v.Field+": "+v.Description)
			}
		}
		if got := strings.Join(said, "; "); wrong != "" || a.status != http.StatusBadRequest || e.Details[0].Reason != c.reason || !matchesInOrder(got, c.want) {
			t.Errorf("%.100s: %d %s, %s\nwant %s (%s)", c.body, a.status, e.Details, got, c.want, wrong)
		}
	}
}

// matchesInOrder tells whether a text has the parts of another one, which end in
// semicolons, in their order: their ends may be cut.
func matchesInOrder(text, parts string) bool {
	for part := range strings.SplitSeq(parts, "; ") {
		_, after, ok := strings.Cut(text, part)
		if !ok {
			return false
		}
		text = after
	}
	return true
}

// TestBadTimeout: the header that the gateway library reads itself is named too.
func TestBadTimeout(t *testing.T) {
	s := newStage(t)
	a := s.get("/v1/keys", s.admin, "Grpc-Timeout", "soon")
	if e, wrong := a.shape(); wrong != "" || a.status != http.StatusBadRequest || !slices.Equal(e.fields(), []string{"Grpc-Timeout"}) {
		t.Errorf("%d %s (%s)", a.status, a.body, wrong)
	}
}

// TestRandomNamesInBodies: of any call whose body can name what its path names, a body
// that names anything else is refused at that field, however it is written. So nothing
// that was read of one resource is written to another.
func TestRandomNamesInBodies(t *testing.T) {
	type named struct{ route, variable, field string }
	s := newStage(t, every)
	var all []named
	for route, bound := range s.contract.Bindings {
		for _, variable := range inPath.FindAllStringSubmatch(route, -1) {
			field, below := strings.CutPrefix(variable[1], bound.Field+".")
			if bound.Body != nil && below == (bound.Field != "") {
				all = append(all, named{route, variable[1], field})
			}
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d bodies can name what the path names", len(all))
	}
	slices.SortFunc(all, func(a, b named) int { return strings.Compare(a.route+a.variable, b.route+b.variable) })
	id := rapid.StringMatching(`[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?`)
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.SampledFrom(all).Draw(r, "call")
		method, pattern, _ := strings.Cut(n.route, " ")
		names := make(map[string]string)
		path := inPath.ReplaceAllStringFunc(pattern, func(variable string) string {
			parts := inPath.FindStringSubmatch(variable)
			name := parts[2]
			for strings.Contains(name, "*") {
				name = strings.Replace(name, "*", id.Draw(r, "id"), 1)
			}
			names[parts[1]] = name
			return name
		})
		name := names[n.variable]
		given := rapid.SampledFrom([]string{
			name, name, "", name + "/", " " + name, strings.ToUpper(name), name + "0", "/" + name, strings.Replace(name, "/", "//", 1), "x", path,
			name[:strings.LastIndex(name, "/")+1] + id.Draw(r, "other"), strings.ReplaceAll(name, "/", "%2F"), name + "\u200b",
		}).Draw(r, "given")
		key := rapid.SampledFrom([]string{n.field, contract.JSONName(n.field)}).Draw(r, "key")
		value, err := json.Marshal(given)
		must(t, err)
		if rapid.Bool().Draw(r, "escaped") { // the same text, written otherwise
			value = bytes.ReplaceAll(value, []byte("/"), []byte(`\u002f`))
		}
		a := s.sendAs(s.keyFor(s.contract.Bindings[n.route].RPC), method, path, fmt.Sprintf(`{%q:%s}`, key, value))
		refused := strings.Contains(a.body, "is another one than in the path")
		if want := given != "" && given != name; refused != want {
			r.Errorf("%s %s with %s %s: %d %s", method, path, key, value, a.status, a.body)
		}
		if e, wrong := a.shape(); refused && (wrong != "" || a.status != http.StatusBadRequest || !slices.Equal(e.fields(), []string{strings.TrimPrefix(s.contract.Bindings[n.route].Field+"."+key, ".")})) {
			r.Errorf("%s %s with %s %s: %d %s (%s)", method, path, key, value, a.status, a.body, wrong)
		}
	})
}
