package transport

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/contract"
)

// TestPathAndBody: in every path of the contract, what the path and the body both have
// must be the same, or missing from the body.
func TestPathAndBody(t *testing.T) {
	read, err := contract.Read()
	must(t, err)
	checked := 0
	for route, bound := range read.Bindings {
		for _, part := range strings.Split(route, "{")[1:] {
			path, _, _ := strings.Cut(part, "=")
			name, inside := path, bound.Field == ""
			if below, ok := strings.CutPrefix(path, bound.Field+"."); ok && !inside {
				name, inside = below, true
			}
			if bound.Body == nil || !inside {
				continue
			}
			checked++
			params := fromPath(bound, map[string]string{path: "sessions/a"})
			for body, wrong := range map[string]bool{
				`{}`: false, `{"` + name + `":""}`: false, `{"` + name + `":null}`: false,
				`{"` + name + `":"sessions/a"}`: false, `{"` + name + `": "sessions\/\u0061"}`: false,
				`{"` + name + `":"sessions/b"}`: true, `{ "` + contract.JSONName(name) + `" : "sessions/a/" }`: true,
			} {
				if fault := bound.Body.CheckJSON([]byte(body), params); (fault != nil) != wrong || wrong && fault.Field != contract.JSONName(name) {
					t.Errorf("%s with %s: %v", route, body, fault)
				}
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d paths", checked)
	}
}

// An echo is a service of sessions that keeps the last request, and answers updates.
type echo struct {
	acquispb.UnimplementedSessionServiceServer
	last proto.Message
}

func (e *echo) UpdateSession(_ context.Context, req *acquispb.UpdateSessionRequest) (*acquispb.Session, error) {
	e.last = req
	return &acquispb.Session{Name: req.GetSession().GetName(), Etag: "new"}, nil
}

func (e *echo) CloseSession(_ context.Context, req *acquispb.CloseSessionRequest) (*acquispb.Session, error) {
	e.last = req
	return new(acquispb.Session), nil
}

func (e *echo) ListSessions(_ context.Context, req *acquispb.ListSessionsRequest) (*acquispb.ListSessionsResponse, error) {
	e.last = req
	return new(acquispb.ListSessionsResponse), nil
}

func echoing(t *testing.T) (*stage, *echo) {
	e := new(echo)
	return newStage(t, func(o *Options) {
		o.Register = func(r grpc.ServiceRegistrar) { acquispb.RegisterSessionServiceServer(r, e) }
	}), e
}

func (s *stage) send(method, path, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, io.NopCloser(strings.NewReader(body)))
	must(s.t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	return s.answerTo(req, s.registrar)
}

// TestIfMatch: the header is the etag of every call that has one, and no other takes it.
func TestIfMatch(t *testing.T) {
	s, e := echoing(t)
	for _, c := range []struct {
		method, path, body string
		match              []string // values of the header
		etag               string   // that arrives; "": the call is refused
	}{
		{"POST", "/v1/sessions/s:close", `{}`, []string{`"abc"`}, "abc"},
		{"POST", "/v1/sessions/s:close", ``, []string{` "abc" `}, "abc"},
		{"POST", "/v1/sessions/s:close", `{"etag":"abc"}`, nil, "abc"},
		{"POST", "/v1/sessions/s:close", `{"etag":"abc"}`, []string{`"abc"`}, "abc"},
		{"POST", "/v1/sessions/s:close", `{"etag":"abd"}`, []string{`"abc"`}, ""},
		{"POST", "/v1/sessions/s:close", `{}`, []string{`*`}, ""},
		{"POST", "/v1/sessions/s:close", `{}`, []string{`W/"abc"`}, ""},
		{"POST", "/v1/sessions/s:close", `{}`, []string{`abc`}, ""},
		{"POST", "/v1/sessions/s:close", `{}`, []string{`abc"`}, ""},
		{"POST", "/v1/sessions/s:close", `{}`, []string{`"abc`}, ""},
		{"POST", "/v1/sessions/s:close", `{}`, []string{`"`}, ""},
		{"POST", "/v1/sessions/s:close", `{}`, []string{`""`}, ""},
		{"POST", "/v1/sessions/s:close", `{}`, []string{``}, ""},
		{"POST", "/v1/sessions/s:close", `{}`, []string{`"abc", "abd"`}, ""},
		{"POST", "/v1/sessions/s:close", `{}`, []string{`"abc"`, `"abd"`}, ""},
		{"PATCH", "/v1/sessions/s", `{"displayName":"x"}`, []string{`"abc"`}, "abc"},
		{"PATCH", "/v1/sessions/s", ``, []string{`"abc"`}, "abc"},
		{"PATCH", "/v1/sessions/s", `{"etag":"abd"}`, []string{`"abc"`}, ""},
		{"PATCH", "/v1/sessions/s", `{}`, []string{`*`}, ""},
		{"GET", "/v1/sessions", ``, []string{`"abc"`}, ""},
	} {
		e.last = nil
		var headers []string
		for _, value := range c.match {
			headers = append(headers, "If-Match", value)
		}
		a := s.send(c.method, c.path, c.body, headers...)
		got := ""
		switch m := e.last.(type) {
		case *acquispb.CloseSessionRequest:
			got = m.GetEtag()
		case *acquispb.UpdateSessionRequest:
			got = m.GetSession().GetEtag()
		}
		refused := a.status == http.StatusBadRequest && e.last == nil && strings.Contains(a.body, `"field":"If-Match"`)
		if got != c.etag || refused != (c.etag == "") {
			t.Errorf("%s %s %s, If-Match %q: %q arrives, answered %d %s", c.method, c.path, c.body, c.match, got, a.status, a.body)
		}
		if want := map[string]string{"PATCH": `"new"`}[c.method]; !refused && a.header.Get("Etag") != want {
			t.Errorf("%s %s has the ETag %q", c.method, c.path, a.header.Get("Etag"))
		}
	}
}

// TestImpliedMask: an update over REST without a mask changes the fields of its body, as
// wholes, and leaves out what clients only send back.
func TestImpliedMask(t *testing.T) {
	s, e := echoing(t)
	for _, c := range []struct {
		query, body string
		want        []string
	}{
		{"", `{"displayName":"x","name":"sessions/s","etag":"e","state":"OPEN"}`, []string{"display_name"}},
		{"", `{"centre":{"code":"X"},"startDate":{"year":2026,"day":1}}`, []string{"centre", "start_date"}},
		{"", `{"centre":null,"jury":[],"displayName":""}`, []string{"centre", "jury", "display_name"}},
		{"", `{"etag":"e","createTime":"2026-06-15T09:00:00Z"}`, nil},
		{"", `{}`, nil},
		{"", ``, nil},
		{"?updateMask=centre.code,state", `{"displayName":"x"}`, []string{"centre.code", "state"}},
		{"?update_mask=*", `{"displayName":"x"}`, []string{"*"}},
	} {
		e.last = nil
		a := s.send(http.MethodPatch, "/v1/sessions/s"+c.query, c.body)
		got, _ := e.last.(*acquispb.UpdateSessionRequest)
		want := make(map[string]bool)
		for _, path := range c.want {
			want[path] = true
		}
		masked := make(map[string]bool)
		for _, path := range got.GetUpdateMask().GetPaths() {
			masked[path] = true
		}
		if diff := cmp.Diff(want, masked); diff != "" || a.status != http.StatusOK {
			t.Errorf("%s %s: %d %s\n%s", c.query, c.body, a.status, a.body, diff)
		}
	}
}

// TestEmptyMask: a mask in the query that names nothing is refused. It would be none, but
// without the fields that the body empties.
func TestEmptyMask(t *testing.T) {
	s, e := echoing(t)
	for _, query := range []string{"updateMask=", "update_mask", "requestId=&updateMask="} {
		a := s.send(http.MethodPatch, "/v1/sessions/s?"+query, `{"displayName":""}`)
		if e.last != nil || a.status != http.StatusBadRequest || !strings.Contains(a.body, "must be names of fields joined by commas") {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
}

// TestSameUpdateOverBoth: an update arrives over REST as it does over gRPC.
func TestSameUpdateOverBoth(t *testing.T) {
	s, e := echoing(t)
	want := &acquispb.UpdateSessionRequest{
		Session: &acquispb.Session{
			Name: "sessions/s", Etag: "abc", DisplayName: "x", StartDate: &date.Date{Year: 2026, Month: 6, Day: 1},
			Centre: &acquispb.Session_Centre{Code: "X"}, Assessors: []*acquispb.SessionAssessor{{Subject: "lea"}},
		},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"assessors", "centre.code"}}, RequestId: "0c0ffee0-abcd-4000-8000-00000000000f",
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+s.registrar)
	_, err := acquispb.NewSessionServiceClient(s.conn).UpdateSession(ctx, want)
	must(t, err)
	overGRPC := e.last
	s.send(http.MethodPatch, "/v1/sessions/s?updateMask=assessors,centre.code&requestId="+want.GetRequestId(),
		`{"displayName":"x","startDate":{"year":2026,"month":6,"day":1},"centre":{"code":"X"},"assessors":[{"subject":"lea"}]}`, "If-Match", `"abc"`)
	if diff := cmp.Diff(overGRPC, e.last, protocmp.Transform()); diff != "" || overGRPC == e.last {
		t.Errorf("over gRPC and over REST:\n%s", diff)
	}
}

// TestIfMatchOfADeliberation: the etag of another resource has a field of its own, which
// the refusal names.
func TestIfMatchOfADeliberation(t *testing.T) {
	s := newStage(t, every)
	req := s.target(http.MethodPost, "/v1/sessions/s/candidacies/k:deliberate")
	req.Header.Set("If-Match", `"abc"`)
	a := s.answerTo(req, newKey(t, s.store, acquispb.Role_JURY))
	if e, wrong := a.shape(); wrong != "" || a.status != http.StatusBadRequest || e.Message != "If-Match: is not taken by this call: send the etag as gridEtag in the body" {
		t.Errorf("%d %s (%s)", a.status, a.body, wrong)
	}
}
