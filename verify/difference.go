package verify

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// difference names the first field in which two messages of one type differ;
// empty if none does.
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

// shown formats a value for people.
func shown(field protoreflect.FieldDescriptor, value protoreflect.Value) string {
	if field.Enum() == nil {
		return fmt.Sprintf("%q", value.String())
	}
	if known := field.Enum().Values().ByNumber(value.Enum()); known != nil {
		return string(known.Name())
	}
	return fmt.Sprint(value.Enum())
}
