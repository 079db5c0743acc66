package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/listen"
)

// The HTTP library answers by itself, in plain text, what it cannot read as a
// request of HTTP/1, and closes the connection. It has no hook for that. So its
// connections recognise these answers and write an error of ours in their place.
// A handler never writes such an answer: its headers differ.
type explaining struct {
	*listen.Listener
	transport *Transport
}

// Accept implements net.Listener.
func (l explaining) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	guarded, ok := c.(guardedConn)
	if !ok {
		return nil, errors.New("transport: the listener has other connections")
	}
	return &explainingConn{guarded, l.transport}, nil
}

// A guardedConn is one of package listen.
type guardedConn interface {
	net.Conn
	CloseWrite() error
	CutUnread()
	Prove()
}

type explainingConn struct {
	guardedConn
	transport *Transport
}

// Write implements net.Conn.
func (c *explainingConn) Write(p []byte) (int, error) {
	code, text := libraryAnswer(p)
	if code == 0 {
		return c.guardedConn.Write(p)
	}
	_, err := c.guardedConn.Write(c.transport.unreadable(code, text))
	return len(p), err
}

// libraryHeaders follow the status line of what the library answers by itself.
const libraryHeaders = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"

// expectationFailed begins the answer to an unknown expectation, after the version.
// The library sends it through its own writer, with other headers, and no handler
// of ours does.
const expectationFailed = " 417 Expectation Failed\r\n"

// libraryAnswer returns the status of an answer of the library itself, and what
// it says; 0 if it is none. A long answer of ours is written in parts, which may begin
// with any text that somebody has recorded. JSON has no line breaks of this kind, so
// none of these texts is taken for an answer.
func libraryAnswer(p []byte) (code int, text string) {
	const statusLine = len("HTTP/1.1 400 ")
	if len(p) < statusLine || string(p[:7]) != "HTTP/1." || p[9] != '4' && p[9] != '5' {
		return 0, ""
	}
	code, err := strconv.Atoi(string(p[9:12]))
	head, body, ours := bytes.Cut(p, []byte(libraryHeaders))
	switch {
	case err != nil:
		return 0, ""
	case bytes.HasPrefix(p[8:], []byte(expectationFailed)):
		return code, ""
	case !ours || bytes.Contains(head, []byte("\r\n")):
		return 0, ""
	}
	_, text, _ = strings.Cut(string(body), ": ")
	return code, text
}

// unreadable is the answer to what is no request, with its headers.
func (t *Transport) unreadable(code int, text string) []byte {
	info := &call.Info{RequestID: requestID(nil), OverREST: true}
	err := unreadableError(code, text)
	if t.lines.room("unreadable", time.Now().Unix()) {
		t.log.InfoContext(call.With(context.Background(), info), "unreadable request", "status", code, "reason", apierr.ReasonOf(err))
	}
	body, encodingErr := protojson.Marshal(status.Convert(err).Proto())
	if encodingErr != nil {
		body = []byte(lastResort)
	}
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nCache-Control: no-store\r\n"+
		"X-Content-Type-Options: nosniff\r\nX-Request-Id: %s\r\nConnection: close\r\n\r\n%s", code, http.StatusText(code), len(body), info.RequestID, body)
}

// withinHeaders refuses requests with too many headers. The library has a limit too, but
// over HTTP/2 it answers in HTML, and has no hook for that: so its limit is higher.
func (g *gateway) withinHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if headerBytes(r) > maxHeaderBytes {
			const code = http.StatusRequestHeaderFieldsTooLarge
			if r.ProtoMajor == 1 { // as the library does; over HTTP/2 it would end other calls
				w.Header().Set("Connection", "close")
			}
			g.turnAway(statusWriter{w, code}, r, unreadableError(code, ""))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// headerBytes is the size of the first line and the headers, as HTTP/1 writes them.
func headerBytes(r *http.Request) int {
	size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + len(r.Host)
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	return size
}

// A statusWriter has a more precise status than the error.
type statusWriter struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements http.ResponseWriter.
func (s statusWriter) WriteHeader(int) { s.ResponseWriter.WriteHeader(s.code) }

// Unwrap is for http.ResponseController.
func (s statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func unreadableError(code int, text string) error {
	switch code {
	case http.StatusRequestHeaderFieldsTooLarge:
		return apierr.New(codes.ResourceExhausted, acquispb.ErrorReason_REQUEST_TOO_LARGE,
			fmt.Sprintf("the first line and the headers of a request may have at most %d bytes", maxHeaderBytes))
	case http.StatusExpectationFailed:
		return apierr.MalformedRequest("Expect", "must be 100-continue, or absent")
	case http.StatusNotImplemented:
		return apierr.MalformedRequest("Transfer-Encoding", "must be chunked, or absent")
	case http.StatusHTTPVersionNotSupported:
		return apierr.MalformedRequest("request", "must be HTTP/1.1 or HTTP/1.0, or HTTP/2 over TLS")
	}
	rule := "is not HTTP"
	if text != "" {
		rule += ": " + text
	}
	return apierr.MalformedRequest("request", rule)
}
