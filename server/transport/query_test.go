package transport

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/emptypb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
)

// TestQueries: a query is taken as its sender meant it, or refused with each
// parameter that is wrong, by the name that it has there.
func TestQueries(t *testing.T) {
	s := newStage(t, every)
	for query, want := range map[string]string{
		"pageSize=5": "", "page_size=5": "", "pageSize=5&pageToken=a": "", "": "", "pageSize=%35": "", "&pageSize=5&&": "",
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

// TestEmptyPageTokens: whatever reads pages takes no token for the first one, and refuses an
// empty one over both transports: a purge that lost its token would begin again.
func TestEmptyPageTokens(t *testing.T) {
	s, pages := newStage(t, every), 0
	const says = "must not be empty: leave it out for the first page; an empty nextPageToken says that there is no next page"
	for route, bound := range s.contract.Bindings {
		method, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(strings.ReplaceAll(bound.RPC.Name, "/", ".")))
		must(t, err)
		input := method.(protoreflect.MethodDescriptor).Input()
		token := input.Fields().ByName("page_token")
		if (token == nil) != (input.Fields().ByName("page_size") == nil) {
			t.Errorf("%s has a page_size or a page_token, but not both", route)
		}
		if token == nil {
			continue
		}
		pages++
		key := s.keyFor(bound.RPC)
		verb, path := asked(route)
		a := s.answerTo(s.target(verb, path+"?pageToken="), key)
		if bound.Body != nil {
			a = s.post(key, path, `{"pageToken":""}`)
		}
		if e, wrong := a.shape(); wrong != "" || !slices.Contains(e.fields(), "pageToken") || !strings.Contains(a.body, says) {
			t.Errorf("%s: %d %s (%s)", route, a.status, a.body, wrong)
		}
		request := dynamicpb.NewMessage(input)
		request.Set(token, protoreflect.ValueOfString(""))
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+key)
		err = s.conn.Invoke(ctx, "/"+bound.RPC.Name, request, new(emptypb.Empty))
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(fmt.Sprint(status.Convert(err).Details()), says) {
			t.Errorf("%s: %v", bound.RPC.Name, err)
		}
	}
	if pages < 15 {
		t.Errorf("only %d calls have pages", pages)
	}
}

// keyFor is a key that may make a call.
func (s *stage) keyFor(rpc *contract.RPC) string {
	role := acquispb.Role_ADMIN
	for !rpc.Public && rpc.Admit(&call.Caller{Roles: []acquispb.Role_Enum{role}}) != nil {
		role++
	}
	if s.keys[role] == "" {
		s.keys[role] = newKey(s.t, s.store, role)
	}
	return s.keys[role]
}

// asked is the method of a route, and a path that it has.
func asked(route string) (method, path string) {
	method, pattern, _ := strings.Cut(route, " ")
	return method, strings.ReplaceAll(inPath.ReplaceAllString(pattern, "$2"), "*", "a")
}

var inPath = regexp.MustCompile(`\{([a-z_.]+)(?:=([^}]*))?\}`)

// TestPathsWin: what the path names cannot be named by the query too, in any spelling:
// a proxy that looks at paths sees what is asked for.
func TestPathsWin(t *testing.T) {
	s, variables := newStage(t, every), 0
	for route, bound := range s.contract.Bindings {
		method, path := asked(route)
		_, pattern, _ := strings.Cut(route, " ")
		for _, variable := range inPath.FindAllStringSubmatch(pattern, -1) {
			variables++
			words := strings.Split(variable[1], "_")
			for i, word := range words[1:] {
				words[i+1] = strings.ToUpper(word[:1]) + word[1:]
			}
			for _, name := range []string{variable[1], strings.Join(words, "")} {
				a := s.answerTo(s.target(method, path+"?"+name+"=x"), s.keyFor(bound.RPC))
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
