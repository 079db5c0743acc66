package services

import (
	"slices"
	"testing"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestWhatIsSaidIsKept: every field that an update may change is stored and shown
// again, so that a new field cannot be forgotten.
func TestWhatIsSaidIsKept(t *testing.T) {
	known, err := theContract()
	must(t, err)
	for name, s := range map[string]struct {
		request  proto.Message
		resource proto.Message
		kept     func(proto.Message) proto.Message
	}{
		"candidate": {
			new(acquispb.UpdateCandidateRequest), new(acquispb.Candidate),
			func(m proto.Message) proto.Message {
				given, _ := m.(*acquispb.Candidate)
				return candidateFrom(new(storepb.Candidate), identityOf(given))
			},
		},
		"session": {
			new(acquispb.UpdateSessionRequest), new(acquispb.Session),
			func(m proto.Message) proto.Message {
				given, _ := m.(*acquispb.Session)
				stored := &storepb.Session{Referentiel: "r", Revision: "1"}
				describeSession(stored, given)
				return sessionFrom(stored)
			},
		},
	} {
		fields := known.Of(s.request).Updatable
		given := s.resource.ProtoReflect()
		for _, field := range fields {
			fillField(given, given.Descriptor().Fields().ByName(protoreflect.Name(field)))
		}
		if given.Has(given.Descriptor().Fields().ByName("name")) || len(fields) == 0 {
			t.Fatalf("%s: %v is filled", name, fields)
		}
		got := s.kept(s.resource).ProtoReflect()
		for _, field := range fields {
			f := given.Descriptor().Fields().ByName(protoreflect.Name(field))
			if field == "referentiel" { // it names a revision that the store has
				continue
			}
			if !given.Get(f).Equal(got.Get(f)) {
				t.Errorf("%s.%s: %v was given, %v is stored", name, field, given.Get(f), got.Get(f))
			}
		}
	}
}

// fillField sets a field, and all fields below it, to some value.
func fillField(m protoreflect.Message, f protoreflect.FieldDescriptor) {
	switch {
	case f.Message() != nil && f.Message().FullName() == "google.type.Date":
		m.Set(f, protoreflect.ValueOfMessage((&date.Date{Year: 1990, Month: 3, Day: 2}).ProtoReflect()))
	case f.IsList() && f.Message() != nil:
		list := m.Mutable(f).List()
		fillAll(list.AppendMutable().Message())
	case f.IsList():
		m.Mutable(f).List().Append(something(f))
	case f.Message() != nil:
		fillAll(m.Mutable(f).Message())
	default:
		m.Set(f, something(f))
	}
}

func fillAll(m protoreflect.Message) {
	for i := range m.Descriptor().Fields().Len() {
		fillField(m, m.Descriptor().Fields().Get(i))
	}
}

func something(f protoreflect.FieldDescriptor) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString("some " + string(f.Name()))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(1)
	}
	panic("a kind of field that this test does not know: " + f.Kind().String())
}

// TestUpdatedPaths: an update changes what its mask names or, without one, what it
// holds, in one spelling; what it may not change is refused.
func TestUpdatedPaths(t *testing.T) {
	known, err := theContract()
	must(t, err)
	rpc := known.Of(new(acquispb.UpdateCandidateRequest))
	given := &acquispb.Candidate{Name: "candidates/c", Etag: "1", BirthName: "Martin", GivenNames: []string{"Léa"}}
	for _, s := range []struct {
		mask []string
		want []string
		bad  bool
	}{
		{nil, []string{"birth_name", "given_names"}, false},
		{[]string{"usage_name"}, []string{"usage_name"}, false},
		{[]string{"usageName", "usage_name", "sex"}, []string{"sex", "usage_name"}, false},
		{[]string{"birth_place.city"}, []string{"birth_place.city"}, false},
		{[]string{"birthPlace.inseeCode", "birthDate.day"}, []string{"birth_date.day", "birth_place.insee_code"}, false},
		{[]string{"birth_place.city", "birthPlace"}, []string{"birth_place"}, false},
		{[]string{"*"}, slices.Sorted(slices.Values(rpc.Updatable)), false},
		{[]string{"*", "sex"}, nil, true},
		{[]string{"name"}, nil, true},
		{[]string{"sex", "etag"}, nil, true},
		{[]string{"create_time"}, nil, true},
		{[]string{"forgetTime.seconds"}, nil, true},
		{[]string{"shoe_size"}, nil, true},
		{[]string{"birth_place.street"}, nil, true},
		{[]string{"birth_place.city.name"}, nil, true},
		{[]string{"external_ids.system"}, nil, true},
		{[]string{"given_names.first"}, nil, true},
		{[]string{"birth_place."}, nil, true},
		{[]string{""}, nil, true},
	} {
		got, err := updatedPaths(rpc, given, maskOf(s.mask))
		if !slices.Equal(got, s.want) || (err != nil) != s.bad {
			t.Errorf("%v changes %v, %v", s.mask, got, err)
		}
	}
}

func maskOf(paths []string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }
