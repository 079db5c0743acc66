package verify_test

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// A mutant is a message with one field changed.
type mutant struct {
	path  string // of the field: "verdicts.verdict"
	bytes []byte // the whole message
}

// mutants changes every set field of a message, one after another, also within
// messages stored as bytes.
func mutants(t testing.TB, m proto.Message) (all []mutant) {
	t.Helper()
	m.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		change := func(path string, set func(protoreflect.Message)) {
			changed := proto.Clone(m)
			set(changed.ProtoReflect())
			encoded, err := proto.MarshalOptions{Deterministic: true}.Marshal(changed)
			world.Must(t, err)
			if original, _ := (proto.MarshalOptions{Deterministic: true}).Marshal(m); !bytes.Equal(encoded, original) {
				all = append(all, mutant{path, encoded})
			}
		}
		name := string(field.Name())
		if field.IsList() {
			change(name+" cut", func(m protoreflect.Message) { m.Mutable(field).List().Truncate(value.List().Len() - 1) })
			for _, v := range valuesInstead(t, m, field, value.List().Get(0)) {
				change(name+v.path, func(m protoreflect.Message) { m.Mutable(field).List().Set(0, v.value) })
			}
			return true
		}
		if field.Message() != nil || field.ContainingOneof() != nil {
			change(name+" cleared", func(m protoreflect.Message) { m.Clear(field) })
		}
		for _, v := range valuesInstead(t, m, field, value) {
			change(name+v.path, func(m protoreflect.Message) { m.Set(field, v.value) })
		}
		return true
	})
	return all
}

type valueInstead struct {
	path  string // below the field
	value protoreflect.Value
}

// valuesInstead are other values that a field could have.
func valuesInstead(t testing.TB, m proto.Message, field protoreflect.FieldDescriptor, value protoreflect.Value) (all []valueInstead) {
	t.Helper()
	switch field.Kind() {
	case protoreflect.MessageKind:
		for _, mutant := range mutants(t, value.Message().Interface()) {
			changed := value.Message().New()
			world.Must(t, proto.Unmarshal(mutant.bytes, changed.Interface()))
			all = append(all, valueInstead{"." + mutant.path, protoreflect.ValueOfMessage(changed)})
		}
	case protoreflect.BytesKind:
		if inner := within(m, field.Name(), value.Bytes()); inner != nil {
			for _, mutant := range mutants(t, inner) {
				all = append(all, valueInstead{"." + mutant.path, protoreflect.ValueOfBytes(mutant.bytes)})
			}
		}
		flipped := bytes.Clone(value.Bytes())
		flipped[len(flipped)/2] ^= 0x10
		all = append(all, valueInstead{" flipped", protoreflect.ValueOfBytes(flipped)},
			valueInstead{" cut", protoreflect.ValueOfBytes(flipped[:len(flipped)-1])})
	case protoreflect.StringKind:
		all = append(all, valueInstead{"", protoreflect.ValueOfString(value.String() + "x")})
	case protoreflect.BoolKind:
		all = append(all, valueInstead{"", protoreflect.ValueOfBool(!value.Bool())})
	case protoreflect.EnumKind:
		all = append(all, valueInstead{"", protoreflect.ValueOfEnum(value.Enum() + 1)})
	case protoreflect.Int32Kind:
		all = append(all, valueInstead{"", protoreflect.ValueOfInt32(int32(value.Int()) + 1)})
	case protoreflect.Int64Kind:
		all = append(all, valueInstead{"", protoreflect.ValueOfInt64(value.Int() + 1)})
	case protoreflect.Uint32Kind:
		all = append(all, valueInstead{"", protoreflect.ValueOfUint32(uint32(value.Uint()) + 1)})
	case protoreflect.Uint64Kind:
		all = append(all, valueInstead{"", protoreflect.ValueOfUint64(value.Uint() + 1)})
	default:
		t.Fatalf("no other value for a field of kind %v", field.Kind())
	}
	return all
}

// within returns the message in a bytes field; nil if it has none.
func within(m proto.Message, field protoreflect.Name, value []byte) proto.Message {
	var inner proto.Message
	switch m.(type) {
	case *storepb.Event:
		switch field {
		case "body":
			inner = new(storepb.EventBody)
		case "stub":
			inner = new(storepb.EventStub)
		}
	case *storepb.Decision:
		switch field {
		case "act":
			inner = new(storepb.DecisionAct)
		case "circumstances":
			inner = new(storepb.DecisionCircumstances)
		}
	}
	if inner == nil || proto.Unmarshal(value, inner) != nil {
		return nil
	}
	return inner
}
