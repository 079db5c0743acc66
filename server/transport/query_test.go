package transport

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/call"
)

// TestQueries: a query is taken as its sender meant it, or refused with each
// parameter that is wrong, by the name that it has there.
func TestQueries(t *testing.T) {
	s := newStage(t, every)
	for query, want := range map[string]string{
		"pageSize=5": "", "page_size=5": "", "pageSize=5&pageToken=": "", "": "", "pageSize=%35": "", "&pageSize=5&&": "",
		"pageSize=5&pageSize=6":   "pageSize: is given more than once",
		"pageSize=5&page_size=6":  "page_size: is given more than once",
		"pageSize=x":              "pageSize: must be a whole number from 0 to 2147483647",
		"pageSize=2147483648":     "pageSize: must be a whole number from 0 to 2147483647",
		"pageSize=":               "pageSize: must be a whole number from 0 to 2147483647",
		"page_size=1.5":           "page_size: must be a whole number from 0 to 2147483647",
		"pageToken=%FF":           "pageToken: is not UTF-8",
		"pageSise=5":              "pageSise: is not a parameter of this call",
		"%FF=5":                   "\uFFFD: is not a parameter of this call",
		"=5":                      "query: is not a parameter of this call",
		"pageSize[0]=5":           "pageSize[0]: is not a parameter of this call",
		"a=1&pageSize=x":          "a: is not a parameter of this call (and 1 more)",
		"pageSize=5;pageToken=a":  "query: must be name=value pairs joined by &, with escapes of two hexadecimal digits; a ; must be written %3B",
		"pageSize=%zz":            "query: must be name=value pairs joined by &, with escapes of two hexadecimal digits; a ; must be written %3B",
		"pageSize=5%":             "query: must be name=value pairs joined by &, with escapes of two hexadecimal digits; a ; must be written %3B",
		strings.Repeat("é", 1000): strings.Repeat("é", 80) + "…: is not a parameter of this call",
	} {
		a := s.answerTo(s.target(http.MethodGet, "/v1/keys?"+query), s.admin)
		if want == "" {
			if a.status != http.StatusInternalServerError { // the call reached its service, which this stage does not have
				t.Errorf("%q: %d %s", query, a.status, a.body)
			}
			continue
		}
		e, wrong := a.shape()
		if wrong != "" || a.status != http.StatusBadRequest || e.Details[0].Reason != "UNKNOWN_PARAMETER" || e.Message != want {
			t.Errorf("%.60q: %d %s, want %s (%s)", query, a.status, a.body, want, wrong)
		}
	}
}

// TestPathsWin: what the path names cannot be named by the query too, in any spelling:
// a proxy that looks at paths sees what is asked for.
func TestPathsWin(t *testing.T) {
	s, variables := newStage(t, every), 0
	inPath := regexp.MustCompile(`\{([a-z_.]+)(?:=([^}]*))?\}`)
	keys := make(map[acquispb.Role_Enum]string)
	for route, bound := range s.contract.Bindings {
		role := acquispb.Role_ADMIN
		for !bound.RPC.Public && bound.RPC.Admit(&call.Caller{Roles: []acquispb.Role_Enum{role}}) != nil {
			role++
		}
		if keys[role] == "" {
			keys[role] = newKey(t, s.store, role)
		}
		method, pattern, _ := strings.Cut(route, " ")
		path := strings.ReplaceAll(inPath.ReplaceAllString(pattern, "$2"), "*", "a")
		for _, variable := range inPath.FindAllStringSubmatch(pattern, -1) {
			variables++
			words := strings.Split(variable[1], "_")
			for i, word := range words[1:] {
				words[i+1] = strings.ToUpper(word[:1]) + word[1:]
			}
			for _, name := range []string{variable[1], strings.Join(words, "")} {
				a := s.answerTo(s.target(method, path+"?"+name+"=x"), keys[role])
				if e, wrong := a.shape(); wrong != "" || a.status != http.StatusBadRequest || e.Details[0].Reason != "UNKNOWN_PARAMETER" {
					t.Errorf("%s with %s in the query: %d %s", route, name, a.status, a.body)
				}
			}
		}
	}
	if variables < 40 {
		t.Errorf("only %d paths name something", variables)
	}
}

// TestParametersAreSingle: a parameter is one value, which can be looked at by
// itself.
func TestParametersAreSingle(t *testing.T) {
	s := newStage(t)
	for route, bound := range s.contract.Bindings {
		for _, field := range bound.Parameters {
			mask := field.Message() != nil && field.Message().FullName() == "google.protobuf.FieldMask"
			if field.IsList() || field.Kind() == protoreflect.MessageKind && !mask {
				t.Errorf("%s: %s", route, field.FullName())
			}
		}
	}
	var names []string
	for _, field := range s.contract.Bindings["PATCH /v1/{candidate.name=candidates/*}"].Parameters {
		names = append(names, field.JSONName())
	}
	if slices.Contains(names, "candidate") || !slices.Contains(names, "updateMask") {
		t.Errorf("an update takes %v", names)
	}
}
