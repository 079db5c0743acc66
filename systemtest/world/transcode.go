package world

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// A Route is one REST path of an RPC. It is read from the contract independently,
// so that a test does not rely on the gateway.
type Route struct {
	Method     string
	Pattern    *regexp.Regexp
	Fields     []string // of the path's parts
	Body       string
	FullMethod string
	Input      protoreflect.MessageDescriptor
	output     protoreflect.MessageDescriptor
	Roles      []string
	Public     bool
}

func (r Route) newResponse() proto.Message { return NewMessage(r.output) }

// NewMessage makes an empty message of that type.
func NewMessage(d protoreflect.MessageDescriptor) proto.Message {
	found, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		panic(err) // every message of the contract is linked
	}
	return found.New().Interface()
}

// ReadRoutes returns the routes of every RPC that both transports have.
func ReadRoutes() (routes []Route) {
	return slices.DeleteFunc(ReadRPCs(), func(r Route) bool { return r.Method == "STREAM" })
}

func ReadRPCs() (routes []Route) {
	protoregistry.GlobalFiles.RangeFilesByPackage("acquis.v1", func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				routes = append(routes, routesOf(methods.Get(j))...)
			}
		}
		return true
	})
	return routes
}

var variable = regexp.MustCompile(`\{([a-z_.]+)=([^}]*)\}`)

func routesOf(m protoreflect.MethodDescriptor) (routes []Route) {
	rule := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
	access := proto.GetExtension(m.Options(), acquispb.E_Access).(*acquispb.Access)
	if rule == nil { // over gRPC only
		rule = &annotations.HttpRule{Pattern: &annotations.HttpRule_Custom{Custom: &annotations.CustomHttpPattern{Kind: "STREAM"}}}
	}
	for _, rule := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		r := Route{
			FullMethod: fmt.Sprintf("/%s/%s", m.Parent().FullName(), m.Name()),
			Input:      m.Input(), output: m.Output(), Body: rule.GetBody(), Public: access.GetPublic(),
		}
		for _, role := range access.GetRoles() {
			r.Roles = append(r.Roles, role.String())
		}
		template := ""
		switch p := rule.GetPattern().(type) {
		case *annotations.HttpRule_Get:
			r.Method, template = "GET", p.Get
		case *annotations.HttpRule_Post:
			r.Method, template = "POST", p.Post
		case *annotations.HttpRule_Patch:
			r.Method, template = "PATCH", p.Patch
		case *annotations.HttpRule_Custom:
			r.Method, template = p.Custom.GetKind(), r.FullMethod
		}
		for _, v := range variable.FindAllStringSubmatch(template, -1) {
			r.Fields = append(r.Fields, v[1])
		}
		template = variable.ReplaceAllStringFunc(template, func(v string) string {
			part := variable.FindStringSubmatch(v)[2]
			return "(" + strings.ReplaceAll(part, "*", "[^/:]+") + ")"
		})
		r.Pattern = regexp.MustCompile("^" + template + "$")
		routes = append(routes, r)
	}
	return routes
}

// Transcode finds the RPC of a REST call and makes its request.
func Transcode(routes []Route, method, target, body string) (Route, proto.Message, error) {
	path, query, _ := strings.Cut(target, "?")
	for _, r := range routes {
		parts := r.Pattern.FindStringSubmatch(path)
		if r.Method != method || parts == nil {
			continue
		}
		request, err := r.request(parts[1:], query, body)
		return r, request, err
	}
	return Route{}, nil, fmt.Errorf("no RPC is bound to %s %s", method, path)
}

func (r Route) request(parts []string, query, body string) (proto.Message, error) {
	fields := make(map[string]any)
	if body != "" {
		var value any
		if err := json.Unmarshal([]byte(body), &value); err != nil {
			return nil, err
		}
		if r.Body == "*" {
			fields, _ = value.(map[string]any)
		} else {
			fields[r.Body] = value
		}
	}
	parameters, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	for name, values := range parameters {
		fields[name] = values[0]
	}
	for i, name := range r.Fields {
		outer, inner, nested := strings.Cut(name, ".")
		if !nested {
			fields[name] = parts[i]
			continue
		}
		if message, ok := fields[outer].(map[string]any); ok {
			message[inner] = parts[i]
		} else {
			fields[outer] = map[string]any{inner: parts[i]}
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	request := NewMessage(r.Input)
	return request, protojson.Unmarshal(text, request)
}

// CodeName is the name of a gRPC code in its enum: INVALID_ARGUMENT.
func CodeName(code int) string {
	names := map[codes.Code]string{
		codes.OK: "OK", codes.Canceled: "CANCELLED", codes.InvalidArgument: "INVALID_ARGUMENT",
		codes.DeadlineExceeded: "DEADLINE_EXCEEDED", codes.NotFound: "NOT_FOUND", codes.AlreadyExists: "ALREADY_EXISTS",
		codes.PermissionDenied: "PERMISSION_DENIED", codes.ResourceExhausted: "RESOURCE_EXHAUSTED",
		codes.FailedPrecondition: "FAILED_PRECONDITION", codes.Aborted: "ABORTED", codes.Unimplemented: "UNIMPLEMENTED",
		codes.Internal: "INTERNAL", codes.Unavailable: "UNAVAILABLE", codes.Unauthenticated: "UNAUTHENTICATED",
	}
	return names[codes.Code(code)]
}
