package contract

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// eachText calls do for every text with a form in a request, and in the messages
// in it: with the request in which all on the way there exists, and the path.
func eachText(request protoreflect.MessageType, do func(top, in protoreflect.Message, field protoreflect.FieldDescriptor, path string)) {
	var walk func(way []protoreflect.FieldDescriptor, message protoreflect.MessageDescriptor)
	walk = func(way []protoreflect.FieldDescriptor, message protoreflect.MessageDescriptor) {
		for i := range message.Fields().Len() {
			field := message.Fields().Get(i)
			if _, ok := textForm(field); ok {
				top := request.New()
				in, path := along(top, way)
				path += JSONName(string(field.Name()))
				if field.IsList() {
					path += "[0]"
				}
				do(top, in, field, path)
			}
			if field.Message() != nil && !slices.Contains(way, field) {
				walk(append(slices.Clip(way), field), field.Message())
			}
		}
	}
	walk(nil, request.Descriptor())
}

// along makes what is on the way, and names it as JSON does.
func along(m protoreflect.Message, way []protoreflect.FieldDescriptor) (in protoreflect.Message, path string) {
	for _, field := range way {
		path += JSONName(string(field.Name()))
		if field.IsList() {
			list := m.Mutable(field).List()
			m = list.AppendMutable().Message()
			path += "[0]"
		} else {
			m = m.Mutable(field).Message()
		}
		path += "."
	}
	return m, path
}

func set(m protoreflect.Message, field protoreflect.FieldDescriptor, text string) {
	if field.IsList() {
		m.Mutable(field).List().Append(protoreflect.ValueOfString(text))
	} else {
		m.Set(field, protoreflect.ValueOfString(text))
	}
}

// TestEveryTextIsChecked: in every request, every text with a form is refused by
// its name if nobody can see it, and not if it can be read.
func TestEveryTextIsChecked(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for name := range everyRequest(t) {
		request, err := protoregistry.GlobalTypes.FindMessageByName(name)
		if err != nil {
			t.Fatal(err)
		}
		eachText(request, func(top, in protoreflect.Message, field protoreflect.FieldDescriptor, path string) {
			tried++
			for text, refused := range map[string]bool{"\u200B": true, " ": true, "d’Été": false} {
				set(in, field, text)
				if got := slices.Contains(brokenIn(t, v, top.Interface()), path); got != refused {
					t.Errorf("%s: %q at %s is refused: %v", name, text, path, got)
				}
				if fine := v.texts.fine(top, ""); fine == refused {
					t.Errorf("%s: with %q at %s all is fine: %v", name, text, path, fine)
				}
				in.Clear(field)
			}
		})
	}
	if tried < 40 {
		t.Errorf("only %d texts were tried", tried)
	}
}

// brokenIn lists the fields that are wrong in a request. The resource of an
// update is checked as its handler does after merging it.
func brokenIn(t *testing.T, v Validator, request proto.Message) []string {
	switch request := request.(type) {
	case *acquispb.UpdateCandidateRequest:
		return violationsOf(v.Resource(t.Context(), "candidate", request.GetCandidate()))
	case *acquispb.UpdateSessionRequest:
		return violationsOf(v.Resource(t.Context(), "session", request.GetSession()))
	}
	return violationsOf(v.Request(t.Context(), request))
}

// TestProblemsOfTextsAreSaid: what is wrong with a text is told beside what the
// rules of buf.validate find, in the order of the fields.
func TestProblemsOfTextsAreSaid(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	err = v.Request(t.Context(), &acquispb.CreateCandidateRequest{Candidate: &acquispb.Candidate{
		BirthName: "a\u202Eb", UsageName: "Léa ", GivenNames: []string{"Léa", "", "e\u0301"},
	}})
	for _, want := range []string{
		"candidate.birthName: must not contain U+202E, which changes the order in which text is shown",
		"candidate.usageName: must not begin or end with white space",
		"candidate.givenNames[2]: must be in Unicode normal form NFC",
	} {
		if err == nil || !strings.Contains(saidOf(err), want) {
			t.Errorf("not said: %s; but %s", want, saidOf(err))
		}
	}
	fields := violationsOf(err)
	if want := []string{"candidate.birthName", "candidate.usageName", "candidate.givenNames[1]", "candidate.givenNames[2]", "candidate.sex", "candidate.birthDate"}; !slices.Equal(fields, want) {
		t.Errorf("the fields are %v, not %v", fields, want)
	}
}

// TestCodesOfPlaces: codes of communes and countries are those of INSEE's code
// officiel géographique.
func TestCodesOfPlaces(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		set       func(*acquispb.Candidate_BirthPlace, string)
		good, bad []string
	}{
		{
			func(p *acquispb.Candidate_BirthPlace, code string) { p.InseeCode = code },
			[]string{"", "01001", "13055", "20004", "2A004", "2B033", "69123", "69381", "75056", "97105", "97411", "98818", "99109"},
			[]string{"7B056", "1A001", "2C001", "AA001", "2a004", "00001", "69000", "2A000", "6912", "691234", "69 12", "69123\n"},
		},
		{
			func(p *acquispb.Candidate_BirthPlace, code string) { p.CountryCode = code },
			[]string{"", "99100", "100", "99352", "352", "99999"},
			[]string{"FR", "75056", "000", "99000", "9910", "10", "98100", "99100 "},
		},
		{
			func(p *acquispb.Candidate_BirthPlace, code string) { p.PostalCode = code },
			[]string{"", "69003", "SW1A 1AA", "1012 AB", "12345-678", "1"},
			[]string{" 69003", "69003 ", "-", "69003\u200B", "1234567890", "6900é"},
		},
	} {
		for want, codes := range map[bool][]string{true: c.good, false: c.bad} {
			for _, code := range codes {
				place := new(acquispb.Candidate_BirthPlace)
				c.set(place, code)
				if err := v.Resource(t.Context(), "birthPlace", place); (err == nil) != want {
					t.Errorf("%v: %v", place, err)
				}
			}
		}
	}
}

// saidOf is all that an error says of fields.
func saidOf(err error) (said string) {
	for _, detail := range status.Convert(err).Details() {
		bad, _ := detail.(*errdetails.BadRequest)
		for _, v := range bad.GetFieldViolations() {
			said += v.GetField() + ": " + v.GetDescription() + "\n"
		}
	}
	return said
}
