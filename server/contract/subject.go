package contract

import (
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/acquis-eval/acquis/server/apierr"
)

// A subject is the resource in the request of an RPC that creates, updates or
// publishes one. Its name must be that of the resource that the call is about:
// otherwise what was read of one resource could be written to another.
type subject struct {
	field, name protoreflect.FieldDescriptor // of the request; of the resource
	parent, id  protoreflect.FieldDescriptor // of the request; nil if it has none
	collection  string                       // "candidates"
	pattern     string                       // "candidates/{candidate}", for people
	form        *regexp.Regexp               // of the name
	revisions   bool                         // names below are spellings of it
	updates     bool
}

// subjects are those of all requests that have one, by the name of the request.
type subjects map[protoreflect.FullName]*subject

// readSubjects reads them from the methods of the contract.
func readSubjects() subjects {
	found := make(subjects)
	for _, file := range services() {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				if s := newSubject(methods.Get(j)); s != nil {
					found[methods.Get(j).Input().FullName()] = s
				}
			}
		}
	}
	return found
}

func newSubject(method protoreflect.MethodDescriptor) *subject {
	request := method.Input().Fields()
	field := resourceField(method.Input())
	if field == nil {
		return nil
	}
	resource, _ := proto.GetExtension(field.Message().Options(), annotations.E_Resource).(*annotations.ResourceDescriptor)
	pattern := resource.GetPattern()[0]
	parts := strings.Split(pattern, "/")
	s := &subject{
		field: field, name: field.Message().Fields().ByName("name"),
		parent: request.ByName("parent"), id: request.ByName(protoreflect.Name(resource.GetSingular() + "_id")),
		collection: parts[len(parts)-2], pattern: pattern, form: nameForm(pattern), revisions: len(resource.GetPattern()) > 1,
		updates: request.ByName("update_mask") != nil,
	}
	return s
}

var nameVariable = regexp.MustCompile(`\{[a-z_]+\}`)

// nameForm is the form of names of that pattern: each variable is an id that a
// caller may choose.
func nameForm(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^" + nameVariable.ReplaceAllLiteralString(pattern, "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?") + "$")
}

func fieldsWhere(message protoreflect.MessageDescriptor, such func(protoreflect.FieldDescriptor) bool) (fields []protoreflect.FieldDescriptor) {
	for i := range message.Fields().Len() {
		if field := message.Fields().Get(i); such(field) {
			fields = append(fields, field)
		}
	}
	return fields
}

// check refuses a request whose resource is another than the one that the call
// is about.
func (s subjects) check(request protoreflect.Message) error {
	of := s[request.Descriptor().FullName()]
	if of == nil || !request.Has(of.field) {
		return nil // a resource that is missing is refused by its own rule
	}
	resource := request.Get(of.field).Message()
	if rule := of.wrongName(request, resource.Get(of.name).String()); rule != "" {
		return apierr.InvalidField(of.path(of.name), rule)
	}
	return nil
}

func (s *subject) path(field protoreflect.FieldDescriptor) string {
	return s.field.JSONName() + "." + field.JSONName()
}

// wrongName says what is wrong with the name in the resource; "" if nothing is.
// A create need not name what it creates.
func (s *subject) wrongName(request protoreflect.Message, name string) string {
	if s.updates {
		if s.form.MatchString(name) {
			return ""
		}
		return "must be " + s.pattern + ": it says which one the update changes"
	}
	own := s.own(request)
	switch {
	case name == "", name == own, s.revisions && own != "" && strings.HasPrefix(name, own+"/"):
		return ""
	case own == "" && s.id != nil:
		return "must be empty: the service chooses the id, unless " + s.id.JSONName() + " gives one"
	case own == "":
		return "must be empty: the service chooses the id"
	}
	return fmt.Sprintf("must be empty or %s: it is the name of another one", own)
}

// own is the name that a create gives; "" if the service chooses the id.
func (s *subject) own(request protoreflect.Message) string {
	if s.id == nil || !request.Has(s.id) {
		return ""
	}
	name := s.collection + "/" + request.Get(s.id).String()
	if s.parent != nil {
		name = request.Get(s.parent).String() + "/" + name
	}
	return name
}

// Unname takes the name off the resource of a create: its request means the same
// without it.
func Unname(request protoreflect.Message) {
	field := resourceField(request.Descriptor())
	if field == nil || !request.Has(field) || request.Descriptor().Fields().ByName("update_mask") != nil {
		return
	}
	resource := request.Mutable(field).Message()
	resource.Clear(field.Message().Fields().ByName("name"))
}
