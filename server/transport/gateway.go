package transport

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/admission"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
)

// gateway serves REST. Every call passes the same interceptor as over gRPC, by
// a channel inside the process. The specifics of REST are here: the caller is
// authenticated before the body is read, and what the gateway library would
// silently accept (unknown query parameters, a second JSON value, another
// method in a header) is refused.
type gateway struct {
	*Transport
	pages map[string]*page // by path
}

// newGateway returns the handler of the REST listener.
func (t *Transport) newGateway(channel *channel, documents map[string]Document) (http.Handler, error) {
	g := &gateway{t, make(map[string]*page)}
	for path, document := range documents {
		page, err := newPage(document)
		if err != nil {
			return nil, err
		}
		g.pages[path] = page
	}
	marshaler := newMarshaler()
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, marshaler),
		runtime.WithWriteContentLength(), // otherwise the HTTP library sends large answers in chunks
		runtime.WithForwardResponseOption(validator),
		runtime.WithForwardResponseRewriter(marshaler.rewrite),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithErrorHandler(g.writeError),
		runtime.WithRoutingErrorHandler(g.writeRoutingError),
		runtime.WithMiddlewares(g.precheck),
	)
	ctx := context.Background()
	// The library tries routes one by one, the last registered first.
	for _, register := range []func() error{
		func() error {
			return acquispb.RegisterAdminServiceHandlerClient(ctx, mux, acquispb.NewAdminServiceClient(channel))
		},
		func() error {
			return acquispb.RegisterAuditServiceHandlerClient(ctx, mux, acquispb.NewAuditServiceClient(channel))
		},
		func() error {
			return acquispb.RegisterAttestationServiceHandlerClient(ctx, mux, acquispb.NewAttestationServiceClient(channel))
		},
		func() error {
			return acquispb.RegisterCandidateServiceHandlerClient(ctx, mux, acquispb.NewCandidateServiceClient(channel))
		},
		func() error {
			return acquispb.RegisterCapitalisationServiceHandlerClient(ctx, mux, acquispb.NewCapitalisationServiceClient(channel))
		},
		func() error {
			return acquispb.RegisterSessionServiceHandlerClient(ctx, mux, acquispb.NewSessionServiceClient(channel))
		},
		func() error {
			return acquispb.RegisterReferentielServiceHandlerClient(ctx, mux, acquispb.NewReferentielServiceClient(channel))
		},
	} {
		if err := register(); err != nil {
			return nil, err
		}
	}
	return withHeaders(g.withinHeaders(g.withPaths(g.withDocuments(mux)))), nil
}

// withDocuments serves the public documents. It is not an http.ServeMux, which
// would redirect paths that are not clean.
func (g *gateway) withDocuments(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page, ok := g.pages[r.URL.Path]; ok {
			g.servePage(w, r, page)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// servePage serves a document as a public call.
func (g *gateway) servePage(w http.ResponseWriter, r *http.Request, page *page) {
	v := g.arriveREST(w, r, g.document)
	defer v.ticket.Done()
	err := v.enter(nil)
	if err == nil {
		v.lent, err = v.lend(0) // all share its bytes
		v.tooMany = err != nil
	}
	if err == nil {
		v.ticket.Done() // it needs no more processor time, and may be read slowly
		page.serve(w, r)
		sent(w, r)
	}
	if err = v.end(err, nil); err != nil {
		g.refuse(w, r, v, err)
	}
}

// refuse answers a call that failed before it reached the library. The connection of
// an unknown caller who calls too often is closed: a new one costs them more than a
// call, and is limited too. Calls that were not admitted are not limited otherwise; if
// their network leaves many answers unread, further ones have no body: without one
// there is nothing to read.
func (g *gateway) refuse(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	if v.tooMany {
		w.Header().Set("Connection", "close")
	}
	if by := admission.CallerOf("", v.info.From); !v.ticket.Held() {
		if g.budgets.refusals.Take(v.ctx, by, bytesOfAStream) == nil {
			defer g.budgets.refusals.Give(by, bytesOfAStream)
		} else {
			w = headersOnly{w}
		}
	}
	g.writeError(r.Context(), nil, nil, w, r, err)
	sent(w, r)
}

// headersOnly drops the body of an answer.
type headersOnly struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (h headersOnly) WriteHeader(code int) {
	h.Header().Del("Content-Length")
	h.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (headersOnly) Write(p []byte) (int, error) { return len(p), nil }

// Unwrap is for http.ResponseController.
func (h headersOnly) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// sent waits until an answer over HTTP/2 was sent. Otherwise the library waits for
// windows of the peer when the handler has ended and the limits of calls no longer
// count it. Over HTTP/1 a connection has one call at a time, and the socket holds a
// small answer.
func sent(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor > 1 {
		_ = http.NewResponseController(w).Flush() // it fails only if the caller is gone
	}
}

// arriveREST begins a visit over REST, which is in its context.
func (g *gateway) arriveREST(w http.ResponseWriter, r *http.Request, m *method) *visit {
	ctx, cancel := context.WithTimeout(r.Context(), m.timeout)
	v := g.arrive(ctx, m, g.infoOverREST(w, r))
	v.ctx, v.cancel = context.WithValue(v.ctx, visitKey{}, v), cancel
	return v
}

type visitKey struct{}

// visitOf returns the visit over REST that a context belongs to, or nil.
func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// infoOverREST is the Info of a new call. Its id is returned with the answer.
func (g *gateway) infoOverREST(w http.ResponseWriter, r *http.Request) *call.Info {
	info := &call.Info{RequestID: requestID(r.Header.Values(requestIDHeader)), From: fromOf(r.Context()), OverREST: true}
	w.Header().Set("X-Request-Id", info.RequestID)
	return info
}

// withHeaders sets the headers of every answer: answers can have identities, so
// caches must not store them.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// bare drops headers and addresses, so that grpc-gateway does not copy them
// into metadata: what a call needs of them is already in call.Info. It keeps
// the two headers that the library reads itself: the caller's timeout, and
// whether they accept trailers.
func bare(r *http.Request) *http.Request {
	header := make(http.Header)
	for _, name := range []string{"Grpc-Timeout", "Te"} {
		if values, ok := r.Header[name]; ok {
			header[name] = values
		}
	}
	r.Header, r.Host, r.RemoteAddr = header, "", ""
	return r
}

// precheck begins a call: it refuses callers who may not call before anything
// of the request is read, then reads the body. The library calls it once for
// each route; the binding of the route is looked up at its first call.
func (g *gateway) precheck(next runtime.HandlerFunc) runtime.HandlerFunc {
	var once sync.Once
	var bound binding
	return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
		once.Do(func() { bound = g.bindingOf(r) })
		v := g.arriveREST(w, r, bound.method)
		defer v.ticket.Done()
		v.info.IfNoneMatch, v.info.Gzip = r.Header.Values("If-None-Match"), acceptsGzip(r.Header.Values("Accept-Encoding"))
		defer func() { g.depart(w, r, v, recover()) }()
		if err := v.admitREST(w, r, bound, params); err != nil {
			v.failed = err
			return
		}
		next(w, bare(r.WithContext(v.ctx)), params)
		v.ticket.Yield() // a slow reader holds no slot
		sent(w, r)
	}
}

// depart ends a call over REST, and answers it if it was refused before it
// reached the library, or panicked.
func (g *gateway) depart(w http.ResponseWriter, r *http.Request, v *visit, p any) {
	answered := v.answered
	err := v.end(v.failed, p)
	switch {
	case err == nil:
		v.counts.sent.Inc()
	case !answered:
		g.refuse(w, r, v, err)
	}
}

// A binding is the RPC and body of a route.
type binding struct {
	*method
	contract.Binding
}

// within names the field of the request that the body is in the path of a fault.
func (b binding) within(fault *contract.Fault) {
	if fault != nil && b.Field != "" && fault.Field != "" && fault.Field != "body" {
		fault.Field = contract.JSONName(b.Field) + "." + fault.Field
	}
}

// bindingOf returns the binding of the route of a request.
func (g *gateway) bindingOf(r *http.Request) binding {
	pattern, _ := runtime.HTTPPattern(r.Context())
	if bound, ok := g.contract.Bindings[r.Method+" "+pattern.String()]; ok {
		return binding{g.methods["/"+bound.RPC.Name], bound}
	}
	return binding{method: g.unknown}
}

// admitREST authenticates and admits a call, and reads its body.
func (v *visit) admitREST(w http.ResponseWriter, r *http.Request, bound binding, params map[string]string) error {
	if err := v.enter(r.Header.Values("Authorization")); err != nil {
		return err
	}
	if !utf8.ValidString(r.URL.Path) {
		return apierr.InvalidField("path", "is not UTF-8")
	}
	if err := checkQuery(r.URL.RawQuery, bound.Binding); err != nil {
		return err
	}
	if err := v.readAside(r); err != nil {
		return err
	}
	if r.Body != http.NoBody {
		body, err := v.readBody(w, r, bound, params)
		if err != nil {
			return err
		}
		r.Body = wholeBody{bytes.NewReader(body)}
	}
	v.counts.received.Inc()
	return v.ticket.Start(v.ctx)
}
