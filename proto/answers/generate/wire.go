package main

import (
	"cmp"
	"fmt"
	"slices"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// addWire adds the function that appends a message as protobuf, its fields in the
// order of their numbers.
func (f *file) addWire(m *protogen.Message) error {
	f.P()
	f.P("func ", f.writer("wire", m), "(b []byte, x *", m.GoIdent, ") []byte {")
	f.P("if x == nil {")
	f.P("return b")
	f.P("}")
	for _, field := range slices.SortedFunc(slices.Values(m.Fields), func(a, b *protogen.Field) int {
		return cmp.Compare(a.Desc.Number(), b.Desc.Number())
	}) {
		if err := f.addWireField(field); err != nil {
			return err
		}
	}
	f.P("return b")
	f.P("}")
	return nil
}

// addWireField adds the lines that append a field, if it is set.
func (f *file) addWireField(field *protogen.Field) error {
	write, isSet, err := f.wireWriter(field)
	if err != nil {
		return err
	}
	value := "x." + field.GoName
	switch {
	case field.Desc.IsPacked():
		f.P("b = ", f.runtime("WirePacked"), "(b, ", field.Desc.Number(), ", ", value, ")")
		return nil
	case field.Desc.IsList():
		f.P("for _, v := range ", value, " {")
		value = "v"
	case field.Oneof != nil && !field.Oneof.Desc.IsSynthetic():
		f.P("if v, ok := x.", field.Oneof.GoName, ".(*", field.GoIdent, "); ok {")
		value = "v." + field.GoName
	case field.Message != nil:
		f.P("if ", value, " != nil {")
	case field.Desc.HasPresence():
		f.P("if ", value, " != nil {")
		value = "*" + value
	default:
		f.P("if ", fmt.Sprintf(isSet, value), " {")
	}
	f.P("b = ", write(value))
	f.P("}")
	return nil
}

// wireWriter returns a function that formats the call which appends one value of a
// field. isSet is the condition under which a value, %s, is written if the field has no
// presence.
func (f *file) wireWriter(field *protogen.Field) (write func(value string) string, isSet string, err error) {
	name, more := "", ""
	switch kind := field.Desc.Kind(); kind {
	case protoreflect.BoolKind:
		name, isSet = "WireBool", "%s"
	case protoreflect.StringKind, protoreflect.BytesKind:
		name, isSet = "WireString", "len(%s) > 0"
	case protoreflect.Int32Kind, protoreflect.Uint32Kind, protoreflect.Int64Kind, protoreflect.Uint64Kind, protoreflect.EnumKind:
		name, isSet = "WireVarint", "%s != 0"
	case protoreflect.MessageKind:
		name, more = "WireMessage", ", "+f.writer("wire", field.Message)
	default:
		return nil, "", fmt.Errorf("%s: proto/answers/generate cannot encode a %v", field.Desc.FullName(), kind)
	}
	return func(value string) string {
		return fmt.Sprintf("%s(b, %d, %s%s)", f.runtime(name), field.Desc.Number(), value, more)
	}, isSet, nil
}
