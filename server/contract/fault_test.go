package contract

import (
	"slices"
	"strings"
	"testing"

	validatepb "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestJSONFaults has bodies that do not match the shape, and their faults. A body
// without a fault is left to the decoder or to validation.
func TestJSONFaults(t *testing.T) {
	record, update := "acquis.v1.RecordAssessmentsRequest", "acquis.v1.UpdateCandidateRequest"
	for _, c := range []struct {
		request, body string
		want          string // the fault; empty: none
		malformed     bool
	}{
		{record, "", "", false},
		{record, " \r\n\t", "", false},
		{record, "{}", "", false},
		{record, "{} \n", "", false},
		{record, "{} {}", "body: has more than one JSON value", true},
		{record, "{}x", "body: has more than one JSON value", true},
		{record, "[]", "body: must be an object", true},
		{record, "5", "body: must be an object", true},
		{record, "null", "body: must be an object", true},
		{record, "nope", "body: is not JSON: invalid character 'o' in literal null (expecting 'u')", true},
		{record, `{"assessments":[`, "body: is not JSON: unexpected EOF", true},
		{record, `{"assessor":"a` + "\n" + `"}`, `body: is not JSON: invalid character '\n' in string literal`, true},
		{record, `{"assessor":"\x"}`, "body: is not JSON: invalid character 'x' in string escape code", true},
		{record, `{"assessor":"\u12"}`, "body: is not JSON: invalid character '\"' in \\u hexadecimal character escape", true},
		{record, `{"assessor" "a"}`, "body: is not JSON: invalid character '\"' after object key", true},
		{record, `{"assessor":"a",}`, "body: is not JSON: invalid character '}' looking for beginning of object key string", true},
		{record, `{"grade":1}`, `grade: unknown field "grade"`, true},
		{record, `{"assessments":[{},{"grade":1}]}`, `assessments[1].grade: unknown field "grade"`, true},
		{record, `{"` + strings.Repeat("é", 1<<16) + `":1}`, strings.Repeat("é", 30) + `…: unknown field "` + strings.Repeat("é", 30) + `…"`, true},
		{record, `{"assessor":"a","assessor":"a"}`, `assessor: duplicate field "assessor"`, true},
		{record, `{"request_id":"a","requestId":"a"}`, `requestId: duplicate field "requestId"`, true},
		{record, `{"\u0061ssessor":"a"}`, "", false},
		{record, `{"\u0061ssessor":"a","assessor":"a"}`, `assessor: duplicate field "assessor"`, true},
		{record, `{"assessments":{}}`, "assessments: must be a list", true},
		{record, `{"assessments":"a"}`, "assessments: must be a list", true},
		{record, `{"assessments":null}`, "", false},
		{record, `{"assessments":[[]]}`, "assessments[0]: must be an object with criterion, verdict, comment, level, mark", true},
		{record, `{"assessor":["a"]}`, "assessor: must be a single value", true},
		{record, `{"assessor":{}}`, "assessor: must be a single value", true},
		{record, `{"assessor":5}`, "", false}, // the decoder reports it
		{record, `{"assessor":01}`, "body: is not JSON: invalid character '1' after object key:value pair", true},
		{record, `{"assessments":[{"verdict":1e1000000000}]}`, "", false},
		{record, `{"assessments":[{"verdict":1` + strings.Repeat("0", maxScalar) + `}]}`, "assessments[0].verdict: has a value that is too long", true},
		{record, `{"assessments":[{"verdict":"` + strings.Repeat("M", maxScalar+1) + `"}]}`, "assessments[0].verdict: has a value that is too long", true},
		{record, `{"assessments":[{"comment":"` + strings.Repeat("a", 4001) + `"}]}`, "", false}, // left to validation
		{record, `{"assessments":[{"comment":"` + strings.Repeat("a", 16001) + `"}]}`, "assessments[0].comment: must have at most 4000 characters", false},
		{record, `{"assessments":[{"comment":"` + strings.Repeat(`\uD83D\ude00`, 4000) + `"}]}`, "", false},
		{record, `{"assessments":[{"comment":"` + strings.Repeat(`\uD83D\ude00`, 4001) + `"}]}`, "assessments[0].comment: must have at most 4000 characters", false},
		{update, `{"updateMask":"birthName,sex"}`, "", false},
		{update, `{"updateMask":"` + strings.Repeat("a,", maskPaths-1) + `a"}`, "", false},
		{update, `{"updateMask":"` + strings.Repeat("a,", maskPaths) + `a"}`, "updateMask: has a value that is too long", false},
		{update, `{"updateMask":"` + strings.Repeat("a", maskPaths*(maskPath+1)+1) + `"}`, "updateMask: has a value that is too long", false},
		{update, `{"updateMask":{"paths":["sex"]}}`, "updateMask: must be a single value", true},
		{update, `{"candidate":{"birthDate":null,"createTime":"2026-01-01T00:00:00Z"}}`, "", false},
	} {
		name := protoreflect.FullName(c.request)
		checkFault(t, c.body, everyRequest(t)[name].CheckJSON([]byte(c.body), nil), c.want, c.malformed)
	}
}

func checkFault(t *testing.T, of string, got *Fault, want string, malformed bool) {
	t.Helper()
	switch {
	case want == "" && got != nil:
		t.Errorf("%.80q: %v, want none", of, got)
	case want != "" && (got == nil || got.Error() != want || got.Malformed != malformed):
		t.Errorf("%.80q: %v\nwant %s, malformed: %v", of, got, want, malformed)
	}
}

// TestWireFaults does the same for bytes of protobuf.
func TestWireFaults(t *testing.T) {
	field := func(number protowire.Number, content string) string {
		return string(protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), content))
	}
	number := func(number protowire.Number) string {
		return string(protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), 1))
	}
	const unknown, none = "has a field that this version does not know", "is not a message of this call"
	for _, c := range []struct {
		wire      string
		want      string
		malformed bool
	}{
		{"", "", false},
		{field(3, "a"), "", false},
		{field(3, "a") + field(3, "b"), "assessor: is given more than once", false},
		{field(2, number(2)+number(2)), "assessments[0].verdict: is given more than once", false},
		{field(2, "") + field(2, field(1, "a")+field(1, "a")), "assessments[1].criterion: is given more than once", false},
		{field(2, field(6, number(1))+field(6, "")), "assessments[0].recordTime: is given more than once", false}, // protobuf would merge them
		{field(99, ""), unknown, false},
		{field(5, ""), unknown, false},
		{field(protowire.MaxValidNumber, ""), unknown, false},
		{field(2, field(15, "")), "assessments[0]: " + unknown, false},
		{number(3), unknown, false},                                       // a number in place of a text
		{field(2, field(2, "\x01")), "assessments[0]: " + unknown, false}, // not a list, so not packed
		{string(protowire.AppendTag(protowire.AppendTag(nil, 2, protowire.StartGroupType), 2, protowire.EndGroupType)), unknown, false},
		{string(protowire.AppendTag(nil, 2, protowire.EndGroupType)), none, true},
		{"\x00\x00", none, true}, // field 0
		{"\x1a\x05a", none, true},
		{"\x1a", none, true},
		{"\xff", none, true},
		{field(2, "\xff"), "assessments[0]: " + none, true},
		{field(2, field(3, strings.Repeat("a", 16000))), "", false}, // left to validation
		{field(2, field(3, strings.Repeat("a", 16001))), "assessments[0].comment: must have at most 4000 characters", false},
	} {
		got := everyRequest(t)["acquis.v1.RecordAssessmentsRequest"].CheckWire([]byte(c.wire))
		checkFault(t, c.wire, got, c.want, c.malformed)
	}
}

// described describes a file with one service, to test what the contract does not
// have.
func described(t *testing.T, limit uint32, methods int, fields ...*descriptorpb.FieldDescriptorProto) protoreflect.FileDescriptor {
	t.Helper()
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("nest.proto"), Package: proto.String("nest"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Nest"), Field: fields}},
		Service:     []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Nests")}},
	}
	if slices.ContainsFunc(fields, func(f *descriptorpb.FieldDescriptorProto) bool { return f.OneofIndex != nil }) {
		file.MessageType[0].OneofDecl = []*descriptorpb.OneofDescriptorProto{{Name: proto.String("choice")}}
	}
	for _, name := range []string{"First", "Second"}[:methods] {
		options := new(descriptorpb.MethodOptions)
		if limit > 0 {
			proto.SetExtension(options, acquispb.E_MaxRequestBytes, limit)
		}
		file.Service[0].Method = append(file.Service[0].Method, &descriptorpb.MethodDescriptorProto{
			Name: proto.String(name), InputType: proto.String(".nest.Nest"), OutputType: proto.String(".nest.Nest"), Options: options,
		})
	}
	made, err := protodesc.NewFile(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func aField(name string, number int32, kind descriptorpb.FieldDescriptorProto_Type) *descriptorpb.FieldDescriptorProto {
	f := &descriptorpb.FieldDescriptorProto{
		Name: &name, JsonName: &name, Number: &number, Type: kind.Enum(), Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
	}
	if kind == descriptorpb.FieldDescriptorProto_TYPE_MESSAGE {
		f.TypeName = proto.String(".nest.Nest")
	}
	return f
}

// TestMessagesThatHoldThemselves: recursive messages have a shape, a depth and no
// size of their own.
func TestMessagesThatHoldThemselves(t *testing.T) {
	inner := aField("inner", 1, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE)
	requests, err := ReadRequests(described(t, 0, 1, inner))
	if err != nil {
		t.Fatal(err)
	}
	request := requests["nest.Nest"]
	if request.MaxWire != MaxBytes || request.MaxJSON != MaxBytes {
		t.Errorf("%d and %d bytes", request.MaxWire, request.MaxJSON)
	}
	for depth, deep := range map[int]bool{0: false, maxDepth - 1: false, maxDepth: true, 100_000: true} {
		var wire []byte
		for range min(depth, maxDepth) { // with more depth the lengths take long to write
			wire = protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), wire)
		}
		body := strings.Repeat(`{"inner":`, depth) + "{}" + strings.Repeat("}", depth)
		for form, fault := range map[string]*Fault{"protobuf": request.CheckWire(wire), "JSON": request.CheckJSON([]byte(body), nil)} {
			if (fault != nil) != deep || deep && !strings.HasSuffix(fault.Rule, "too deeply") {
				t.Errorf("%s, %d deep: %v", form, depth, fault)
			}
		}
	}
}

// TestWhatHasNoShape: a message that a walk could not check is refused when it is
// read.
func TestWhatHasNoShape(t *testing.T) {
	ok := aField("n", 1, descriptorpb.FieldDescriptorProto_TYPE_INT32)
	high := aField("n", maxNumber+1, descriptorpb.FieldDescriptorProto_TYPE_INT32)
	list := aField("n", 1, descriptorpb.FieldDescriptorProto_TYPE_INT32)
	list.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
	var many []*descriptorpb.FieldDescriptorProto
	for i := range maxFields + 1 {
		many = append(many, aField("n"+strings.Repeat("n", i), int32(i+1), descriptorpb.FieldDescriptorProto_TYPE_INT32))
	}
	for name, c := range map[string]struct {
		file protoreflect.FileDescriptor
		want string
	}{
		"good":           {described(t, 100, 1, ok), ""},
		"two methods":    {described(t, 0, 2, ok), "the request of two methods"},
		"a large limit":  {described(t, MaxBytes+1, 1, ok), "max_request_bytes is over"},
		"a high number":  {described(t, 0, 1, high), "is over 255"},
		"too many":       {described(t, 0, 1, many...), "has more than 32 fields"},
		"no list limit":  {described(t, 0, 1, list), "a list needs max_items"},
		"the most items": {described(t, 0, 1, withMaxItems(list, MaxItems)), ""},
		"more items":     {described(t, 0, 1, withMaxItems(list, MaxItems+1)), "a list needs max_items, at most 20000"},
	} {
		_, err := ReadRequests(c.file)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func withMaxItems(list *descriptorpb.FieldDescriptorProto, most uint64) *descriptorpb.FieldDescriptorProto {
	list = proto.CloneOf(list)
	list.Options = new(descriptorpb.FieldOptions)
	proto.SetExtension(list.Options, validatepb.E_Field, &validatepb.FieldRules{
		Type: &validatepb.FieldRules_Repeated{Repeated: &validatepb.RepeatedRules{MaxItems: &most}},
	})
	return list
}

// TestGapsInNumbers: a number between those of the fields is an unknown field.
func TestGapsInNumbers(t *testing.T) {
	requests, err := ReadRequests(described(t, 0, 1, aField("n", 3, descriptorpb.FieldDescriptorProto_TYPE_INT32)))
	if err != nil {
		t.Fatal(err)
	}
	for number := protowire.Number(1); number < 6; number++ {
		fault := requests["nest.Nest"].CheckWire(protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), 1))
		if (fault == nil) != (number == 3) {
			t.Errorf("field %d: %v", number, fault)
		}
	}
}
