package answers_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// A writer is a message that the generator wrote code for.
type writer interface {
	proto.Message
	AppendJSON(b []byte) ([]byte, error)
	AppendWire(b []byte) []byte
}

// writers returns an empty message of each type that has generated code.
func writers(t testing.TB) (all []writer) {
	t.Helper()
	protoregistry.GlobalTypes.RangeMessages(func(mt protoreflect.MessageType) bool {
		if m, ok := mt.Zero().Interface().(writer); ok {
			all = append(all, m)
		}
		return true
	})
	if len(all) < 50 {
		t.Fatalf("only %d messages have generated code", len(all))
	}
	return all
}

// TestEveryAnswerHasAWriter: an answer without one would be as slow as protojson, and
// nobody would notice.
func TestEveryAnswerHasAWriter(t *testing.T) {
	protoregistry.GlobalFiles.RangeFilesByPackage(acquispb.File_acquis_v1_access_proto.Package(), func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			for methods, j := file.Services().Get(i).Methods(), 0; j < methods.Len(); j++ {
				mt, err := protoregistry.GlobalTypes.FindMessageByName(methods.Get(j).Output().FullName())
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := mt.Zero().Interface().(writer); !ok {
					t.Errorf("%s answers with %s, which has none", methods.Get(j).FullName(), mt.Descriptor().FullName())
				}
			}
		}
		return true
	})
}

// A filler fills messages by reflection.
type filler struct {
	*rand.Rand
	texts []string
	times []int64
	rate  float64 // how many fields are set
}

var (
	ordinary = []string{"Camille", "Léa d'Aubigné", "Les sources sont citées.", ""}
	odd      = []string{
		"\u2028\u2029\u0085", "<a href='x'>&amp;</a>", `"\/`, "\b\f\n\r\t", "\x00\x01\x1f\x7f", "\ufffd\ufeff\ufffe",
		"😀 𝄞", "e\u0301", "été\n", "\\u0041", " ", ",", "},]",
	}
	invalid = []string{"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80", "\x80é"}
	valid   = []int64{0, 1, -1, 1_780_000_000, -62_135_596_800, 253_402_300_799}
	beyond  = []int64{math.MinInt64, math.MaxInt64, -62_135_596_801, 253_402_300_800}
	numbers = []int64{0, 1, -1, 2, 3, 9, 100, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64, 1<<53 + 1}
	nanos   = []int32{0, 1, 1_000, 123_000_000, 123_456_000, 123_456_789, 999_999_999, 100}
)

func oneOf[T any](f filler, list []T) T { return list[f.IntN(len(list))] }

// fill sets fields of a message, and those of messages in it down to a depth.
func (f filler) fill(m protoreflect.Message, depth int) {
	if m.Descriptor().FullName() == "google.protobuf.Timestamp" {
		m.Set(m.Descriptor().Fields().ByName("seconds"), protoreflect.ValueOfInt64(oneOf(f, f.times)))
		m.Set(m.Descriptor().Fields().ByName("nanos"), protoreflect.ValueOfInt32(oneOf(f, nanos)))
		return
	}
	for i := range m.Descriptor().Fields().Len() {
		field := m.Descriptor().Fields().Get(i)
		switch {
		case f.Float64() >= f.rate || field.Message() != nil && depth == 0:
		case field.IsList():
			list := m.Mutable(field).List()
			for range 1 + f.IntN(3) {
				list.Append(f.value(field, list.NewElement, depth))
			}
		default:
			m.Set(field, f.value(field, func() protoreflect.Value { return m.NewField(field) }, depth))
		}
	}
}

func (f filler) value(field protoreflect.FieldDescriptor, message func() protoreflect.Value, depth int) protoreflect.Value {
	n := oneOf(f, numbers)
	switch field.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(f.IntN(2) == 0)
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(oneOf(f, f.texts))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(oneOf(f, f.texts)))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(n))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(n))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(uint32(n))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(n)
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(uint64(n))
	case protoreflect.MessageKind:
		value := message()
		f.fill(value.Message(), depth-1)
		return value
	}
	panic("answers have no field of kind " + field.Kind().String())
}

// eachFilled checks every answer, filled in many ways.
func eachFilled(t *testing.T, check func(*testing.T, writer)) {
	allTexts := slices.Concat(ordinary, odd)
	for name, ways := range map[string]struct {
		filler
		times int
	}{
		"empty":         {filler{rate: 0}, 1},
		"full":          {filler{rate: 1, texts: ordinary, times: valid}, 20},
		"half":          {filler{rate: 0.5, texts: allTexts, times: valid}, 100},
		"odd texts":     {filler{rate: 1, texts: odd, times: valid}, 20},
		"invalid texts": {filler{rate: 0.3, texts: append(allTexts, invalid...), times: valid}, 100},
		"invalid times": {filler{rate: 0.6, texts: ordinary, times: append(valid, beyond...)}, 100},
	} {
		t.Run(name, func(t *testing.T) {
			for _, m := range writers(t) {
				ways.Rand = rand.New(rand.NewPCG(1, 2))
				for range ways.times {
					filled := m.ProtoReflect().New()
					ways.fill(filled, 4)
					check(t, filled.Interface().(writer))
				}
			}
		})
	}
}

// eachDecoded has check called with anything, and with what it is as each answer.
func eachDecoded(f *testing.F, check func(t *testing.T, data []byte, decoded []writer)) {
	types := writers(f)
	for i, m := range types {
		filled := m.ProtoReflect().New()
		filler{rand.New(rand.NewPCG(uint64(i), 3)), slices.Concat(ordinary, odd), valid, 0.7}.fill(filled, 3)
		data, err := proto.Marshal(filled.Interface())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var decoded []writer
		for _, m := range types {
			as := m.ProtoReflect().New().Interface()
			if (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, as) == nil { // no answer has any
				decoded = append(decoded, as.(writer))
			}
		}
		check(t, data, decoded)
	})
}
