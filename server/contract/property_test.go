package contract

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"pgregory.net/rapid"
)

// A place is a field of one message of a random request.
type place struct {
	message protoreflect.Message
	field   *field
	path    string
}

// A story makes a random request within all limits, and records its places.
type story struct {
	*rapid.T
	places []place
}

func (s *story) fill(m protoreflect.Message, n *node, path string, depth int) {
	for i := range n.fields {
		f := &n.fields[i]
		descriptor := m.Descriptor().Fields().ByNumber(f.number)
		at := strings.TrimPrefix(path+"."+f.name, ".")
		s.places = append(s.places, place{m, f, at})
		if depth == 0 || !rapid.Bool().Draw(s.T, "set "+at) {
			continue
		}
		if !f.list {
			if value := s.value(m.NewField(descriptor), f, descriptor, at, depth); value.IsValid() {
				m.Set(descriptor, value)
			}
			continue
		}
		list := m.Mutable(descriptor).List()
		for item := range rapid.IntRange(0, min(3, f.items)).Draw(s.T, "items") {
			list.Append(s.value(list.NewElement(), f, descriptor, fmt.Sprintf("%s[%d]", at, item), depth))
		}
	}
}

// value makes a value within its limit; a text sometimes has the maximum length.
func (s *story) value(fresh protoreflect.Value, f *field, descriptor protoreflect.FieldDescriptor, path string, depth int) protoreflect.Value {
	switch descriptor.Kind() {
	case protoreflect.MessageKind:
		switch f.inner.name {
		case "google.protobuf.Timestamp":
			fresh.Message().Set(fresh.Message().Descriptor().Fields().ByNumber(1), protoreflect.ValueOfInt64(rapid.Int64Range(0, 1<<32).Draw(s.T, "seconds")))
		case "google.protobuf.FieldMask":
			list := fresh.Message().Mutable(fresh.Message().Descriptor().Fields().ByNumber(1)).List()
			for range rapid.IntRange(0, maskPaths).Draw(s.T, "paths") {
				list.Append(protoreflect.ValueOfString("birth_name"))
			}
		default:
			s.fill(fresh.Message(), f.inner, path, depth-1)
		}
		return fresh
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(s.text(f.letters))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32Range(0, 20).Draw(s.T, "enum")))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(s.T, "number"))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(rapid.Int64().Draw(s.T, "number"))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64().Draw(s.T, "number"))
	}
	s.Fatalf("no random value of kind %s", descriptor.Kind())
	return protoreflect.Value{}
}

func (s *story) text(most int) string {
	letter := rapid.SampledFrom([]string{"a", "é", "€", "😀", `"`, `\`, "\n", "/", "\u2028", "<"}).Draw(s.T, "letter")
	if rapid.IntRange(0, 9).Draw(s.T, "longest") == 0 {
		return strings.Repeat(letter, most)
	}
	return strings.Repeat(letter, rapid.IntRange(0, min(most, 8)).Draw(s.T, "length"))
}

// randomRequest makes a request of any RPC.
func randomRequest(t *rapid.T, requests Requests) (*story, proto.Message, *Request) {
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(requests))).Draw(t, "request")
	kind, err := protoregistry.GlobalTypes.FindMessageByName(name)
	if err != nil {
		t.Fatal(err)
	}
	s, m := &story{T: t}, kind.New()
	s.fill(m, requests[name].top, "", 5)
	return s, m.Interface(), requests[name]
}

// forms returns the bytes of a message: as protobuf, and as callers may write
// JSON.
func forms(t *rapid.T, message proto.Message) (wire []byte, texts map[string][]byte) {
	wire, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	texts = make(map[string][]byte)
	for name, options := range map[string]protojson.MarshalOptions{
		"short": {}, "wide": {Multiline: true, Indent: "    "}, "proto names": {UseProtoNames: true},
		"numbers": {UseEnumNumbers: true, EmitUnpopulated: true},
	} {
		text, err := options.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = text
	}
	texts["escaped"] = escaped(texts["short"])
	return wire, texts
}

// escaped writes characters outside ASCII as JSON escapes.
func escaped(text []byte) []byte {
	var all []byte
	for _, r := range string(text) {
		switch first, second := utf16.EncodeRune(r); {
		case r < 0x80:
			all = append(all, byte(r))
		case first == '\uFFFD':
			all = fmt.Appendf(all, `\u%04x`, r)
		default:
			all = fmt.Appendf(all, `\u%04X\u%04X`, first, second)
		}
	}
	return all
}

// pathOf names a field of a violation as JSON does.
func pathOf(top protoreflect.MessageDescriptor, v *protovalidate.Violation) string {
	var path []string
	for _, element := range v.Proto.GetField().GetElements() {
		field := top.Fields().ByName(protoreflect.Name(element.GetFieldName()))
		name := field.JSONName()
		if element.GetSubscript() != nil {
			name += fmt.Sprintf("[%d]", element.GetIndex())
		}
		path, top = append(path, name), field.Message()
	}
	return strings.Join(path, ".")
}

// overLimit lists the fields that protovalidate finds too long or with too many
// items.
func overLimit(t *rapid.T, rules protovalidate.Validator, message proto.Message) (fields []string) {
	err := rules.Validate(message)
	found := new(protovalidate.ValidationError)
	if err != nil && !errors.As(err, &found) {
		t.Fatal(err)
	}
	for _, v := range found.Violations {
		switch v.Proto.GetRuleId() {
		case "repeated.max_items", "string.max_len", "string.pattern", "string.uuid", "string.const":
			fields = append(fields, pathOf(message.ProtoReflect().Descriptor(), v))
		}
	}
	return fields
}

// TestWhatIsWithinLimitsPasses: a request within the limits of all fields passes
// in both encodings, with any JSON spelling, and has no more bytes than those
// limits add up to.
func TestWhatIsWithinLimitsPasses(t *testing.T) {
	requests := everyRequest(t)
	rapid.Check(t, func(t *rapid.T) {
		_, message, request := randomRequest(t, requests)
		wire, texts := forms(t, message)
		if fault := request.CheckWire(wire); fault != nil {
			t.Errorf("protobuf: %v", fault)
		}
		if most := request.size(wireSize); len(wire) > most {
			t.Errorf("protobuf: %d bytes, at most %d", len(wire), most)
		}
		for form, text := range texts {
			if fault := request.CheckJSON(text, nil); fault != nil {
				t.Errorf("%s: %v in %s", form, fault, text)
			}
			if most := request.size(jsonSize); len(text) > most {
				t.Errorf("%s: %d bytes, at most %d", form, len(text), most)
			}
		}
	})
}

// TestWhatIsOverALimitIsRefused: one list with an item too many, or one text with
// four times its characters, anywhere, is refused in both encodings, and named as
// protovalidate names it.
func TestWhatIsOverALimitIsRefused(t *testing.T) {
	requests := everyRequest(t)
	rules, err := protovalidate.New()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		s, message, request := randomRequest(t, requests)
		var limited []place
		for _, p := range s.places {
			if p.field.list || p.field.form == text {
				limited = append(limited, p)
			}
		}
		if len(limited) == 0 {
			return
		}
		p := rapid.SampledFrom(limited).Draw(t, "place")
		descriptor := p.message.Descriptor().Fields().ByNumber(p.field.number)
		want := p.path
		if p.field.list {
			list := p.message.Mutable(descriptor).List()
			for list.Len() <= p.field.items {
				list.Append(list.NewElement())
			}
		} else {
			p.message.Set(descriptor, protoreflect.ValueOfString(strings.Repeat("a", 4*p.field.letters+1)))
		}
		if named := overLimit(t, rules, message); !slices.Contains(named, want) {
			t.Fatalf("protovalidate finds %v, not %s", named, want)
		}
		wire, texts := forms(t, message)
		if fault := request.CheckWire(wire); fault == nil || fault.Field != want || fault.Malformed {
			t.Errorf("protobuf: %v, want %s", fault, want)
		}
		for form, text := range texts {
			fault := request.CheckJSON(text, nil)
			if fault != nil && form == "proto names" { // it is named as the text names it
				fault.Field = JSONName(fault.Field)
			}
			if fault == nil || fault.Field != want || fault.Malformed {
				t.Errorf("%s: %v, want %s", form, fault, want)
			}
		}
	})
}
