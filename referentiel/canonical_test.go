package referentiel

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"
)

// The id of the marketing référentiel never changes. If this test fails after a
// change of marketing.yaml, compare it with its source and pin the new id; if it
// fails after a change of code, the code is wrong.
func TestMarketingID(t *testing.T) {
	if got := ID(marketing(t)); got != compared {
		t.Errorf("got %s, want %s", got, compared)
	}
}

// The encoding, byte by byte, of a small référentiel.
func TestEncoding(t *testing.T) {
	r := &storepb.Referentiel{
		Id: "v",
		Blocs: []*storepb.Bloc{{Code: "B1", Competences: []*storepb.Competence{{
			Statement:      "été",
			Method:         &storepb.AssessmentMethod{Kind: 2, Deliverables: []string{"x", "y"}},
			BlocOnlyMethod: &storepb.AssessmentMethod{}, // no field: left out
			Criteria:       []*storepb.Criterion{{Code: "1", Eliminatory: true}, {}},
		}}}},
		Rules: &storepb.Rules{MinAssessors: new(int32(1)), Jury: &storepb.JuryRule{MinExternalPercent: new(int32(0))}},
	}
	want := strings.Join([]string{
		"acquis.referentiel.v1\n",
		"\x01" + "\x00\x00\x00\x01v", // id
		"\x05" + "\x00\x00\x00\x01",  // blocs: one
		/**/ "\x01" + "\x00\x00\x00\x02B1", // code
		/**/ "\x04" + "\x00\x00\x00\x01", // competences: one
		/*  */ "\x02" + "\x00\x00\x00\x05\xc3\xa9t\xc3\xa9", // statement, its length in bytes
		/*  */ "\x03", // method
		/*    */ "\x01" + "\x00\x00\x00\x02", // kind
		/*    */ "\x04" + "\x00\x00\x00\x02" + "\x00\x00\x00\x01x" + "\x00\x00\x00\x01y", // deliverables: two
		/*    */ "\x00", // end of the method
		/*  */ "\x05" + "\x00\x00\x00\x02", // criteria: two
		/*    */ "\x01" + "\x00\x00\x00\x011", // code
		/*    */ "\x03\x01", // eliminatory
		/*    */ "\x00", // end of the first
		/*    */ "\x00", // end of the second, which is empty
		/*  */ "\x00", // end of the compétence
		/**/ "\x00", // end of the bloc
		"\x06",      // rules
		/**/ "\x03" + "\x00\x00\x00\x01", // min_assessors, set, although it is the default
		/**/ "\x04", // jury
		/*  */ "\x02" + "\x00\x00\x00\x00", // min_external_percent, set, although it is 0
		/*  */ "\x00", // end of jury
		/**/ "\x00", // end of rules
		"\x00",      // end
	}, "")
	if diff := cmp.Diff(want, string(encode(r))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got, want := ID(r), "1c0035080ad8a557f88f7c9b4dd57bc2"; got != want {
		t.Errorf("id %s, want %s", got, want)
	}
}

// Content survives the encoding: a decoder written only from its description
// returns it. So different contents have different encodings. The decoder uses
// the fields of the proto, so a field that the encoding forgets is noticed as
// well.
func TestEncodingKeepsContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := new(storepb.Referentiel)
		draw(t, r.ProtoReflect())
		left := strings.TrimPrefix(string(encode(r)), "acquis.referentiel.v1\n")
		got := new(storepb.Referentiel)
		if err := decodeCanonical(&left, got.ProtoReflect()); err != nil || left != "" {
			t.Fatalf("decoding: %v, %d bytes left", err, len(left))
		}
		want := proto.CloneOf(r)
		prune(want.ProtoReflect())
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Fatalf("-content +decoded:\n%s", diff)
		}
		if ID(r) != ID(want) || ID(r) != ID(got) {
			t.Fatal("the same content has two ids")
		}
	})
}

// Every field of every message is part of the id: any change changes the id.
func TestEveryFieldIsInTheID(t *testing.T) {
	r := full()
	r.Replaces[0].Revision = strings.Repeat("0", 32)
	before := ID(r)
	met := make(map[protoreflect.FullName]bool)
	var visit func(m protoreflect.Message)
	visit = func(m protoreflect.Message) {
		fields := m.Descriptor().Fields()
		for i := range fields.Len() {
			field := fields.Get(i)
			met[field.FullName()] = true
			undo := change(m, field)
			if ID(r) == before {
				t.Errorf("%s was changed, but the id was not", field.FullName())
			}
			undo()
			if ID(r) != before {
				t.Fatalf("%s: the content is the same again, but its id is not", field.FullName())
			}
			switch {
			case field.Message() != nil && field.IsList():
				for i := range m.Get(field).List().Len() {
					visit(m.Get(field).List().Get(i).Message())
				}
			case field.Message() != nil && m.Has(field):
				visit(m.Get(field).Message())
			}
		}
	}
	visit(r.ProtoReflect())
	for _, m := range messages(r.ProtoReflect().Descriptor()) {
		for i := range m.Fields().Len() {
			if name := m.Fields().Get(i).FullName(); !met[name] {
				t.Errorf("%s was never changed: give the full référentiel one", name)
			}
		}
	}
}

// change gives a field another content, and returns a function that undoes it.
func change(m protoreflect.Message, field protoreflect.FieldDescriptor) (undo func()) {
	if field.IsList() {
		list := m.Mutable(field).List()
		length := list.Len()
		switch {
		case field.Message() != nil:
			list.AppendMutable()
		case field.Kind() == protoreflect.EnumKind:
			list.Append(protoreflect.ValueOfEnum(2))
		default:
			list.Append(protoreflect.ValueOfString("autre"))
		}
		return func() { list.Truncate(length) }
	}
	old, set := m.Get(field), m.Has(field)
	switch {
	case field.Message() != nil:
		m.Clear(field) // set everywhere in the full référentiel
	case field.Kind() == protoreflect.StringKind:
		m.Set(field, protoreflect.ValueOfString(old.String()+"autre"))
	case field.Kind() == protoreflect.BoolKind:
		m.Set(field, protoreflect.ValueOfBool(!old.Bool()))
	case field.Kind() == protoreflect.EnumKind:
		m.Set(field, protoreflect.ValueOfEnum(old.Enum()+1))
	default:
		m.Set(field, protoreflect.ValueOfInt32(int32(old.Int())+1))
	}
	return func() {
		if m.Clear(field); set {
			m.Set(field, old)
		}
	}
}

// A threshold that is set to the default differs from one that is not set.
func TestDefaultGivenIsNotDefaultLeft(t *testing.T) {
	given, left, empty := small(), small(), small()
	given.Rules = &storepb.Rules{BlocThresholdPercent: new(int32(100))}
	left.Rules = nil
	empty.Rules = &storepb.Rules{Jury: &storepb.JuryRule{}}
	if ID(given) == ID(left) {
		t.Error("an explicit default and a missing value have the same id")
	}
	if ID(empty) != ID(left) {
		t.Error("no rules and empty rules have two ids")
	}
}

// draw fills a message at random, with few values, so that equal ones are likely.
func draw(t *rapid.T, m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		switch {
		case field.IsList():
			for range rapid.IntRange(0, 2).Draw(t, "items") {
				switch {
				case field.Message() != nil:
					draw(t, m.Mutable(field).List().AppendMutable().Message())
				case field.Kind() == protoreflect.EnumKind:
					m.Mutable(field).List().Append(protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32().Draw(t, "number"))))
				default:
					m.Mutable(field).List().Append(protoreflect.ValueOfString(drawText(t)))
				}
			}
		case !rapid.Bool().Draw(t, "set"):
		case field.Message() != nil:
			draw(t, m.Mutable(field).Message())
		case field.Kind() == protoreflect.StringKind:
			m.Set(field, protoreflect.ValueOfString(drawText(t)))
		case field.Kind() == protoreflect.BoolKind:
			m.Set(field, protoreflect.ValueOfBool(rapid.Bool().Draw(t, "yes")))
		case field.Kind() == protoreflect.EnumKind:
			m.Set(field, protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32().Draw(t, "number"))))
		default:
			m.Set(field, protoreflect.ValueOfInt32(rapid.Int32().Draw(t, "number")))
		}
	}
}

func drawText(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "a", "\x00", "é", "\x00\x00\x00\x01a"}).Draw(t, "text")
}

// prune removes single messages without fields: they are not content.
func prune(m protoreflect.Message) {
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case field.Message() == nil:
		case field.IsList():
			for i := range v.List().Len() {
				prune(v.List().Get(i).Message())
			}
		default:
			prune(v.Message())
			empty := true
			v.Message().Range(func(protoreflect.FieldDescriptor, protoreflect.Value) bool { empty = false; return false })
			if empty {
				m.Clear(field)
			}
		}
		return true
	})
}

// decodeCanonical reads a message as canonical.go describes it.
func decodeCanonical(left *string, m protoreflect.Message) error {
	for last := protoreflect.FieldNumber(0); ; {
		number := protoreflect.FieldNumber(take(left, 1)[0])
		if number == 0 {
			return nil
		}
		field := m.Descriptor().Fields().ByNumber(number)
		if _, top := m.Interface().(*storepb.Referentiel); field == nil && (!top || number != 3) || number <= last {
			return fmt.Errorf("field %d after %d of %s", number, last, m.Descriptor().FullName())
		}
		last = number
		switch {
		case field == nil: // what the encoding has of the register in a place of its own
			r := m.Interface().(*storepb.Referentiel)
			r.Register = &storepb.Register{Kind: 1, Number: take(left, takeNumber(left))}
		case field.IsList():
			for range takeNumber(left) {
				switch list := m.Mutable(field).List(); {
				case field.Kind() == protoreflect.EnumKind:
					list.Append(protoreflect.ValueOfEnum(protoreflect.EnumNumber(takeNumber(left))))
				case field.Message() == nil:
					list.Append(protoreflect.ValueOfString(take(left, takeNumber(left))))
				default:
					if err := decodeCanonical(left, list.AppendMutable().Message()); err != nil {
						return err
					}
				}
			}
		case field.Message() != nil:
			if err := decodeCanonical(left, m.Mutable(field).Message()); err != nil {
				return err
			}
		case field.Kind() == protoreflect.StringKind:
			m.Set(field, protoreflect.ValueOfString(take(left, takeNumber(left))))
		case field.Kind() == protoreflect.BoolKind:
			m.Set(field, protoreflect.ValueOfBool(take(left, 1) == "\x01"))
		case field.Kind() == protoreflect.EnumKind:
			m.Set(field, protoreflect.ValueOfEnum(protoreflect.EnumNumber(takeNumber(left))))
		default:
			m.Set(field, protoreflect.ValueOfInt32(int32(takeNumber(left))))
		}
	}
}

func take(left *string, n uint32) string {
	taken := (*left)[:n]
	*left = (*left)[n:]
	return taken
}

func takeNumber(left *string) uint32 { return binary.BigEndian.Uint32([]byte(take(left, 4))) }
