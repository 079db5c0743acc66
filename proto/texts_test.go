package proto_test

import (
	"slices"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// Every text of a request is classified: it has a pattern of plain characters, or a
// form. So nobody can add a name or a reason of which anything is accepted.
func TestTextsHaveAPatternOrAForm(t *testing.T) {
	seen, formed := make(map[protoreflect.FullName]bool), 0
	var walk func(t *testing.T, m protoreflect.MessageDescriptor)
	walk = func(t *testing.T, m protoreflect.MessageDescriptor) {
		if seen[m.FullName()] || !strings.HasPrefix(string(m.FullName()), "acquis.v1.") {
			return // once is enough, and times, dates and masks have their own form
		}
		seen[m.FullName()] = true
		for i := range m.Fields().Len() {
			field := m.Fields().Get(i)
			switch {
			case behaves(field, annotations.FieldBehavior_OUTPUT_ONLY): // ignored
			case field.Message() != nil:
				walk(t, field.Message())
			case behaves(field, annotations.FieldBehavior_IDENTIFIER): // compared with names that exist
			case field.Kind() == protoreflect.StringKind:
				formed += checkText(t, field)
			case field.Kind() == protoreflect.BytesKind:
				t.Errorf("%s has bytes, of which nothing is said", field.FullName())
			}
		}
	}
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) { walk(t, m.Input()) })
	if formed < 60 {
		t.Errorf("only %d texts have a form", formed)
	}
}

func behaves(field protoreflect.FieldDescriptor, as annotations.FieldBehavior) bool {
	behaviours, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behaviours, as)
}

// checkText counts the form of a string field of a request.
func checkText(t *testing.T, field protoreflect.FieldDescriptor) (formed int) {
	t.Helper()
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	text := rules.GetString()
	if field.IsList() {
		text = rules.GetRepeated().GetItems().GetString()
	}
	exact := text.GetUuid() || text.GetConst() != ""
	if pattern := text.GetPattern(); pattern != "" {
		exact = true
		if !strings.HasPrefix(pattern, "^") || !strings.HasSuffix(pattern, "$") || strings.Contains(pattern, "[^") || strings.Contains(pattern, ".*") {
			t.Errorf("the pattern of %s does not say which characters it admits", field.FullName())
		}
	}
	form, _ := proto.GetExtension(field.Options(), acquispb.E_Form).(acquispb.Form_Enum)
	if exact == (form != acquispb.Form_FORM_UNSPECIFIED) {
		t.Errorf("%s has both a pattern and a form, or neither", field.FullName())
	}
	if !exact && text.GetMaxLen() == 0 {
		t.Errorf("%s has no max_len", field.FullName())
	}
	if exact {
		return 0
	}
	// What is stored and shown is only what these fields are not.
	opaque := []string{"etag", "grid_etag", "page_token", "filter", "query", "code", "credential"}
	if (form == acquispb.Form_OPAQUE) != slices.Contains(opaque, string(field.Name())) {
		t.Errorf("%s is %v: only what is neither stored nor shown is opaque", field.FullName(), form)
	}
	return 1
}
