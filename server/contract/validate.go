package contract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// Validator checks requests against the rules in the proto files.
type Validator struct {
	rules    protovalidate.Validator
	unique   uniqueLists
	texts    texts
	subjects subjects
	given    given
}

// NewValidator reads the rules of every message.
func NewValidator() (Validator, error) {
	rules, err := protovalidate.New()
	if err != nil {
		return Validator{}, err
	}
	unique, err := readUnique()
	return Validator{rules, unique, readTexts(), readSubjects(), readGiven()}, err
}

// Request checks a whole request, except the resource of an update, which is
// partial: the handler checks it after merging it with what is stored.
func (v Validator) Request(ctx context.Context, req any) error {
	message, ok := req.(proto.Message)
	if !ok {
		return errors.New("a request is not a protobuf message")
	}
	broken, partial := v.given.broken(message.ProtoReflect()), protoreflect.Name("")
	if of := v.subjects[message.ProtoReflect().Descriptor().FullName()]; of != nil && of.updates {
		partial = of.field.Name()
	} else {
		broken = append(broken, v.unique.broken(message.ProtoReflect())...)
	}
	if err := v.check(ctx, "", message, broken, partial); err != nil {
		return err
	}
	return v.subjects.check(message.ProtoReflect())
}

// Resource checks a merged resource; field names it in the request.
func (v Validator) Resource(ctx context.Context, field string, message proto.Message) error {
	return v.check(ctx, field+".", message, v.unique.broken(message.ProtoReflect()), "")
}

// check first only looks for one violation, because collecting all costs a
// hundred times as much. If there is one, or something is broken already, it
// collects some more.
func (v Validator) check(ctx context.Context, prefix string, message proto.Message, broken []*protovalidate.Violation, partial protoreflect.Name) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	options := []protovalidate.ValidationOption{protovalidate.WithFailFast()}
	if partial != "" { // a filter is called for each field, so only if needed
		options = append(options, protovalidate.WithFilter(skipPartial(partial)))
	}
	err := v.rules.Validate(message, options...)
	if err == nil && len(broken) == 0 && v.texts.fine(message.ProtoReflect(), partial) {
		return nil
	}
	if found := new(protovalidate.ValidationError); err != nil && !errors.As(err, &found) {
		return err
	}
	c := collection{rules: v.rules, texts: v.texts, partial: partial, broken: broken}
	if err := c.message(ctx, message.ProtoReflect(), nil); err != nil {
		return err
	}
	slices.SortStableFunc(c.broken, compareViolations)
	violations := make([]apierr.Violation, len(c.broken))
	for i, b := range c.broken {
		field := prefix + jsonPath(b)
		violations[i] = apierr.Field(strings.TrimSuffix(field, "."), wording(b, fieldAt(message.ProtoReflect().Descriptor(), b)))
	}
	return apierr.Invalid(acquispb.ErrorReason_INVALID_FIELD, violations...)
}

// skipPartial leaves out the resource of an update request, by its field name:
// its required fields may be missing.
type skipPartial protoreflect.Name

func (s skipPartial) ShouldValidate(message protoreflect.Message, descriptor protoreflect.Descriptor) bool {
	return descriptor.Name() != protoreflect.Name(s) || descriptor.Parent() != message.Descriptor()
}

// jsonPath names the field as in JSON, which most callers use:
// assessments[3].criterion, birthDate.
func jsonPath(b *protovalidate.Violation) string {
	var path strings.Builder
	for _, element := range b.Proto.GetField().GetElements() {
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		path.WriteString(JSONName(element.GetFieldName()))
		if element.GetSubscript() != nil { // we have no maps: it is an index
			fmt.Fprintf(&path, "[%d]", element.GetIndex())
		}
	}
	return path.String()
}

// JSONName follows the rule of protobuf: an underscore and a letter become the
// letter in upper case.
func JSONName(field string) string {
	parts := strings.Split(field, "_")
	for i, part := range parts {
		if i > 0 && part != "" {
			parts[i] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "")
}
