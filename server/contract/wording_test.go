package contract

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	validatepb "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// inRequests are the messages that requests are made of, with rules or not.
func inRequests() []protoreflect.MessageDescriptor {
	met := make(map[protoreflect.FullName]bool)
	var all []protoreflect.MessageDescriptor
	var add func(m protoreflect.MessageDescriptor)
	add = func(m protoreflect.MessageDescriptor) {
		if met[m.FullName()] || !strings.HasPrefix(string(m.FullName()), "acquis.") {
			return
		}
		met[m.FullName()] = true
		all = append(all, m)
		for i := range m.Fields().Len() {
			if inner := m.Fields().Get(i).Message(); inner != nil {
				add(inner)
			}
		}
	}
	for _, file := range services() {
		for i := range file.Services().Len() {
			for methods, j := file.Services().Get(i).Methods(), 0; j < methods.Len(); j++ {
				add(methods.Get(j).Input())
			}
		}
	}
	return all
}

// A wrong value is one that a field must not have, and the rules that it is to break.
type wrong struct {
	value protoreflect.Value // invalid: the field is absent
	rules []string
}

// wrongs are values that break each of the rules of a field.
func wrongs(m protoreflect.Message, field protoreflect.FieldDescriptor, rules *validatepb.FieldRules) (all []wrong) {
	if rules.GetRequired() {
		all = append(all, wrong{rules: []string{"required"}})
	}
	if !field.IsList() {
		return append(all, wrongScalars(field, rules)...)
	}
	repeated := rules.GetRepeated()
	list := func(n int, of func() protoreflect.Value) protoreflect.Value {
		v := m.NewField(field)
		for range n {
			v.List().Append(of())
		}
		return v
	}
	item := func() protoreflect.Value { return m.NewField(field).List().NewElement() }
	if repeated.HasMinItems() {
		all = append(all, wrong{rules: []string{"repeated.min_items"}})
	}
	if repeated.HasMaxItems() {
		all = append(all, wrong{list(int(repeated.GetMaxItems())+1, item), []string{"repeated.max_items"}})
	}
	if repeated.GetUnique() {
		all = append(all, wrong{list(2, item), []string{"repeated.unique"}})
	}
	for _, one := range wrongScalars(field, repeated.GetItems()) {
		all = append(all, wrong{list(1, func() protoreflect.Value { return one.value }), one.rules})
	}
	return all
}

func wrongScalars(field protoreflect.FieldDescriptor, rules *validatepb.FieldRules) (all []wrong) {
	add := func(value any, rule string) {
		all = append(all, wrong{protoreflect.ValueOf(value), []string{rule}})
	}
	if s := rules.GetString(); s != nil {
		if s.HasMinLen() {
			add("", "string.min_len")
		}
		if s.GetMinLen() > 1 {
			add("a", "string.min_len")
		}
		if s.HasMaxLen() {
			add(strings.Repeat("a", int(s.GetMaxLen())+1), "string.max_len")
		}
		if s.HasPattern() {
			add("?", "string.pattern")
		}
		if s.GetUuid() {
			add("x", "string.uuid")
		}
		if s.HasConst() {
			add("x", "string.const")
		}
	}
	if n := rules.GetInt32(); n != nil {
		if n.HasGte() {
			add(n.GetGte()-1, "gte")
		}
		if n.HasLte() {
			add(n.GetLte()+1, "lte")
		}
	}
	if n := rules.GetInt64(); n.HasGte() {
		add(n.GetGte()-1, "gte")
	}
	if b := rules.GetBytes(); b.HasMaxLen() {
		add(make([]byte, b.GetMaxLen()+1), "bytes.max_len")
	}
	if e := rules.GetEnum(); e.GetDefinedOnly() {
		add(protoreflect.EnumNumber(99), "enum.defined_only")
		if len(e.GetNotIn()) > 0 {
			add(protoreflect.EnumNumber(e.GetNotIn()[0]), "enum.not_in")
		}
	}
	if some := rules.GetEnum().GetIn(); len(some) > 0 {
		for i := range field.Enum().Values().Len() {
			if n := field.Enum().Values().Get(i).Number(); n != 0 && !slices.Contains(some, int32(n)) {
				add(n, "enum.in")
			}
		}
	}
	return all
}

// ruleNames are the rules that are set on a field, as violations name them.
func ruleNames(rules *validatepb.FieldRules) (names []string) {
	rules.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case field.Name() == "required":
			names = append(names, "required")
		case field.Message() == nil || field.IsList():
		default:
			v.Message().Range(func(rule protoreflect.FieldDescriptor, value protoreflect.Value) bool {
				switch name := string(rule.Name()); name {
				case "items":
					names = append(names, ruleNames(value.Message().Interface().(*validatepb.FieldRules))...)
				case "gte", "lte":
					names = append(names, name)
				default:
					names = append(names, string(field.Name())+"."+name)
				}
				return true
			})
		}
		return true
	})
	return names
}

// unreadable are characters of patterns, and words of Go, of protobuf and of the
// library, that no caller should have to read.
var unreadable = regexp.MustCompile(`[\\^$\[\]{}+]|\(\?|\)\?|\bregex|pattern\b|item\(s\)|\bnil\b|\bint(32|64)\b|proto|value must|\brunes?\b|UNSPECIFIED|1 characters|this\.`)

// TestEveryRuleSpeaks breaks every rule that the proto files have, and reads what callers
// are told: the field as they wrote it, and what to write there.
func TestEveryRuleSpeaks(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, m := range inRequests() {
		for i := range m.Fields().Len() {
			field := m.Fields().Get(i)
			rules, _ := proto.GetExtension(field.Options(), validatepb.E_Field).(*validatepb.FieldRules)
			left := ruleNames(rules)
			for _, wrong := range wrongs(dynamicpb.NewMessage(m), field, rules) {
				left = slices.DeleteFunc(left, func(rule string) bool { return slices.Contains(wrong.rules, rule) })
				told++
				checkTold(t, v, m, field, wrong)
			}
			if len(left) > 0 {
				t.Errorf("%s: this test breaks no rule %q: teach it how", field.FullName(), left)
			}
		}
	}
	if told < 200 {
		t.Errorf("only %d rules are broken", told)
	}
}

// checkTold breaks a rule of one field, in a message that is empty otherwise.
func checkTold(t *testing.T, v Validator, m protoreflect.MessageDescriptor, field protoreflect.FieldDescriptor, wrong wrong) {
	t.Helper()
	message := dynamicpb.NewMessage(m)
	if wrong.value.IsValid() {
		message.Set(field, wrong.value)
	}
	found := new(protovalidate.ValidationError)
	if !errors.As(v.rules.Validate(message), &found) || !slices.ContainsFunc(found.Violations, func(b *protovalidate.Violation) bool {
		return fieldAt(m, b) == field && strings.Contains(b.Proto.GetRuleId(), wrong.rules[0])
	}) {
		t.Errorf("%s: %v does not break %s: %v", field.FullName(), wrong.value, wrong.rules, found)
		return
	}
	texts := toldOf(v.check(t.Context(), "", message, v.unique.broken(message.ProtoReflect()), ""), field.JSONName())
	if len(texts) == 0 && len(found.Violations) < 20 {
		t.Errorf("%s: nothing is told of %s", field.FullName(), field.JSONName())
	}
	for _, text := range texts {
		if unreadable.MatchString(text) || !strings.HasPrefix(text, "must ") && !strings.HasPrefix(text, "is required") {
			t.Errorf("%s: %s is told: %s", field.FullName(), wrong.rules, text)
		}
		if enum := field.Enum(); enum != nil && strings.HasPrefix(wrong.rules[0], "enum.") && wrong.rules[0] != "enum.in" {
			if !strings.HasSuffix(text, strings.Join(enumNames(field), ", ")) {
				t.Errorf("%s: the names are not told: %s", field.FullName(), text)
			}
		}
	}
}

// toldOf is what an error says of a field, or of items of it.
func toldOf(err error, name string) (texts []string) {
	for _, detail := range status.Convert(err).Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				if v.GetField() == name || strings.HasPrefix(v.GetField(), name+"[") {
					texts = append(texts, v.GetDescription())
				}
			}
		}
	}
	return texts
}

// TestRulesOfMessagesSpeak reads the texts that stand in the proto files.
func TestRulesOfMessagesSpeak(t *testing.T) {
	for _, m := range inRequests() {
		rules, _ := proto.GetExtension(m.Options(), validatepb.E_Message).(*validatepb.MessageRules)
		texts := rules.GetCel()
		for i := range m.Fields().Len() {
			of, _ := proto.GetExtension(m.Fields().Get(i).Options(), validatepb.E_Field).(*validatepb.FieldRules)
			texts = append(texts, of.GetCel()...)
			texts = append(texts, of.GetRepeated().GetItems().GetCel()...)
		}
		for _, rule := range texts {
			if text := rule.GetMessage(); text == "" || unreadable.MatchString(text) || strings.Contains(text, "_") {
				t.Errorf("%s: %s is told: %q", m.FullName(), rule.GetId(), text)
			}
		}
	}
}

// TestPatternsInWords: the forms of names, and of texts that are no names.
func TestPatternsInWords(t *testing.T) {
	const id = "an ID has 1 to 63 lowercase letters, digits and hyphens, with no hyphen at its start or end"
	for pattern, want := range map[string]string{
		`^sessions/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/candidacies/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`: "must have the form sessions/ID/candidacies/ID; " + id,
		`^candidates/(-|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$`:                                          "must have the form candidates/ID, or candidates/- for all; " + id,
		`^referentiels/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(/revisions/[0-9a-f]{32})?/blocs/[A-Za-z0-9.-]{1,32}$`: "must have the form referentiels/ID/blocs/CODE or referentiels/ID/revisions/REVISION/blocs/CODE; " + id +
			"; a REVISION has 32 digits and letters from a to f; a CODE has 1 to 32 letters without accents, digits, dots and hyphens",
		`^((99)?[1-9][0-9]{2})?$`:              "must be INSEE's code of a country, such as 99100 or 100, or be empty",
		`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`: "must have 1 to 63 lowercase letters, digits and hyphens, with no hyphen at its start or end",
	} {
		if got := patternWording(pattern); got != want {
			t.Errorf("%s is\n%s\nwant\n%s", pattern, got, want)
		}
	}
}

// TestPatternsInWordsExist: the words are of patterns that the proto files have.
func TestPatternsInWordsExist(t *testing.T) {
	var all strings.Builder
	for _, m := range inRequests() {
		for i := range m.Fields().Len() {
			rules, _ := proto.GetExtension(m.Fields().Get(i).Options(), validatepb.E_Field).(*validatepb.FieldRules)
			all.WriteString(rules.GetString().GetPattern() + "\n" + rules.GetRepeated().GetItems().GetString().GetPattern() + "\n")
		}
	}
	for _, p := range append(parts(), wholes()...) {
		if !strings.Contains(all.String(), p.form) {
			t.Errorf("no pattern has %s", p.form)
		}
	}
}
