package transport

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// withPaths lets only requests through whose path and method the contract has.
// The gateway library would decode a path before it routes it, so that
// /v1/%73essions, or a %2F within an id, would pass the rules that a proxy in
// front has for paths. HEAD is answered as GET; the HTTP library leaves out the
// body.
func (g *gateway) withPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		methods := g.methodsOf(r.URL.Path)
		switch wrong := misspelt(r.URL); {
		case wrong != "":
			g.turnAway(w, r, apierr.MalformedRequest("path", wrong))
			return
		case methods == nil:
			g.turnAway(w, r, apierr.New(codes.NotFound, acquispb.ErrorReason_PATH_UNKNOWN, "no such path; GET /openapi.json lists all paths"))
			return
		case !slices.Contains(methods, r.Method):
			allowed := strings.Join(methods, ", ")
			w.Header().Set("Allow", allowed)
			g.turnAway(w, r, apierr.New(codes.Unimplemented, acquispb.ErrorReason_METHOD_NOT_ALLOWED, "this path does not support that method; it supports "+allowed))
			return
		case r.Method == http.MethodHead:
			r = asGet(r)
		}
		next.ServeHTTP(w, r)
	})
}

// documentMethods are those of every document.
var documentMethods = []string{http.MethodGet, http.MethodHead}

func (g *gateway) methodsOf(path string) []string {
	if _, ok := g.pages[path]; ok {
		return documentMethods
	}
	return g.contract.Methods(path)
}

func asGet(r *http.Request) *http.Request {
	get := *r
	get.Method = http.MethodGet
	return &get
}

// misspelt says what is wrong with a path that is not written in its one way;
// nothing if it is. An OPTIONS * has no path and passes, to be unknown.
func misspelt(u *url.URL) string {
	path := u.Path
	switch {
	case u.RawPath != "":
		return "must have percent escapes only for characters that need one, in upper case: %C3%A9, not %c3%a9; %2F is never part of an id"
	case strings.Contains(path, "//"), len(path) > 1 && strings.HasSuffix(path, "/"):
		return "must not have empty segments: no double slash, and none at the end"
	case strings.Contains(path, `\`):
		return "must not have a backslash"
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return "must not have the segments . and .."
		}
	}
	return ""
}

// turnAway answers what is no call of any RPC.
func (g *gateway) turnAway(w http.ResponseWriter, r *http.Request, why error) {
	v := g.arriveREST(w, r, g.unknown)
	defer v.ticket.Done()
	g.refuse(w, r, v, v.end(v.refuse(why), nil))
}
