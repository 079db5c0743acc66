package contract

import (
	"slices"
	"strings"

	validatepb "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/acquis-eval/acquis/server/apierr"
)

const setByService = "is set by the service: leave it out"

// A messageGiven has the fields of a message that only the service sets, and the
// fields whose messages have some.
type messageGiven struct {
	own   []protoreflect.FieldDescriptor
	below []protoreflect.FieldDescriptor
}

// given has those of every message of a request, by message. A request that has
// one is refused: its caller believes that it decides something, such as the
// assessor of a verdict.
type given map[protoreflect.FullName]*messageGiven

// readGiven reads them from the methods of the contract.
func readGiven() given {
	g := make(given)
	for _, file := range services() {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				g.read(methods.Get(j).Input(), sentBack(methods.Get(j)))
			}
		}
	}
	return g
}

// sentBack is the resource of a request that callers send as they read it, such as
// that of an update: what the service sets in it is ignored. A create has none.
func sentBack(method protoreflect.MethodDescriptor) protoreflect.FieldDescriptor {
	if strings.HasPrefix(string(method.Name()), "Create") {
		return nil
	}
	return resourceField(method.Input())
}

// read reads the fields in a message except one, and tells whether it has any.
// Messages may be recursive.
func (g given) read(message protoreflect.MessageDescriptor, except protoreflect.FieldDescriptor) bool {
	if known := g[message.FullName()]; known != nil {
		return len(known.own)+len(known.below) > 0
	}
	m := new(messageGiven)
	g[message.FullName()] = m
	resource := proto.HasExtension(message.Options(), annotations.E_Resource)
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		switch {
		case field == except:
		case slices.Contains(behaviorOf(field), annotations.FieldBehavior_OUTPUT_ONLY), resource && field.Name() == "etag":
			m.own = append(m.own, field)
		case field.Message() != nil && g.read(field.Message(), nil):
			m.below = append(m.below, field)
		}
	}
	return len(m.own)+len(m.below) > 0
}

// broken returns the fields of a message and of those in it that only the service
// sets; of a list, few more than an answer shows.
func (g given) broken(m protoreflect.Message, path ...*validatepb.FieldPathElement) (broken []*protovalidate.Violation) {
	here := g[m.Descriptor().FullName()]
	if here == nil {
		return nil
	}
	for _, field := range here.own {
		if m.Has(field) {
			broken = append(broken, violation(setByService, append(slices.Clip(path), element(field))...))
		}
	}
	for _, field := range here.below {
		switch {
		case !m.Has(field):
		case !field.IsList():
			broken = append(broken, g.broken(m.Get(field).Message(), append(slices.Clip(path), element(field))...)...)
		default:
			broken = append(broken, g.items(m.Get(field).List(), field, path)...)
		}
	}
	return broken
}

func (g given) items(list protoreflect.List, field protoreflect.FieldDescriptor, path []*validatepb.FieldPathElement) (broken []*protovalidate.Violation) {
	for i := 0; i < list.Len() && len(broken) <= apierr.MaxViolations; i++ {
		item := element(field)
		item.Subscript = &validatepb.FieldPathElement_Index{Index: uint64(i)}
		broken = append(broken, g.broken(list.Get(i).Message(), append(slices.Clip(path), item)...)...)
	}
	return broken
}
