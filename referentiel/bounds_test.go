package referentiel

import (
	"fmt"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// The checker of files has the same limits on lengths, lists and numbers as the
// API's proto: each limit may be reached, and not exceeded by one.
func TestBoundsAreTheAPIs(t *testing.T) {
	r := full()
	api := acquispb.File_acquis_v1_referentiel_proto.Messages()
	tried := 0
	var visit func(m protoreflect.Message, twin protoreflect.MessageDescriptor)
	visit = func(m protoreflect.Message, twin protoreflect.MessageDescriptor) {
		fields := m.Descriptor().Fields()
		for i := range fields.Len() {
			field := fields.Get(i)
			for _, b := range bounds(m, field, twin) {
				tried++
				before := proto.Clone(m.Interface())
				m.Set(field, b.within)
				if says(r, b.says) {
					t.Errorf("%s at its bound: %q", field.FullName(), b.says)
				}
				m.Set(field, b.beyond)
				if !says(r, b.says) {
					t.Errorf("%s beyond its bound: nothing says %q", field.FullName(), b.says)
				}
				proto.Reset(m.Interface())
				proto.Merge(m.Interface(), before)
			}
			if field.Message() == nil {
				continue
			}
			inner := twin.Messages().ByName(field.Message().Name())
			if inner == nil {
				inner = api.ByName(field.Message().Name())
			}
			switch {
			case field.IsList():
				for i := range m.Get(field).List().Len() {
					visit(m.Get(field).List().Get(i).Message(), inner)
				}
			case m.Has(field):
				visit(m.Get(field).Message(), inner)
			}
		}
	}
	visit(r.ProtoReflect(), api.ByName("Referentiel"))
	if tried < 30 {
		t.Errorf("only %d bounds were tried", tried)
	}
}

// A bound is a value that is just allowed, one that is not, and the problem
// reported for it.
type bound struct {
	within, beyond protoreflect.Value
	says           string
}

// bounds returns the limits that the API has for a field with that name.
func bounds(m protoreflect.Message, field protoreflect.FieldDescriptor, twin protoreflect.MessageDescriptor) []bound {
	of := twin.Fields().ByName(field.Name())
	if of == nil {
		return nil // the id, and what a replacement names, have another form in the API
	}
	rules, _ := proto.GetExtension(of.Options(), validate.E_Field).(*validate.FieldRules)
	text := protoreflect.ValueOfString
	var all []bound
	if most := int(rules.GetRepeated().GetMaxItems()); most > 0 {
		list := func(n int) protoreflect.Value { return repeated(m.NewField(field), n, "x") }
		all = append(all, bound{list(most), list(most + 1), fmt.Sprintf("has %d items; at most %d", most+1, most)})
	}
	if most := int(rules.GetRepeated().GetItems().GetString().GetMaxLen()); most > 0 {
		list := func(n int) protoreflect.Value { return repeated(m.NewField(field), 1, strings.Repeat("é", n)) }
		all = append(all, bound{list(most), list(most + 1), fmt.Sprintf("has %d characters; at most %d", most+1, most)})
	}
	if most := int(rules.GetString().GetMaxLen()); most > 0 {
		all = append(all, bound{text(strings.Repeat("é", most)), text(strings.Repeat("é", most+1)), fmt.Sprintf("has %d characters; at most %d", most+1, most)})
	}
	if numbers := rules.GetInt32(); numbers != nil && field.HasPresence() {
		low, high := numbers.GetGte(), numbers.GetLte()
		for _, n := range [][2]int32{{low, low - 1}, {high, high + 1}} {
			all = append(all, bound{protoreflect.ValueOfInt32(n[0]), protoreflect.ValueOfInt32(n[1]), fmt.Sprintf("is %d; must be %d to %d", n[1], low, high)})
		}
	}
	return all
}

// repeated fills a list with n texts, or with n empty messages.
func repeated(list protoreflect.Value, n int, text string) protoreflect.Value {
	for range n {
		item := list.List().NewElement()
		if _, isText := item.Interface().(string); isText {
			item = protoreflect.ValueOfString(text)
		}
		list.List().Append(item)
	}
	return list
}

// says tells whether the checker reports that problem for any field.
func says(r *storepb.Referentiel, what string) bool {
	for _, p := range Check(r) {
		if strings.Contains(p.Message, what) {
			return true
		}
	}
	return false
}
