package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// validate checks requests against the rules that stand in the proto files.
type validate struct {
	rules  protovalidate.Validator
	unique uniqueLists
}

func newValidate() (validate, error) {
	rules, err := protovalidate.New()
	if err != nil {
		return validate{}, err
	}
	unique, err := readUnique()
	return validate{rules, unique}, err
}

// request checks a whole request. The resource of an update is partial: it is
// checked by its handler once it is merged with what is stored.
func (v validate) request(ctx context.Context, req any) error {
	message, ok := req.(proto.Message)
	if !ok {
		return errors.New("a request is not a protobuf message")
	}
	if isMalformed(message) {
		return invalid(acquispb.ErrorReason_MALFORMED_BODY, violation{"request", "is not a message of this call"})
	}
	if field, found := unknownField(message.ProtoReflect()); found {
		return invalidField(cmp.Or(field, "request"), "has a field that this version does not know")
	}
	switch message.(type) {
	case *acquispb.UpdateCandidateRequest:
		return v.check(ctx, "", message, nil, "candidate")
	case *acquispb.UpdateSessionRequest:
		return v.check(ctx, "", message, nil, "session")
	}
	return v.check(ctx, "", message, v.unique, "")
}

// resource checks a merged resource; field names it in the request.
func (v validate) resource(ctx context.Context, field string, message proto.Message) error {
	return v.check(ctx, field+".", message, v.unique, "")
}

// check stops at the first violation, since to collect them all costs a hundred
// times as much as to find that there is one; only then it looks for some more.
func (v validate) check(ctx context.Context, prefix string, message proto.Message, unique uniqueLists, partial protoreflect.Name) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	options := []protovalidate.ValidationOption{protovalidate.WithFailFast()}
	if partial != "" { // a filter is asked about each field, so none without need
		options = append(options, protovalidate.WithFilter(skipPartial(partial)))
	}
	broken := unique.broken(message.ProtoReflect())
	err := v.rules.Validate(message, options...)
	if err == nil && len(broken) == 0 {
		return nil
	}
	if found := new(protovalidate.ValidationError); err != nil && !errors.As(err, &found) {
		return err
	}
	c := collection{rules: v.rules, partial: partial, broken: broken}
	if err := c.message(ctx, message.ProtoReflect(), nil); err != nil {
		return err
	}
	slices.SortStableFunc(c.broken, compareViolations)
	violations := make([]violation, len(c.broken))
	for i, b := range c.broken {
		field := prefix + jsonPath(b)
		violations[i] = violation{strings.TrimSuffix(field, "."), b.Proto.GetMessage()}
	}
	return invalid(acquispb.ErrorReason_INVALID_FIELD, violations...)
}

// skipPartial leaves out the resource of an update request, by its name: its
// required fields may be absent.
type skipPartial protoreflect.Name

func (s skipPartial) ShouldValidate(message protoreflect.Message, descriptor protoreflect.Descriptor) bool {
	return descriptor.Name() != protoreflect.Name(s) || descriptor.Parent() != message.Descriptor()
}

// jsonPath names the field as JSON does, since that is what most callers wrote:
// assessments[3].criterion, birthDate.
func jsonPath(b *protovalidate.Violation) string {
	var path strings.Builder
	for _, element := range b.Proto.GetField().GetElements() {
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		path.WriteString(jsonName(element.GetFieldName()))
		if element.GetSubscript() != nil { // we have no maps: it is an index
			fmt.Fprintf(&path, "[%d]", element.GetIndex())
		}
	}
	return path.String()
}

// jsonName is protobuf's rule: an underscore and a letter become that letter in
// upper case.
func jsonName(field string) string {
	parts := strings.Split(field, "_")
	for i, part := range parts {
		if i > 0 && part != "" {
			parts[i] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "")
}

// unknownField returns the path of the first message that holds a field number
// that the proto file does not have; it is empty for the message itself. Over
// gRPC such fields would be dropped in silence; over REST the JSON decoder
// refuses them. It looks only at fields that hold messages, and names them only
// once it has found one: 5 times as fast as a Range over all, with their names.
func unknownField(message protoreflect.Message) (path string, found bool) {
	if len(message.GetUnknown()) > 0 {
		return "", true
	}
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.Message() == nil || field.IsMap() || !message.Has(field) {
			continue
		}
		value := message.Get(field)
		if !field.IsList() {
			if inner, found := unknownField(value.Message()); found {
				return below(field.JSONName(), inner), true
			}
			continue
		}
		for n := range value.List().Len() {
			if inner, found := unknownField(value.List().Get(n).Message()); found {
				return below(fmt.Sprintf("%s[%d]", field.JSONName(), n), inner), true
			}
		}
	}
	return "", false
}

func below(field, inner string) string { return strings.TrimSuffix(field+"."+inner, ".") }
