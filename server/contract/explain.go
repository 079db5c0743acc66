package contract

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/acquis-eval/acquis/server/apierr"
)

// ExplainJSON says which values of a body the decoder does not take, and what it
// would take, by the names that the body has for its fields. The body has passed
// CheckJSON. It looks only at what the decoder refuses, so it costs little more
// than decoding once for each level of the body.
func (s *Shape) ExplainJSON(body []byte) []*Fault {
	var e explanation
	e.message(s.top.message, body, "")
	if len(e.faults) == 0 {
		return []*Fault{{Field: "body", Rule: "is not a message of this call", Malformed: true}}
	}
	return e.faults
}

type explanation struct{ faults []*Fault }

func (e *explanation) full() bool { return len(e.faults) > apierr.MaxViolations }

func (e *explanation) add(path, rule string) {
	e.faults = append(e.faults, &Fault{Field: path, Rule: rule, Malformed: true})
}

// message explains an object that is not taken.
func (e *explanation) message(descriptor protoreflect.MessageDescriptor, object json.RawMessage, path string) {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		e.add(path, "must be an object")
		return
	}
	before := len(e.faults)
	for _, key := range inOrder(descriptor, members) {
		field := Field(descriptor, key)
		if field == nil || e.full() || takes(field, members[key]) {
			continue
		}
		at := strings.TrimPrefix(path+"."+key, ".")
		var items []json.RawMessage
		if !field.IsList() {
			e.value(field, members[key], at)
			continue
		}
		if json.Unmarshal(members[key], &items) != nil {
			e.add(at, "must be a list")
		}
		for i, item := range items {
			if !e.full() && !takes(field, slices.Concat([]byte("["), item, []byte("]"))) {
				e.value(field, item, at+"["+strconv.Itoa(i)+"]")
			}
		}
	}
	if len(e.faults) == before {
		e.oneofs(descriptor, members, path)
	}
}

// inOrder lists the keys of an object in the order of the contract.
func inOrder(descriptor protoreflect.MessageDescriptor, members map[string]json.RawMessage) (keys []string) {
	for i := range descriptor.Fields().Len() {
		field := descriptor.Fields().Get(i)
		for _, name := range []string{field.JSONName(), string(field.Name())} {
			if _, given := members[name]; given && !slices.Contains(keys, name) {
				keys = append(keys, name)
			}
		}
	}
	return keys
}

// value explains one value that is not taken.
func (e *explanation) value(field protoreflect.FieldDescriptor, value json.RawMessage, path string) {
	inner := field.Message()
	if wellKnown, _ := asText(fullName(inner)); inner != nil && wellKnown == 0 && value[0] == '{' {
		e.message(inner, value, path)
		return
	}
	if !utf8.Valid(value) {
		e.add(path, "is not UTF-8")
		return
	}
	e.add(path, "must be "+Expected(field))
}

func isNull(value json.RawMessage) bool { return string(value) == "null" }

func fullName(message protoreflect.MessageDescriptor) protoreflect.FullName {
	if message == nil {
		return ""
	}
	return message.FullName()
}

// oneofs names the second of two fields of which only one may be set.
func (e *explanation) oneofs(descriptor protoreflect.MessageDescriptor, members map[string]json.RawMessage, path string) {
	first := make(map[protoreflect.Name]string)
	for _, key := range inOrder(descriptor, members) {
		oneof := Field(descriptor, key).ContainingOneof()
		if oneof == nil || oneof.IsSynthetic() || isNull(members[key]) {
			continue
		}
		if other, set := first[oneof.Name()]; set {
			e.add(strings.TrimPrefix(path+"."+key, "."), fmt.Sprintf("must not be set beside %s: only one of them may be", other))
			return
		}
		first[oneof.Name()] = key
	}
}

// takes tells whether the decoder takes a value for a field.
func takes(field protoreflect.FieldDescriptor, value json.RawMessage) bool {
	object := slices.Concat([]byte(`{"`+field.JSONName()+`":`), value, []byte("}"))
	return protojson.Unmarshal(object, dynamicpb.NewMessage(field.ContainingMessage())) == nil
}

// Expected says which values a field takes, as the end of a sentence.
func Expected(field protoreflect.FieldDescriptor) string {
	switch field.Kind() {
	case protoreflect.BoolKind:
		return "true or false"
	case protoreflect.EnumKind:
		return "one of " + strings.Join(enumNames(field), ", ")
	case protoreflect.StringKind:
		return "a text"
	case protoreflect.BytesKind:
		return "bytes in base64"
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return wholeNumber(field, math.MinInt32, math.MaxInt32)
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return wholeNumber(field, math.MinInt64, math.MaxInt64)
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return fmt.Sprintf("a whole number from 0 to %d", uint32(math.MaxUint32))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return fmt.Sprintf("a whole number from 0 to %d", uint64(math.MaxUint64))
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return "a number"
	}
	switch fullName(field.Message()) {
	case "google.protobuf.Timestamp":
		return "a time in RFC 3339, such as 2026-06-15T09:00:00Z"
	case "google.protobuf.Duration":
		return "a duration in seconds, such as 1.5s"
	case "google.protobuf.FieldMask":
		return "names of fields joined by commas, such as birthName,sex"
	}
	return objectOf(field.Message())
}

// wholeNumber says from where to where a number may be: as far as its rule allows.
func wholeNumber(field protoreflect.FieldDescriptor, least, most int64) string {
	least, most = max(least, leastOf(field)), min(most, mostOf(field))
	return fmt.Sprintf("a whole number from %d to %d", least, most)
}

func leastOf(field protoreflect.FieldDescriptor) int64 {
	switch rules := rulesOf(field); {
	case rules.GetInt32().HasGte():
		return int64(rules.GetInt32().GetGte())
	case rules.GetInt64().HasGte():
		return rules.GetInt64().GetGte()
	case field.ContainingMessage().FullName() == date:
		return 0
	}
	return math.MinInt64
}

func mostOf(field protoreflect.FieldDescriptor) int64 {
	switch rules := rulesOf(field); {
	case rules.GetInt32().HasLte():
		return int64(rules.GetInt32().GetLte())
	case rules.GetInt64().HasLte():
		return rules.GetInt64().GetLte()
	case field.ContainingMessage().FullName() == date:
		return map[protoreflect.Name]int64{"year": 9999, "month": 12, "day": 31}[field.Name()]
	}
	return math.MaxInt64
}

// date has no rules in the proto file, because it is defined by Google.
const date = "google.type.Date"

// objectOf says what a message looks like: its fields that a request may have.
func objectOf(message protoreflect.MessageDescriptor) string {
	if message.FullName() == date {
		return `an object such as {"year":1998,"month":4,"day":12}`
	}
	var names []string
	for _, field := range fieldsWhere(message, func(f protoreflect.FieldDescriptor) bool {
		return !slices.Contains(behaviorOf(f), annotations.FieldBehavior_OUTPUT_ONLY)
	}) {
		names = append(names, field.JSONName())
	}
	return "an object with " + strings.Join(names, ", ")
}
