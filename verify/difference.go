package verify

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// difference names the first field in which two messages of one type differ;
// empty where none does.
func difference(want, got proto.Message) string {
	if proto.Equal(want, got) {
		return ""
	}
	w, g := want.ProtoReflect(), got.ProtoReflect()
	fields := w.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if w.Get(field).Equal(g.Get(field)) {
			continue
		}
		if field.Message() != nil || field.IsList() {
			return fmt.Sprintf("%s differs", field.Name())
		}
		return fmt.Sprintf("%s is %s, expected %s", field.Name(), shown(field, g.Get(field)), shown(field, w.Get(field)))
	}
	return "an unknown field"
}

// shown is a value for people; enums are stored as numbers.
func shown(field protoreflect.FieldDescriptor, value protoreflect.Value) string {
	switch field.Name() {
	case "kind":
		return acquispb.Decision_Kind_Enum(value.Int()).String()
	case "outcome":
		return acquispb.Decision_Outcome_Enum(value.Int()).String()
	case "computed_outcome":
		return acquispb.Outcome_Enum(value.Int()).String()
	}
	return fmt.Sprintf("%q", value.String())
}
