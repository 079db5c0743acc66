package contract

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// wrongFor are values that no field of a kind takes.
func wrongFor(f *field) []string {
	switch {
	case f.inner != nil && f.inner.text == 0:
		return nil // CheckJSON refuses what is no object
	case f.form == text:
		return []string{"5", "true", "\"\xff\"", `"\ud800"`}
	case f.form == raw:
		return []string{"5", `"é"`, `"a"`}
	case f.inner != nil:
		return []string{"5", "true", `"the 5th"`, `"2026-13-01T00:00:00Z"`, `"birth_name"`}[:3]
	case f.descriptor.Kind() == protoreflect.BoolKind:
		return []string{"5", `"true"`}
	case f.descriptor.Kind() == protoreflect.EnumKind:
		return []string{`"NOTHING"`, "true", "1.5", "99999999999"}
	}
	return []string{"true", `"x"`, "1.5", "1e30", "18446744073709551616"}
}

// TestEveryWrongValueIsNamed: a wrong value of any field of any request, at any
// depth and in either spelling, is named by its path as the body has it, with
// what it must be.
func TestEveryWrongValueIsNamed(t *testing.T) {
	tried := 0
	for _, request := range everyRequest(t) {
		var walk func(n *node, open, end, path string, depth int)
		walk = func(n *node, open, end, path string, depth int) {
			for i := range n.fields {
				f := &n.fields[i]
				for _, key := range []string{f.name, f.protoName} {
					begin, finish, at := open+`{"`+key+`":`, "}"+end, strings.TrimPrefix(path+"."+key, ".")
					if f.list {
						begin, finish, at = begin+"[", "]"+finish, at+"[0]"
					}
					for _, value := range wrongFor(f) {
						tried++
						checkExplained(t, request, begin+value+finish, at)
					}
					if f.inner != nil && f.inner.text == 0 && depth > 0 {
						walk(f.inner, begin, finish, at, depth-1)
					}
				}
			}
		}
		walk(request.top, "", "", "", 3)
	}
	if tried < 1000 {
		t.Errorf("only %d values were tried", tried)
	}
}

func checkExplained(t *testing.T, request *Request, body, path string) {
	t.Helper()
	if fault := request.CheckJSON([]byte(body), nil); fault != nil {
		if fault.Field != path {
			t.Errorf("%s: %v, want %s", body, fault, path)
		}
		return
	}
	if protojson.Unmarshal([]byte(body), dynamicpb.NewMessage(request.top.message)) == nil {
		t.Errorf("%s is taken", body)
		return
	}
	faults := request.ExplainJSON([]byte(body))
	if len(faults) != 1 || faults[0].Field != path || !faults[0].Malformed || faults[0].Rule == "" {
		t.Errorf("%q: %v, want one at %s", body, faults, path)
	}
}

// TestExplanations says what is wrong in words.
func TestExplanations(t *testing.T) {
	requests := everyRequest(t)
	for _, c := range []struct{ request, body, want string }{
		{"RecordAssessmentsRequest", `{"assessor":5,"assessments":[{"verdict":"GOOD"},{"recordTime":"x"},null]}`,
			"assessments[0].verdict: must be one of MET, PARTIALLY_MET, NOT_MET; assessments[1].recordTime: must be a time in RFC 3339, such as 2026-06-15T09:00:00Z; " +
				"assessments[2]: must be an object with criterion, verdict, comment, level, mark; assessor: must be a text"},
		{"RecordAssessmentsRequest", "{\"assessor\":\"\xff\"}", "assessor: is not UTF-8"},
		{"UpdateCandidateRequest", `{"update_mask":"birth_name"}`, "update_mask: must be names of fields joined by commas, such as birthName,sex"},
		{"ListEventsRequest", `{"after":"9223372036854775808"}`, "after: must be a whole number from 0 to 9223372036854775807"},
		{"ListEventsRequest", `{"pageSize":1e10}`, "pageSize: must be a whole number from 0 to 2147483647"},
		{"CreateCandidateRequest", `{"candidate":{"sex":"F","birthDate":"1998-04-12"}}`,
			`candidate.sex: must be one of FEMALE, MALE; candidate.birthDate: must be an object such as {"year":1998,"month":4,"day":12}`},
		{"CreateCandidateRequest", `{"candidate":{"birthDate":{"year":"x","month":13000000000}}}`,
			"candidate.birthDate.year: must be a whole number from 0 to 9999; candidate.birthDate.month: must be a whole number from 0 to 12"},
		{"DeliberateRequest", `{"blocDecisions":[{"outcome":"ACQUIRED"}]}`, "blocDecisions[0].outcome: must be one of CAPITALISED, NOT_CAPITALISED, FULFILLED, NOT_FULFILLED"},
		{"ListEventsRequest", `{}`, "body: is not a message of this call"}, // it is: there is nothing to explain
	} {
		var said []string
		for _, fault := range requests[protoreflect.FullName("acquis.v1."+c.request)].ExplainJSON([]byte(c.body)) {
			said = append(said, fault.Error())
		}
		if got := strings.Join(said, "; "); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.body, got, c.want)
		}
	}
}

// TestOneOfTwo: of two fields that exclude each other the second is named.
func TestOneOfTwo(t *testing.T) {
	one, two := aField("one", 1, descriptorpb.FieldDescriptorProto_TYPE_INT32), aField("two", 2, descriptorpb.FieldDescriptorProto_TYPE_INT32)
	first := int32(0)
	one.OneofIndex, two.OneofIndex = &first, &first
	file := described(t, 0, 1, one, two)
	requests, err := ReadRequests(file)
	if err != nil {
		t.Fatal(err)
	}
	faults := requests["nest.Nest"].ExplainJSON([]byte(`{"two":2,"one":1}`))
	if got := fmt.Sprint(faults); got != "[two: must not be set beside one: only one of them may be]" {
		t.Error(got)
	}
}

// TestExplanationsAreBounded: many wrong values are not all named, and cost little
// more than to decode them.
func TestExplanationsAreBounded(t *testing.T) {
	body := `{"assessments":[` + strings.Repeat(`{"verdict":"GOOD"},`, 999) + `{}]}`
	faults := everyRequest(t)["acquis.v1.RecordAssessmentsRequest"].ExplainJSON([]byte(body))
	if len(faults) > 25 || len(faults) < 20 {
		t.Errorf("%d values are named", len(faults))
	}
}
