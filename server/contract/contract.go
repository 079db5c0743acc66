package contract

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
)

// An RPC is what the proto file declares about one RPC.
type RPC struct {
	Name      string // "acquis.v1.SessionService/GetGrid"
	roles     []acquispb.Role_Enum
	wider     []acquispb.Role_Enum     // do not allow the call, but show more
	Public    bool                     // anyone may call, without a key
	Request   *Request                 // its size and shape
	Writes    bool                     // it is an act: its request has an id
	Event     acquispb.Event_Kind_Enum // of an act: the kind of the event that it writes
	Updatable []string                 // of an update: the fields that it may change
	Versioned bool                     // the answer is a resource with an etag that callers send back
	etag      etagPath                 // to that in the request; nil: it has none
	seen      string                   // the field of another etag in the request
	Many      bool                     // it may read many records in one call
	files     *namePath                // leads to the candidates whose files it shows; nil: it shows none
}

// A Binding is one REST path of an RPC.
type Binding struct {
	RPC        *RPC
	Body       *Shape                         // of the body; nil: it has none
	Field      string                         // the body is that field of the request; empty: it is the whole
	Parameters []protoreflect.FieldDescriptor // may be in the query
}

// Contract has what the proto files declare about every RPC. It is read from
// their descriptors, so that there is no second list of roles or paths that
// could differ.
type Contract struct {
	RPCs      map[string]*RPC                // by full method name, "/acquis.v1.…/…"
	byRequest map[protoreflect.FullName]*RPC // by the name of its request, which no other has
	Bindings  map[string]Binding             // by HTTP method, a space and the path pattern
	paths     *step                          // all paths, from their first segment
}

// services lists the files that declare the services.
func services() []protoreflect.FileDescriptor {
	return []protoreflect.FileDescriptor{
		acquispb.File_acquis_v1_admin_service_proto,
		acquispb.File_acquis_v1_attestation_service_proto,
		acquispb.File_acquis_v1_audit_service_proto,
		acquispb.File_acquis_v1_candidate_proto,
		acquispb.File_acquis_v1_capitalisation_service_proto,
		acquispb.File_acquis_v1_referentiel_service_proto,
		acquispb.File_acquis_v1_session_service_proto,
	}
}

// Read reads the descriptors of the linked contract.
func Read() (*Contract, error) {
	requests, err := ReadRequests(services()...)
	if err != nil {
		return nil, err
	}
	c := &Contract{RPCs: make(map[string]*RPC), byRequest: make(map[protoreflect.FullName]*RPC), Bindings: make(map[string]Binding), paths: newStep()}
	for _, file := range services() {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				if err := c.add(service.Methods().Get(j), requests); err != nil {
					return nil, err
				}
			}
		}
	}
	return c, nil
}

func (c *Contract) add(method protoreflect.MethodDescriptor, requests Requests) error {
	access, _ := proto.GetExtension(method.Options(), acquispb.E_Access).(*acquispb.Access)
	r := &RPC{
		Name:      fmt.Sprintf("%s/%s", method.Parent().FullName(), method.Name()),
		roles:     access.GetRoles(),
		wider:     access.GetWidenedBy(),
		Public:    access.GetPublic(),
		Request:   requests[method.Input().FullName()],
		Writes:    method.Input().Fields().ByName("request_id") != nil,
		Event:     access.GetWrites(),
		Updatable: updatable(method.Input()),
		Versioned: hasVersion(method.Output()),
		etag:      newEtagPath(method.Input()),
		seen:      seen(method.Input()),
		Many:      looksAtMany(method),
	}
	var err error
	if r.files, err = newNamePath(access.GetShowsFilesOf(), method); err != nil {
		return err
	}
	if c.byRequest[method.Input().FullName()] != nil {
		return fmt.Errorf("%s is the request of two RPCs", method.Input().FullName())
	}
	c.RPCs["/"+r.Name], c.byRequest[method.Input().FullName()] = r, r
	rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return nil // over gRPC only
	}
	for _, rule := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		method, path := httpPath(rule)
		bound, err := newBinding(r, rule.GetBody(), path)
		if err != nil {
			return err
		}
		if err := c.route(method, path); err != nil {
			return err
		}
		c.Bindings[method+" "+path] = bound
	}
	return nil
}

func newBinding(r *RPC, body, path string) (b Binding, err error) {
	b.RPC, b.Parameters = r, r.Request.elsewhere(body, path)
	switch body {
	case "":
	case "*":
		b.Body = r.Request.Shape
	default:
		b.Field = body
		b.Body, err = r.Request.Field(body)
	}
	return b, err
}

var pathField = regexp.MustCompile(`\{([a-z_]+)`)

// elsewhere lists the fields of a request that are neither in the body nor in
// the path of a binding.
func (r *Request) elsewhere(body, path string) (fields []protoreflect.FieldDescriptor) {
	bound := map[string]bool{body: true}
	for _, found := range pathField.FindAllStringSubmatch(path, -1) {
		bound[found[1]] = true
	}
	for i := range r.top.fields {
		if f := &r.top.fields[i]; body != "*" && !bound[f.protoName] {
			fields = append(fields, f.descriptor)
		}
	}
	return fields
}

// looksAtMany tells whether an RPC lists, searches or streams.
func looksAtMany(method protoreflect.MethodDescriptor) bool {
	in := method.Input().Fields()
	return in.ByName("page_size") != nil || in.ByName("query") != nil || method.IsStreamingServer()
}

func httpPath(rule *annotations.HttpRule) (method, path string) {
	switch pattern := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return "GET", pattern.Get
	case *annotations.HttpRule_Post:
		return "POST", pattern.Post
	case *annotations.HttpRule_Patch:
		return "PATCH", pattern.Patch
	}
	return "", ""
}

// Admit refuses callers without any of the RPC's roles. If the RPC declares
// none, it refuses everybody.
func (r *RPC) Admit(c *call.Caller) error {
	if slices.ContainsFunc(r.roles, c.Has) {
		return nil
	}
	return apierr.RoleMissing(r.roles, c.Roles)
}

// Find returns the RPC of a full method name.
func (c *Contract) Find(fullMethod string) (*RPC, error) {
	if r, ok := c.RPCs[fullMethod]; ok {
		return r, nil
	}
	return nil, apierr.NoSuchMethod()
}

// Of returns the RPC of a request message: each has its own.
func (c *Contract) Of(request proto.Message) *RPC {
	return c.byRequest[request.ProtoReflect().Descriptor().FullName()]
}

// Infrastructure tells which services are outside the contract and may be
// called by anyone: they show the contract and the health of the service, but
// no stored data.
func Infrastructure(fullMethod string) bool {
	return strings.HasPrefix(fullMethod, "/grpc.health.v1.Health/") ||
		strings.HasPrefix(fullMethod, "/grpc.reflection.")
}

// Within returns the caller with those of their roles that the RPC uses: a call
// never has more roles than its contract names.
func (r *RPC) Within(c *call.Caller) *call.Caller {
	return c.With(func(role acquispb.Role_Enum) bool {
		return slices.Contains(r.roles, role) || slices.Contains(r.wider, role)
	})
}

// Field finds a field by its JSON name, or by its own.
func Field(message protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if field := message.Fields().ByJSONName(name); field != nil {
		return field
	}
	return message.Fields().ByName(protoreflect.Name(name))
}
