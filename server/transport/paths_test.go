package transport

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/grpc"
	"pgregory.net/rapid"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// every registers all services, without handlers: for tests of what comes before.
func every(o *Options) {
	o.Register = func(r grpc.ServiceRegistrar) {
		acquispb.RegisterAdminServiceServer(r, acquispb.UnimplementedAdminServiceServer{})
		acquispb.RegisterAuditServiceServer(r, acquispb.UnimplementedAuditServiceServer{})
		acquispb.RegisterAttestationServiceServer(r, acquispb.UnimplementedAttestationServiceServer{})
		acquispb.RegisterCandidateServiceServer(r, acquispb.UnimplementedCandidateServiceServer{})
		acquispb.RegisterCapitalisationServiceServer(r, acquispb.UnimplementedCapitalisationServiceServer{})
		acquispb.RegisterSessionServiceServer(r, acquispb.UnimplementedSessionServiceServer{})
		acquispb.RegisterReferentielServiceServer(r, acquispb.UnimplementedReferentielServiceServer{})
	}
}

// A refusedAs is what an error over REST says.
type refusedAs struct {
	Code    int
	Message string
	Details []struct {
		Type            string `json:"@type"`
		Reason, Domain  string
		FieldViolations []struct{ Field, Description string }
	}
}

// shape reads an error, and tells what is wrong with its form.
func (a answer) shape() (e refusedAs, wrong string) {
	err := json.Unmarshal([]byte(a.body), &e)
	switch {
	case a.header.Get("Content-Type") != "application/json":
		wrong = "its type is " + a.header.Get("Content-Type")
	case err != nil:
		wrong = err.Error()
	case a.header.Get("X-Request-Id") == "" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff":
		wrong = fmt.Sprint("its headers are ", a.header)
	case e.Code == 0 || e.Message == "" || len(e.Details) == 0 || e.Details[0].Domain != "acquis.eval" || e.Details[0].Reason == "":
		wrong = "it is no status with ErrorInfo first: " + a.body
	}
	return e, wrong
}

func (e refusedAs) fields() (fields []string) {
	for _, d := range e.Details {
		for _, v := range d.FieldViolations {
			fields = append(fields, v.Field)
		}
	}
	return fields
}

// target is a request for a path that is sent as it is written.
func (s *stage) target(method, path string) *http.Request {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url, nil)
	must(s.t, err)
	req.URL.Opaque = path
	req.Header.Set("Accept-Encoding", "identity") // or the client would unpack the answer, and lose its length
	return req
}

// TestOneSpelling: a path has one spelling. Others are refused before anybody asks
// who calls, and not answered as what they would stand for.
func TestOneSpelling(t *testing.T) {
	s := newStage(t, every)
	for path, c := range map[string]struct {
		status int
		reason string
	}{
		"/v1/keys":                      {http.StatusUnauthorized, "CREDENTIALS_MISSING"},
		"/v1/sessions/s-001":            {http.StatusUnauthorized, "CREDENTIALS_MISSING"},
		"/v1/sessions/%C3%A9":           {http.StatusUnauthorized, "CREDENTIALS_MISSING"}, // no id, but its only spelling
		"/v1/%73essions":                {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/v1/sessions/s%2D001":          {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/v1/sessions%2Fs-001":          {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/v1/sessions%2fs-001":          {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/v1/sessions/%c3%a9":           {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/v1/sessions/s-001%3Aclose":    {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/v1/sessions/%2e%2e/keys":      {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/v1/sessions/../keys":          {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/v1/./keys":                    {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/v1//keys":                     {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/v1/keys/":                     {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/v1/sessions%5Cs-001":          {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/v1/sessions%00":               {http.StatusNotFound, "PATH_UNKNOWN"},
		"/%6Fpenapi.json":               {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/openapi.json/":                {http.StatusBadRequest, "MALFORMED_REQUEST"},
		"/":                             {http.StatusNotFound, "PATH_UNKNOWN"},
		"/v1/Keys":                      {http.StatusNotFound, "PATH_UNKNOWN"},
		"/v1/sessions/s-001:":           {http.StatusNotFound, "PATH_UNKNOWN"},
		"/v1/sessions/s-001:nothing":    {http.StatusNotFound, "PATH_UNKNOWN"},
		"/v1/sessions/s-001/grid:close": {http.StatusNotFound, "PATH_UNKNOWN"},
	} {
		a := s.answerTo(s.target(http.MethodGet, path), "")
		e, wrong := a.shape()
		if wrong != "" || a.status != c.status || e.Details[0].Reason != c.reason {
			t.Errorf("%s: %d %s, want %d %s (%s)", path, a.status, a.body, c.status, c.reason, wrong)
		}
		if c.reason == "MALFORMED_REQUEST" && !slices.Equal(e.fields(), []string{"path"}) {
			t.Errorf("%s: names %v", path, e.fields())
		}
	}
}

// TestAllow: a method that a path does not support is answered with those that it
// does; the path of an act is never taken for the id of what is read.
func TestAllow(t *testing.T) {
	s := newStage(t, every)
	for target, allow := range map[string]string{
		"DELETE /v1/keys":            "GET, HEAD, POST",
		"PATCH /v1/sessions":         "GET, HEAD, POST",
		"POST /v1/sessions/s-001":    "GET, HEAD, PATCH",
		"OPTIONS /v1/keys":           "GET, HEAD, POST",
		"BREW /v1/keys":              "GET, HEAD, POST",
		"TRACE /v1/events":           "GET, HEAD",
		"GET /v1/sessions/s:close":   "POST",
		"HEAD /v1/sessions/s:close":  "POST",
		"GET /v1/candidates:purge":   "POST",
		"POST /v1/candidates:lookup": "GET, HEAD",
		"POST /openapi.json":         "GET, HEAD",
		"GET /v1/sessions/s-001/candidacies/k-001:recordAssessments": "POST",
	} {
		method, path, _ := strings.Cut(target, " ")
		a := s.answerTo(s.target(method, path), s.admin)
		if a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != allow {
			t.Errorf("%s: %d with Allow: %q, want %q", target, a.status, a.header.Get("Allow"), allow)
		}
		if e, wrong := a.shape(); method != http.MethodHead && (wrong != "" || e.Details[0].Reason != "METHOD_NOT_ALLOWED") {
			t.Errorf("%s: %s %s", target, wrong, a.body)
		}
	}
}

// TestHead: HEAD has the status and the headers of GET, and no body.
func TestHead(t *testing.T) {
	s := newStage(t)
	for path, key := range map[string]string{"/v1/keys": s.admin, "/openapi.json": "", "/v1/nothing": ""} {
		get, head := s.answerTo(s.target(http.MethodGet, path), key), s.answerTo(s.target(http.MethodHead, path), key)
		for _, name := range []string{"Content-Type", "Content-Length", "Cache-Control", "Etag"} {
			if get.header.Get(name) != head.header.Get(name) {
				t.Errorf("%s: %s is %q, with GET %q", path, name, head.header.Get(name), get.header.Get(name))
			}
		}
		if head.status != get.status || head.body != "" || get.body == "" {
			t.Errorf("%s: %d with %q, with GET %d", path, head.status, head.body, get.status)
		}
	}
}

var patternPart = regexp.MustCompile(`\{[a-z_.]+=([^}]*)\}`)

// TestRoutesAgree: the library routes each path of the contract to the RPC whose
// path it is, and Methods has the method.
func TestRoutesAgree(t *testing.T) {
	s := newStage(t, every)
	if len(s.contract.Bindings) < 50 {
		t.Fatalf("only %d paths", len(s.contract.Bindings))
	}
	for route, bound := range s.contract.Bindings {
		method, pattern, _ := strings.Cut(route, " ")
		path := strings.ReplaceAll(patternPart.ReplaceAllString(pattern, "$1"), "*", "x-1")
		if got := s.routed(method, path); got != bound.RPC.Name {
			t.Errorf("%s %s is routed to %q, not %s: supported are %v", method, path, got, bound.RPC.Name, s.contract.Methods(path))
		}
	}
}

// routed is the RPC that a request reaches, whoever calls; none if it is turned
// away before.
func (s *stage) routed(method, target string) string {
	parsed, err := url.ParseRequestURI(target)
	if err != nil {
		return "" // the library turns it away
	}
	before := s.started()
	r := httptest.NewRequestWithContext(s.t.Context(), method, "http://acquis/", nil)
	r.URL = parsed
	s.rest.Handler.ServeHTTP(httptest.NewRecorder(), r)
	for name, count := range s.started() {
		if count > before[name] {
			return name
		}
	}
	return ""
}

// started is how many calls of each RPC have begun.
func (s *stage) started() map[string]float64 {
	calls := make(map[string]float64)
	for _, m := range s.methods {
		calls[m.name] = testutil.ToFloat64(m.counts.started)
	}
	return calls
}

// TestRandomSpellings: however a valid path is escaped and cut, it is routed as the
// plain one only if it is the plain one. What is routed is in its one spelling.
func TestRandomSpellings(t *testing.T) {
	s := newStage(t, every)
	routes := slices.Sorted(maps.Keys(s.contract.Bindings))
	rapid.Check(t, func(r *rapid.T) {
		method, pattern, _ := strings.Cut(rapid.SampledFrom(routes).Draw(r, "route"), " ")
		plain := patternPart.ReplaceAllString(pattern, "$1")
		for strings.Contains(plain, "*") {
			plain = strings.Replace(plain, "*", rapid.StringMatching(`[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?`).Draw(r, "id"), 1)
		}
		other := respell(r, plain)
		got := s.routed(method, other)
		if other == plain {
			if got != s.contract.Bindings[method+" "+pattern].RPC.Name {
				r.Errorf("%s %s is routed to %q", method, plain, got)
			}
			return
		}
		if parsed, err := url.ParseRequestURI(other); got != "" && (err != nil || parsed.Path == plain || (&url.URL{Path: parsed.Path}).EscapedPath() != other) {
			r.Errorf("%s %s is routed to %s, like %s", method, other, got, plain)
		}
	})
}

// respell writes a path in another way that stands, or might, for the same.
func respell(t *rapid.T, path string) string {
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		at := rapid.IntRange(0, len(path)-1).Draw(t, "at")
		switch rapid.IntRange(0, 5).Draw(t, "change") {
		case 0:
			path = path[:at] + fmt.Sprintf("%%%02X", path[at]) + path[at+1:]
		case 1:
			path = path[:at] + fmt.Sprintf("%%%02x", path[at]) + path[at+1:]
		case 2:
			path = path[:at] + fmt.Sprintf("%%25%02X", path[at]) + path[at+1:]
		case 3:
			path = strings.Replace(path, "/", rapid.SampledFrom([]string{"//", "/./", "/x/../", "%2F", `\`, "/;/"}).Draw(t, "slash"), 1+at%2)
		case 4:
			path += rapid.SampledFrom([]string{"/", "/.", "%2F", "/..", ":", "%00", "%20"}).Draw(t, "end")
		default:
			path = strings.ReplaceAll(path, ":", "%3A")
		}
	}
	return path
}
