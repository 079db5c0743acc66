package contract

import (
	"fmt"
	"strings"

	"buf.build/go/protovalidate"
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
	case rule == "required", rule == "string.min_len" && b.FieldValue.IsValid() && b.FieldValue.String() == "":
		return "is required"
	case kind == "enum":
		return enumWording(b, field.Enum())
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
func enumWording(b *protovalidate.Violation, enum protoreflect.EnumDescriptor) string {
	names := EnumNames(enum)
	switch b.Proto.GetRuleId() {
	case "enum.not_in":
		return "is required: one of " + strings.Join(names, ", ")
	case "enum.in":
		names = nil
		for i, some := 0, b.RuleValue.List(); i < some.Len(); i++ {
			names = append(names, string(enum.Values().ByNumber(protoreflect.EnumNumber(some.Get(i).Int())).Name()))
		}
	}
	return "must be one of " + strings.Join(names, ", ")
}

// EnumNames are the names of an enum that mean something.
func EnumNames(enum protoreflect.EnumDescriptor) (names []string) {
	for i := range enum.Values().Len() {
		if value := enum.Values().Get(i); value.Number() != 0 {
			names = append(names, string(value.Name()))
		}
	}
	return names
}

// rangeWording says between what a number must be.
func rangeWording(b *protovalidate.Violation) string {
	return strings.NewReplacer("greater than or equal to", "at least", "less than or equal to", "at most").Replace(b.Proto.GetMessage())
}
