package contract

import (
	"slices"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// updatable lists the fields that an update may change in the resource of its
// request (AIP-134): all except its name, its etag, and fields that only the
// service sets.
func updatable(request protoreflect.MessageDescriptor) (names []string) {
	if request.Fields().ByName("update_mask") == nil {
		return nil
	}
	for _, field := range fieldsWhere(resourceField(request).Message(), func(f protoreflect.FieldDescriptor) bool {
		return f.Name() != "etag" && !slices.ContainsFunc(behaviorOf(f), fixed)
	}) {
		names = append(names, string(field.Name()))
	}
	return names
}

// resourceField is the field with the resource that a request creates or
// updates; nil if there is none.
func resourceField(request protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	for i := range request.Fields().Len() {
		field := request.Fields().Get(i)
		if m := field.Message(); m != nil && proto.HasExtension(m.Options(), annotations.E_Resource) {
			return field
		}
	}
	return nil
}

func behaviorOf(field protoreflect.FieldDescriptor) []annotations.FieldBehavior {
	behavior, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return behavior
}

// fixed tells whether callers never change such a field.
func fixed(b annotations.FieldBehavior) bool {
	return b == annotations.FieldBehavior_OUTPUT_ONLY || b == annotations.FieldBehavior_IMMUTABLE || b == annotations.FieldBehavior_IDENTIFIER
}
