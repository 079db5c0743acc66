package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/gen/openapi"
)

// gateway serves REST. Every call goes through the same interceptors as over
// gRPC, by a channel inside the process. What REST adds happens here: who calls
// is checked before the body is read, and what the gateway library would let
// pass in silence (unknown query parameters, a second JSON value, another
// method in a header) is refused.
type gateway struct {
	*core
	limits Limits
}

// newGateway returns the handler of the REST listener.
func newGateway(c *core, limits Limits, channel *channel) (http.Handler, error) {
	g := &gateway{core: c, limits: limits}
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, newMarshaler()),
		runtime.WithWriteContentLength(), // else the HTTP library sends what is large in pieces
		runtime.WithForwardResponseOption(validator),
		runtime.WithForwardResponseRewriter(rewrite),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithErrorHandler(g.writeError),
		runtime.WithRoutingErrorHandler(g.writeRoutingError),
		runtime.WithMiddlewares(g.precheck),
		runtime.SetQueryParameterParser(strictQuery{}),
	)
	ctx := context.Background()
	// The library tries the routes that were registered last first, one by one.
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
	return withHeaders(g.withDocuments(mux)), nil
}

// withDocuments serves what lies beside next: the document of the contract, and
// the keys that check attestations. It is no http.ServeMux: that would answer
// paths which are not clean with a redirect of its own.
func (g *gateway) withDocuments(next http.Handler) http.Handler {
	documents := map[string]http.HandlerFunc{
		"/openapi.json":          serveOpenAPI,
		"/.well-known/jwks.json": g.notary.signer.serveKeySet,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serve, ok := documents[r.URL.Path]
		switch {
		case !ok:
			next.ServeHTTP(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			g.writeRoutingError(r.Context(), nil, nil, w, r, http.StatusMethodNotAllowed)
		default:
			serve(w, r)
		}
	})
}

func serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openapi.JSON) // a caller who went away needs no answer
}

// withHeaders sets what every answer bears: answers hold identities, so that no
// cache may keep them. A body is JSON whatever its type is said to be: the
// library would log a type that it cannot read, with what the caller wrote.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Content-Type")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// bare is a request without its headers and whence it came, which the library
// would make metadata of: what a call needs of them stands in its callInfo by now,
// and nothing else goes any further. How long the caller waits and whether they
// take trailers the library reads itself.
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

// precheck refuses who may not call before anything of the request is read,
// then reads the body: one JSON value within the limit, and no query where the
// body is the whole request. It is asked once for each route: whose binding is
// looked up at its first call.
func (g *gateway) precheck(next runtime.HandlerFunc) runtime.HandlerFunc {
	var once sync.Once
	var bound binding
	return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
		start := time.Now()
		once.Do(func() { bound = g.bindingOf(r) })
		info := &callInfo{
			requestID: requestID(r.Header.Values(requestIDHeader)), from: network(r.RemoteAddr), overREST: true,
			ifNoneMatch: r.Header.Values("If-None-Match"), gzip: acceptsGzip(r.Header.Values("Accept-Encoding")),
		}
		w.Header().Set("X-Request-Id", info.requestID)
		r = r.WithContext(context.WithValue(r.Context(), callInfoKey{}, info))
		err := g.check(w, r, bound)
		if err == nil {
			next(w, bare(r), params)
			return
		}
		ctx := r.Context()
		err = outward(ctx, g.log, err)
		g.logCall(ctx, "/"+bound.rpc.name, start, err)
		g.writeError(ctx, nil, nil, w, r, err)
	}
}

// bindingOf returns the binding of the route that was found for a request.
func (g *gateway) bindingOf(r *http.Request) binding {
	pattern, _ := runtime.HTTPPattern(r.Context())
	if bound, ok := g.contract.bindings[r.Method+" "+pattern.String()]; ok {
		return bound
	}
	return binding{rpc: new(rpc)}
}

func (g *gateway) check(w http.ResponseWriter, r *http.Request, bound binding) error {
	if bound.rpc.name == "" {
		return fmt.Errorf("no RPC is bound to a %s that the gateway routes", r.Method)
	}
	if err := g.admitBearer(r, bound.rpc); err != nil {
		return err
	}
	if !utf8.ValidString(r.URL.Path) {
		return invalidField("path", "is not UTF-8")
	}
	if bound.hasBody && r.URL.RawQuery != "" {
		return invalid(acquispb.ErrorReason_UNKNOWN_PARAMETER, violation{"query", "is not used by this call: its body is the whole request"})
	}
	if r.Body == http.NoBody {
		return nil
	}
	body, err := g.readBody(w, r)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err
}

// admitBearer refuses who may not call the RPC.
func (g *gateway) admitBearer(r *http.Request, called *rpc) error {
	if called.public {
		return nil
	}
	caller, err := g.authenticateBearer(r.Context(), r.Header.Values("Authorization"))
	if err != nil {
		return err
	}
	infoOf(r.Context()).caller = caller
	return called.admit(caller)
}

// readBody reads one JSON value, or nothing.
func (g *gateway) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(g.limits.MaxRequestBytes)))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLarge(g.limits.MaxRequestBytes)
	case err != nil:
		return nil, invalid(acquispb.ErrorReason_MALFORMED_BODY, violation{"body", "could not be read"})
	case len(bytes.TrimSpace(body)) == 0:
		return nil, nil
	case r.Method == http.MethodGet:
		return nil, invalid(acquispb.ErrorReason_MALFORMED_BODY, violation{"body", "must be empty: a GET has none"})
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	var value json.RawMessage
	if err := decoder.Decode(&value); err != nil {
		return nil, invalid(acquispb.ErrorReason_MALFORMED_BODY, violation{"body", "is not JSON: " + err.Error()})
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, invalid(acquispb.ErrorReason_MALFORMED_BODY, violation{"body", "holds more than one JSON value"})
	}
	return body, nil
}

// strictQuery refuses query parameters that the request does not have. The
// library would ignore them, and with them a filter that was misspelt.
type strictQuery struct{ lenient runtime.DefaultQueryParser }

// Parse implements runtime.QueryParameterParser.
func (q strictQuery) Parse(message proto.Message, values url.Values, filter *utilities.DoubleArray) error {
	for key, given := range values {
		path := strings.Split(key, ".")
		if !hasField(message.ProtoReflect().Descriptor(), path) || filter.HasCommonPrefix(protoPath(message, path)) {
			return queryError{key, "is not a parameter of this call"}
		}
		if len(given) > 1 {
			return queryError{key, "is given more than once"}
		}
		if !utf8.ValidString(given[0]) {
			return queryError{key, "is not UTF-8"}
		}
	}
	if err := q.lenient.Parse(message, values, filter); err != nil {
		return queryError{"", "has a parameter with a wrong value"}
	}
	return nil
}

// queryError is told from errors of the body by its prefix: the generated code
// keeps nothing but the text.
type queryError struct{ key, rule string }

const queryPrefix = "query parameter "

func (e queryError) Error() string {
	return queryPrefix + strconv.Quote(clip(e.key, maxFieldText)) + " " + e.rule
}

func hasField(message protoreflect.MessageDescriptor, path []string) bool {
	field := fieldNamed(message, path[0])
	switch {
	case field == nil:
		return false
	case len(path) == 1:
		return true
	}
	return field.Message() != nil && hasField(field.Message(), path[1:])
}

func fieldNamed(message protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if field := message.Fields().ByJSONName(name); field != nil {
		return field
	}
	return message.Fields().ByName(protoreflect.Name(name))
}

// protoPath is a path in proto names, as the generated filters hold them.
func protoPath(message proto.Message, path []string) []string {
	descriptor := message.ProtoReflect().Descriptor()
	names := make([]string, 0, len(path))
	for _, name := range path {
		field := fieldNamed(descriptor, name)
		names = append(names, string(field.Name()))
		descriptor = field.Message()
	}
	return names
}

// writeError writes any error as google.rpc.Status in JSON.
func (g *gateway) writeError(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	st, _ := status.FromError(err)
	if !hasInfo(st) {
		st, _ = status.FromError(g.explain(ctx, st, err))
	}
	writeStatus(w, st, httpStatus(st))
}

// explain gives an error of the gateway library itself, which is about the form
// of the request, the shape that all errors have.
func (g *gateway) explain(ctx context.Context, st *status.Status, err error) error {
	if st.Code() != codes.InvalidArgument {
		return outward(ctx, g.log, err)
	}
	if text, ok := strings.CutPrefix(st.Message(), queryPrefix); ok {
		key, rule, _ := strings.Cut(strings.TrimPrefix(text, `"`), `" `)
		return invalid(acquispb.ErrorReason_UNKNOWN_PARAMETER, violation{key, rule})
	}
	text := libraryPrefix.ReplaceAllString(clip(st.Message(), maxMessageText), "")
	field := "body"
	if named := fieldInText.FindStringSubmatch(text); named != nil {
		field = named[1] + named[2]
	}
	return invalid(acquispb.ErrorReason_MALFORMED_BODY, violation{field, text})
}

var (
	// libraryPrefix is what protojson puts before its messages.
	libraryPrefix = regexp.MustCompile(`^proto:[\s\x{a0}]*(\(line \d+:\d+\):[\s\x{a0}]*)?`)
	// fieldInText finds the field that protojson speaks of.
	fieldInText = regexp.MustCompile(`unknown field "([^"]*)"|field (?:[A-Za-z0-9_.]*\.)?([A-Za-z0-9_]+)`)
)

func (g *gateway) writeRoutingError(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	err := fail(codes.NotFound, acquispb.ErrorReason_PATH_UNKNOWN, "no such path")
	if code == http.StatusMethodNotAllowed {
		err = fail(codes.Unimplemented, acquispb.ErrorReason_METHOD_NOT_ALLOWED, "this path does not take that method")
	}
	w.Header().Set("X-Request-Id", requestID(r.Header.Values(requestIDHeader)))
	st, _ := status.FromError(err)
	writeStatus(w, st, httpStatus(st))
}

// httpStatus is the status of an error's code, or a closer one where HTTP has it.
func httpStatus(st *status.Status) int {
	switch reasonIn(st) {
	case acquispb.ErrorReason_REQUEST_TOO_LARGE.String():
		return http.StatusRequestEntityTooLarge
	case acquispb.ErrorReason_METHOD_NOT_ALLOWED.String():
		return http.StatusMethodNotAllowed
	}
	return runtime.HTTPStatusFromCode(st.Code())
}

func writeStatus(w http.ResponseWriter, st *status.Status, code int) {
	body, err := protojson.Marshal(st.Proto())
	if err != nil {
		code, body = http.StatusInternalServerError, []byte(`{"code":13,"message":"internal error"}`)
	}
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	for _, d := range st.Details() {
		if retry, ok := d.(*errdetails.RetryInfo); ok {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.GetRetryDelay().AsDuration().Seconds()))))
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(body) // a caller who went away needs no answer
}
