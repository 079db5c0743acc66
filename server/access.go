package server

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// An rpc is what the proto file says of one RPC.
type rpc struct {
	name      string // "acquis.v1.SessionService/GetGrid"
	roles     []acquispb.Role_Enum
	wider     []acquispb.Role_Enum // admit nobody, but show more
	public    bool                 // anyone may call, without a key
	readsFile bool                 // it shows something of candidates' files
}

// A binding is one REST path of an RPC.
type binding struct {
	rpc     *rpc
	hasBody bool // a body holds the whole request: there is no query
}

// contract holds what the proto files say of every RPC: it is read from their
// descriptors, so that no second list of roles or paths can disagree with them.
type contract struct {
	rpcs     map[string]*rpc    // by full method name, "/acquis.v1.…/…"
	bindings map[string]binding // by HTTP method, a space and the path pattern
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

func readContract() *contract {
	c := &contract{rpcs: make(map[string]*rpc), bindings: make(map[string]binding)}
	for _, file := range services() {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				c.add(service.Methods().Get(j))
			}
		}
	}
	return c
}

func (c *contract) add(method protoreflect.MethodDescriptor) {
	access, _ := proto.GetExtension(method.Options(), acquispb.E_Access).(*acquispb.Access)
	r := &rpc{
		name:      fmt.Sprintf("%s/%s", method.Parent().FullName(), method.Name()),
		roles:     access.GetRoles(),
		wider:     access.GetWidenedBy(),
		public:    access.GetPublic(),
		readsFile: access.GetReadsFile(),
	}
	c.rpcs["/"+r.name] = r
	rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return // over gRPC only
	}
	for _, rule := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		method, path := httpPath(rule)
		c.bindings[method+" "+path] = binding{rpc: r, hasBody: rule.GetBody() == "*"}
	}
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

// admit refuses a caller who has none of the roles that the RPC admits. An RPC
// that declares none admits nobody.
func (r *rpc) admit(c *Caller) error {
	if slices.ContainsFunc(r.roles, c.Has) {
		return nil
	}
	return denied(acquispb.ErrorReason_ROLE_MISSING, "the key or token has none of the roles that this call admits")
}

// find returns the RPC of a full method name.
func (c *contract) find(fullMethod string) (*rpc, error) {
	if r, ok := c.rpcs[fullMethod]; ok {
		return r, nil
	}
	return nil, noSuchMethod()
}

// infrastructure tells which services lie outside the contract, where anyone may
// call: they show the contract and whether the service is up, and nothing that
// is stored.
func infrastructure(fullMethod string) bool {
	return strings.HasPrefix(fullMethod, "/grpc.health.v1.Health/") ||
		strings.HasPrefix(fullMethod, "/grpc.reflection.")
}
