package contract

import (
	"fmt"
	"slices"
	"strings"

	validatepb "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// What a caller reads about a field says what to write there. The library's own texts
// show patterns and numbers of enums, and count "1 characters".

// wording says what a field must be. Rules of whole messages have texts of their own.
func wording(b *protovalidate.Violation, field protoreflect.FieldDescriptor) string {
	rule := b.Proto.GetRuleId()
	kind, _, _ := strings.Cut(rule, ".")
	switch {
	case rule == "required" && field != nil && field.Kind() == protoreflect.BoolKind:
		return "is required: true or false"
	case emptyToken(b, field):
		return "must not be empty: leave it out for the first page; an empty nextPageToken says that there is no next page"
	case rule == "required", rule == "string.min_len" && b.FieldValue.IsValid() && b.FieldValue.String() == "":
		return "is required"
	case kind == "enum":
		return enumWording(b, field)
	case rule == "string.pattern":
		return patternWording(b.RuleValue.String())
	case rule == "string.uuid", rule == "string.uuid_empty":
		return "must be a UUID, such as 0c0ffee0-0000-4000-8000-000000000001"
	case rule == "string.const":
		return fmt.Sprintf("must be %q", b.RuleValue.String())
	case rule == "repeated.unique":
		return "must not have the same value twice"
	case strings.HasPrefix(kind, "int"):
		return rangeWording(b)
	}
	if unit := unitOf(rule); unit != "" {
		return lengthWording(rule, int(b.RuleValue.Uint()), unit)
	}
	return b.Proto.GetMessage()
}

// emptyToken tells whether a page token is given and empty. It would be taken for none,
// so a caller that lost one would begin again, or believe that a list goes on.
func emptyToken(b *protovalidate.Violation, field protoreflect.FieldDescriptor) bool {
	return field != nil && field.Name() == "page_token" && b.Proto.GetRuleId() == "string.min_len"
}

// fieldAt finds the field that a violation is about. The library names that of an item
// of a list by its path only.
func fieldAt(message protoreflect.MessageDescriptor, b *protovalidate.Violation) (field protoreflect.FieldDescriptor) {
	for _, element := range b.Proto.GetField().GetElements() {
		if field = message.Fields().ByNumber(protoreflect.FieldNumber(element.GetFieldNumber())); field == nil {
			return nil
		}
		message = field.Message()
	}
	return field
}

// unitOf is what a rule of a length counts; empty if it is none.
func unitOf(rule string) string {
	switch rule {
	case "string.min_len", "string.max_len", "string.len":
		return "character"
	case "string.max_bytes", "bytes.min_len", "bytes.max_len", "bytes.len":
		return "byte"
	case "repeated.min_items", "repeated.max_items":
		return "item"
	}
	return ""
}

func lengthWording(rule string, n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	_, bound, _ := strings.Cut(rule, ".")
	switch {
	case strings.HasPrefix(bound, "min"):
		return fmt.Sprintf("must have at least %d %s", n, unit)
	case strings.HasPrefix(bound, "max"):
		return fmt.Sprintf("must have at most %d %s", n, unit)
	}
	return fmt.Sprintf("must have %d %s", n, unit)
}

// enumWording lists the names that a field may have. A rule forbids only the one that
// stands for none.
func enumWording(b *protovalidate.Violation, field protoreflect.FieldDescriptor) string {
	names := strings.Join(enumNames(field), ", ")
	if b.Proto.GetRuleId() == "enum.not_in" {
		return "is required: one of " + names
	}
	return "must be one of " + names
}

// enumNames are the values that a field may have in a request: not the first, which
// means that none is set, and only those of its rule, if it lists some.
func enumNames(field protoreflect.FieldDescriptor) (names []string) {
	some := rulesOf(field).GetEnum().GetIn()
	for i := range field.Enum().Values().Len() {
		value := field.Enum().Values().Get(i)
		if value.Number() != 0 && (len(some) == 0 || slices.Contains(some, int32(value.Number()))) {
			names = append(names, string(value.Name()))
		}
	}
	return names
}

// rulesOf are the rules of a field, or of the items of a list.
func rulesOf(field protoreflect.FieldDescriptor) *validatepb.FieldRules {
	rules, _ := proto.GetExtension(field.Options(), validatepb.E_Field).(*validatepb.FieldRules)
	if field.IsList() {
		return rules.GetRepeated().GetItems()
	}
	return rules
}

// rangeWording says between what a number must be.
func rangeWording(b *protovalidate.Violation) string {
	return strings.NewReplacer("greater than or equal to", "at least", "less than or equal to", "at most").Replace(b.Proto.GetMessage())
}
