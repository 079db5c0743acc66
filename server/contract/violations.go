package contract

import (
	"context"
	"errors"
	"slices"
	"strings"

	validatepb "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/acquis-eval/acquis/server/apierr"
)

// A collection gathers violations of a request until it has more than an answer
// shows. It goes message by message, because protovalidate, for a whole
// request, stops only when it has found all: for 20,000 empty items that takes
// a hundred megabytes. Its size is limited by the answer and by the longest
// list of texts.
type collection struct {
	rules   protovalidate.Validator
	texts   texts
	partial protoreflect.Name // a field of the request that is left out
	broken  []*protovalidate.Violation
}

// message gathers the violations of one message, then of those in it.
func (c *collection) message(ctx context.Context, m protoreflect.Message, path []*validatepb.FieldPathElement) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := c.rules.Validate(m.Interface(), protovalidate.WithFilter(alone{m, c.partial}))
	found := new(protovalidate.ValidationError)
	if err != nil && !errors.As(err, &found) {
		return err
	}
	for _, v := range append(found.Violations, c.texts.broken(m)...) {
		if v.Proto.GetField() == nil {
			v.Proto.Field = &validatepb.FieldPath{Elements: concerned(m, v)}
		}
		v.Proto.Field.Elements = append(slices.Clip(path), v.Proto.GetField().GetElements()...)
		c.broken = append(c.broken, v)
	}
	fields := m.Descriptor().Fields()
	for i := 0; i < fields.Len() && !c.full(); i++ {
		field := fields.Get(i)
		if field.Message() == nil || !m.Has(field) || field.Name() == c.partial {
			continue
		}
		if err := c.below(ctx, m, field, path); err != nil {
			return err
		}
	}
	return nil
}

// concerned is the field that a rule of a whole message is about: the library knows none,
// so the id of such a rule begins with it.
func concerned(m protoreflect.Message, v *protovalidate.Violation) []*validatepb.FieldPathElement {
	name, _, _ := strings.Cut(v.Proto.GetRuleId(), ".")
	field := m.Descriptor().Fields().ByName(protoreflect.Name(name))
	if field == nil {
		return nil
	}
	return []*validatepb.FieldPathElement{element(field)}
}

// below goes through the messages in a field.
func (c *collection) below(ctx context.Context, m protoreflect.Message, field protoreflect.FieldDescriptor, path []*validatepb.FieldPathElement) error {
	if !field.IsList() {
		return c.message(ctx, m.Get(field).Message(), append(slices.Clip(path), element(field)))
	}
	list := m.Get(field).List()
	for i := 0; i < list.Len() && !c.full(); i++ {
		item := element(field)
		item.Subscript = &validatepb.FieldPathElement_Index{Index: uint64(i)}
		if err := c.message(ctx, list.Get(i).Message(), append(slices.Clip(path), item)); err != nil {
			return err
		}
	}
	return nil
}

func (c *collection) full() bool { return len(c.broken) > apierr.MaxViolations }

func element(field protoreflect.FieldDescriptor) *validatepb.FieldPathElement {
	return &validatepb.FieldPathElement{
		FieldNumber: proto.Int32(int32(field.Number())), FieldName: proto.String(string(field.Name())),
	}
}

// alone checks one message without its nested messages.
type alone struct {
	message protoreflect.Message
	partial protoreflect.Name
}

func (a alone) ShouldValidate(message protoreflect.Message, descriptor protoreflect.Descriptor) bool {
	return message == a.message && (a.partial == "" || descriptor.Name() != a.partial)
}
