package transport

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
)

// A channel lets the gateway call the services inside the process: the
// generated clients call through it as through a connection, and pass the same
// interceptor as calls over gRPC.
//
// A call is only a function call, in the goroutine of the HTTP request. Both
// ends share the context with its call.Info, which has what a connection
// carries in headers, and the answer. The request belongs to the service from
// then on. docs/performance.md says what a goroutine and copies for each call
// would cost.
type channel struct {
	inner   grpc.UnaryServerInterceptor
	methods map[string]boundMethod // by full name
}

type boundMethod struct {
	service any
	handler grpc.MethodHandler
}

func newChannel(inner grpc.UnaryServerInterceptor) *channel {
	return &channel{inner: inner, methods: make(map[string]boundMethod)}
}

// RegisterService implements grpc.ServiceRegistrar.
func (c *channel) RegisterService(desc *grpc.ServiceDesc, service any) {
	for _, m := range desc.Methods {
		c.methods["/"+desc.ServiceName+"/"+m.MethodName] = boundMethod{service, m.Handler}
	}
}

// Invoke implements grpc.ClientConnInterface. The answer is in call.Info; there
// are no headers and trailers for options.
func (c *channel) Invoke(ctx context.Context, method string, req, _ any, _ ...grpc.CallOption) error {
	m, ok := c.methods[method]
	if !ok {
		return apierr.NoSuchMethod()
	}
	if err := complete(ctx, req); err != nil {
		return err
	}
	answer, err := m.handler(m.service, ctx, func(any) error { return nil },
		func(ctx context.Context, _ any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return c.inner(ctx, req, info, handler)
		})
	call.From(ctx).Answer = answer
	return err
}

// complete gives the request what its call over REST said outside of it.
func complete(ctx context.Context, req any) error {
	v, request := visitOf(ctx), req.(proto.Message) // the generated clients send nothing else
	if v == nil {
		return nil
	}
	return v.complete(request)
}

// NewStream implements grpc.ClientConnInterface. Streams have no REST path.
func (c *channel) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, apierr.NoSuchMethod()
}

// An aside is what a call over REST says of its request outside of path and body,
// and what the library would say otherwise than over gRPC.
type aside struct {
	etag    string // of If-Match; empty: none
	implied bool   // no update mask was given: the library makes one of the body
}

// readAside reads the headers and the query of a call. A condition that the RPC
// does not know is refused: without it the call would do what its caller wants done
// only under that condition.
func (v *visit) readAside(r *http.Request) error {
	v.aside.implied = len(v.rpc.Updatable) > 0 && !namesMask(r.URL.RawQuery)
	given := r.Header.Values("If-Match")
	if len(given) == 0 {
		return nil
	}
	if field := v.rpc.Seen(); field != "" && !v.rpc.TakesEtag() {
		return apierr.InvalidField("If-Match", "is not taken by this call: send the etag as "+field+" in the body")
	}
	if !v.rpc.TakesEtag() {
		return apierr.InvalidField("If-Match", "is not taken by this call: it has no etag")
	}
	quoted := strings.TrimSpace(strings.Join(given, ","))
	rest, opened := strings.CutPrefix(quoted, `"`)
	etag, closed := strings.CutSuffix(rest, `"`)
	if !opened || !closed || etag == "" || strings.Contains(etag, `"`) {
		return apierr.InvalidField("If-Match", `must be one etag in quotes, as in the header ETag: not *, no list and nothing with W/`)
	}
	v.aside.etag = etag
	return nil
}

// namesMask tells whether a query has an update mask.
func namesMask(query string) bool {
	values, err := url.ParseQuery(query)
	if err != nil {
		return false // which the library refuses
	}
	for key := range values {
		if first, _, _ := strings.Cut(key, "."); first == "updateMask" || first == "update_mask" {
			return true
		}
	}
	return false
}

// complete puts what was said aside into a request: then it is the same as over gRPC.
func (v *visit) complete(request proto.Message) error {
	message := request.ProtoReflect()
	if v.aside.implied {
		v.narrowMask(message)
	}
	if v.aside.etag != "" && !v.rpc.SetEtag(message, v.aside.etag) {
		return apierr.InvalidField("If-Match", "is another etag than that in the body")
	}
	return nil
}

// narrowMask leaves, of the mask that the library makes of a body, the fields that
// the update may change, each as a whole. What else clients send back, such as the
// etag, is no wish to change it.
func (v *visit) narrowMask(request protoreflect.Message) {
	field := request.Descriptor().Fields().ByName("update_mask")
	mask, ok := request.Get(field).Message().Interface().(*fieldmaskpb.FieldMask)
	if !ok || mask == nil {
		return
	}
	narrow := new(fieldmaskpb.FieldMask)
	for _, path := range mask.GetPaths() {
		first, _, _ := strings.Cut(path, ".")
		if slices.Contains(v.rpc.Updatable, first) && !slices.Contains(narrow.Paths, first) {
			narrow.Paths = append(narrow.Paths, first)
		}
	}
	request.Clear(field)
	if len(narrow.GetPaths()) > 0 {
		request.Set(field, protoreflect.ValueOfMessage(narrow.ProtoReflect()))
	}
}

// version writes the ETag of a resource that has one. It is a strong one: it stands
// for every field.
func version(ctx context.Context, w http.ResponseWriter, answer any) {
	resource, ok := answer.(interface{ GetEtag() string })
	if v := visitOf(ctx); v == nil || v.rpc == nil || !v.rpc.Versioned || !ok || resource.GetEtag() == "" {
		return
	}
	w.Header().Set("Etag", `"`+resource.GetEtag()+`"`)
}

// fromPath are the fields of a body that the path has too, by their names in the
// proto files, with their values there.
func fromPath(bound contract.Binding, params map[string]string) map[string]string {
	if bound.Field == "" {
		return params
	}
	below := make(map[string]string)
	for path, value := range params {
		if name, ok := strings.CutPrefix(path, bound.Field+"."); ok {
			below[name] = value
		}
	}
	return below
}
