package contract

import (
	"errors"
	"fmt"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// Validator checks requests against the rules that stand in the proto files.
type Validator struct {
	rules  protovalidate.Validator
	unique uniqueLists
}

func NewValidator() (Validator, error) {
	rules, err := protovalidate.New()
	if err != nil {
		return Validator{}, err
	}
	unique, err := readUnique()
	return Validator{rules, unique}, err
}

// Request checks a whole request. The resource of an update is partial: it is
// checked by its handler once it is merged with what is stored.
func (v Validator) Request(req any) error {
	message, ok := req.(proto.Message)
	if !ok {
		return errors.New("a request is not a protobuf message")
	}
	switch message.(type) {
	case *acquispb.UpdateCandidateRequest, *acquispb.UpdateSessionRequest:
		return v.check("", message, nil, protovalidate.WithFilter(skipPartial{}))
	}
	return v.check("", message, v.unique) // a filter would be asked about each field
}

// Resource checks a merged resource; field names it in the request.
func (v Validator) Resource(field string, message proto.Message) error {
	return v.check(field+".", message, v.unique)
}

func (v Validator) check(prefix string, message proto.Message, unique uniqueLists, options ...protovalidate.ValidationOption) error {
	err := v.rules.Validate(message, options...)
	found := new(protovalidate.ValidationError)
	if err != nil && !errors.As(err, &found) {
		return err
	}
	broken := found.Violations
	for _, b := range unique.broken(message.ProtoReflect()) {
		broken = insert(broken, b)
	}
	if len(broken) == 0 {
		return nil
	}
	violations := make([]apierr.Violation, len(broken))
	for i, b := range broken {
		field := prefix + jsonPath(b)
		violations[i] = apierr.Field(strings.TrimSuffix(field, "."), b.Proto.GetMessage())
	}
	return apierr.Invalid(acquispb.ErrorReason_INVALID_FIELD, violations...)
}

// jsonPath names the field as JSON does, since that is what most callers wrote:
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

// JSONName is protobuf's rule: an underscore and a letter become that letter in
// upper case.
func JSONName(field string) string {
	parts := strings.Split(field, "_")
	for i, part := range parts {
		if i > 0 && part != "" {
			parts[i] = strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return strings.Join(parts, "")
}

// skipPartial leaves out the resource of an update request: its required fields
// may be absent.
type skipPartial struct{}

func (skipPartial) ShouldValidate(message protoreflect.Message, descriptor protoreflect.Descriptor) bool {
	switch message.Interface().(type) {
	case *acquispb.UpdateCandidateRequest:
		return descriptor.Name() != "candidate"
	case *acquispb.UpdateSessionRequest:
		return descriptor.Name() != "session"
	}
	return true
}
