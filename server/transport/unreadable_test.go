package transport

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/listen"
)

// said is the answer to bytes on a connection of REST.
func (s *stage) said(request string) answer {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	must(s.t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, request)
	must(s.t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(s.t, err)
	return answer{res.StatusCode, res.Header, res.Close, string(body)}
}

// TestUnreadableRequests: what the HTTP library answers by itself has the form of
// every error, and names what is wrong.
func TestUnreadableRequests(t *testing.T) {
	s := newStage(t)
	const host = "\r\nHost: acquis\r\n"
	for request, c := range map[string]struct {
		status        int
		reason, field string
	}{
		"GET /v1/%zz HTTP/1.1" + host + "\r\n":                                                                             {400, "MALFORMED_REQUEST", "request"},
		"nonsense\r\n\r\n":                                                                                                 {400, "MALFORMED_REQUEST", "request"},
		"GET /v1/keys HTTP/1.1\r\n\r\n":                                                                                    {400, "MALFORMED_REQUEST", "request"},
		"GET /v1/keys HTTP/1.1" + host + "a b: c\r\n\r\n":                                                                  {400, "MALFORMED_REQUEST", "request"},
		"POST /v1/keys HTTP/1.1" + host + "Content-Length: x\r\n\r\n":                                                      {400, "MALFORMED_REQUEST", "request"},
		"POST /v1/keys HTTP/1.1" + host + "Transfer-Encoding: gzip\r\n\r\n":                                                {501, "MALFORMED_REQUEST", "Transfer-Encoding"},
		"GET /v1/keys HTTP/9.1" + host + "\r\n":                                                                            {505, "MALFORMED_REQUEST", "request"},
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":                                                                                 {404, "PATH_UNKNOWN", ""},
		"POST /v1/keys HTTP/1.1" + host + "Expect: wonders\r\nContent-Length: 2\r\n\r\n{}":                                 {417, "MALFORMED_REQUEST", "Expect"},
		"GET /v1/keys HTTP/1.1" + host + "X: " + strings.Repeat("x", maxHeaderBytes+5000) + "\r\n\r\n":                     {431, "REQUEST_TOO_LARGE", ""},
		"GET /v1/" + strings.Repeat("x", 2*maxHeaderBytes+5000):                                                            {431, "REQUEST_TOO_LARGE", ""},
		"GET /v1/" + strings.Repeat("x", maxHeaderBytes/2) + " HTTP/1.1" + host + "\r\n":                                   {404, "PATH_UNKNOWN", ""},
		"GET //v1/keys HTTP/1.1" + host + "\r\n":                                                                           {400, "MALFORMED_REQUEST", "path"},
		"GET /v1\\keys HTTP/1.1" + host + "\r\n":                                                                           {400, "MALFORMED_REQUEST", "path"},
		"GET http://acquis/v1/%73essions HTTP/1.1" + host + "\r\n":                                                         {400, "MALFORMED_REQUEST", "path"},
		"GET http://acquis/v1/keys HTTP/1.1" + host + "\r\n":                                                               {401, "CREDENTIALS_MISSING", ""},
		"CONNECT acquis:443 HTTP/1.1" + host + "\r\n":                                                                      {404, "PATH_UNKNOWN", ""},
		"OPTIONS * HTTP/1.1" + host + "\r\n":                                                                               {404, "PATH_UNKNOWN", ""},
		"GET /v1/keys HTTP/1.1" + host + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n\r\n": {401, "CREDENTIALS_MISSING", ""},
	} {
		a := s.said(request)
		e, wrong := a.shape()
		if wrong != "" || a.status != c.status || e.Details[0].Reason != c.reason || c.field != "" && fmt.Sprint(e.fields()) != "["+c.field+"]" {
			t.Errorf("%.80q: %d %s, want %d %s with %s (%s)", request, a.status, a.body, c.status, c.reason, c.field, wrong)
		}
		if c.status > 416 && !a.hungUp {
			t.Errorf("%.80q: the connection is kept", request)
		}
	}
	s.nothingIsLent()
}

// TestHandlersAreNotTakenForTheLibrary: what a handler answers is sent as it is.
func TestHandlersAreNotTakenForTheLibrary(t *testing.T) {
	for text, want := range map[string]int{
		"HTTP/1.1 400 Bad Request" + libraryHeaders + "400 Bad Request: missing required Host header": 400,
		"HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\n\r\n":                                417,
		"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n\r\n{}":                        0,
		"HTTP/1.1 400 Bad Request\r\nX: y" + libraryHeaders:                                           0,
		"HTTP/1.1 200 OK" + libraryHeaders:                                                            0,
		"HTTP/1.1 417 ":                                                                               0,
		"HTTP/1.1 417 Expectation Failed\\r\\n":                                                       0,
		"HTTP/1.1 4xx" + libraryHeaders:                                                               0,
		"HTTP/1.1 40":                                                                                 0, "": 0, `{"HTTP/1.1 400 Bad Request`: 0,
	} {
		if got, _ := libraryAnswer([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// TestTextsAreNotTakenForTheLibrary: a long answer is written in parts, which may begin
// with any text in it. One that looks like an answer of the library is sent as it is,
// wherever the part begins.
func TestTextsAreNotTakenForTheLibrary(t *testing.T) {
	const text = "HTTP/1.1 417 "
	path := func(shift int) string { return fmt.Sprintf("/texts/%02d.json", shift) }
	body := func(shift int) string { return `"` + strings.Repeat(".", shift) + strings.Repeat(text, 1000) + `"` }
	s := newStage(t, func(o *Options) {
		for shift := range len(text) {
			o.Documents[path(shift)] = Document{Type: "application/json", Body: []byte(body(shift)), MaxAge: time.Hour}
		}
	})
	for shift := range len(text) {
		if a := s.said("GET " + path(shift) + " HTTP/1.1\r\nHost: acquis\r\nConnection: close\r\n\r\n"); a.body != body(shift) {
			t.Errorf("shifted by %d it is %d bytes: %.80q", shift, len(a.body), a.body)
		}
	}
}

// TestPlainOverTLS: the answer to plain HTTP on a port of TLS, which is written
// before anything here runs, is the error that would be made here.
func TestPlainOverTLS(t *testing.T) {
	var got statuspb.Status
	must(t, protojson.Unmarshal([]byte(listen.PlainOverTLS), &got))
	if want := status.Convert(apierr.MalformedRequest("request", "this port expects TLS: use https")).Proto(); !proto.Equal(&got, want) {
		t.Errorf("%v, want %v", &got, want)
	}
}
