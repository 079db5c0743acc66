package contract

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// violationsOf lists the fields that an error names, in its order, and its texts
// about lists with duplicates.
func violationsOf(err error) (fields []string) {
	for _, detail := range status.Convert(err).Details() {
		bad, _ := detail.(*errdetails.BadRequest)
		for _, v := range bad.GetFieldViolations() {
			if strings.HasSuffix(v.GetDescription(), "twice") {
				fields = append(fields, v.GetField()+": "+v.GetDescription())
			} else {
				fields = append(fields, v.GetField())
			}
		}
	}
	return fields
}

// TestUniqueAmongOtherViolations: the error for a request that breaks many rules
// names field after field, and for a list first what is wrong with the whole
// list, as buf.validate would.
func TestUniqueAmongOtherViolations(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		request proto.Message
		body    string
		want    []string
	}{
		{
			new(acquispb.RecordAssessmentsRequest),
			`{"candidacy":"sessions/s/candidacies/k","assessments":[{"criterion":"C1","verdict":"MET"},{"criterion":"C2","verdict":"MET"}]}`,
			nil,
		},
		{
			new(acquispb.RecordAssessmentsRequest),
			`{"candidacy":"?","assessments":[{"criterion":"C1","verdict":"MET"},{"criterion":"?"},{"criterion":"C1","verdict":"MET"}],"assessor":"?"}`,
			[]string{
				"candidacy", "assessments: must not contain the same criterion twice", "assessments[1].criterion",
				"assessor",
			},
		},
		{
			new(acquispb.SettleCriteriaRequest),
			`{"settlements":[` + strings.Repeat(`{"criterion":"C1","verdict":"MET","motive":"m"},`, 1000) + `{"criterion":"C1","verdict":"MET","motive":"m"}]}`,
			[]string{"candidacy", "settlements: must not contain the same criterion twice", "settlements"},
		},
		{
			new(acquispb.CreateSessionRequest),
			`{"session":{"startDate":{"year":2026,"month":3,"day":2},"endDate":{"year":2026,"month":3,"day":1},
			  "jury":[{"subject":"a","displayName":"a"},{"subject":"?"},{"subject":"a"}],"assessors":[{"subject":"?"}]},"sessionId":"?"}`,
			[]string{
				"session.displayName", "session.referentiel", "session.endDate", "session.jury: must not contain the same subject twice",
				"session.jury[1].subject", "session.jury[1].displayName", "session.jury[2].displayName", "session.assessors[0].subject", "sessionId",
			},
		},
		{
			new(acquispb.CreateCandidateRequest),
			`{"candidate":{"externalIds":[{"system":"a","id":"1"},{"system":"a"},{"system":"a","id":"1"}]}}`,
			[]string{
				"candidate.birthName", "candidate.givenNames", "candidate.sex", "candidate.birthDate",
				"candidate.externalIds: must not contain the same system and id twice", "candidate.externalIds[1].id",
			},
		},
		{
			new(acquispb.CreateCandidateRequest), // the same system or the same id is another pair
			`{"candidate":{"externalIds":[{"system":"a","id":"1"},{"system":"b","id":"1"},{"system":"a","id":"2"}]}}`,
			[]string{"candidate.birthName", "candidate.givenNames", "candidate.sex", "candidate.birthDate"},
		},
		{
			new(acquispb.DeliberateRequest),
			`{"candidacy":"?","gridEtag":"e","membersPresent":["a"],"blocDecisions":[{"bloc":"B1"},{"bloc":"B1"}]}`,
			[]string{"candidacy", "blocDecisions: must not contain the same bloc twice", "blocDecisions[0].outcome", "blocDecisions[1].outcome"},
		},
		{
			new(acquispb.UpdateSessionRequest), // the rest is checked after the merge
			`{"session":{"name":"sessions/s","jury":[{"subject":"a"},{"subject":"a"}]},"requestId":"?"}`,
			[]string{"requestId"},
		},
	} {
		if err := protojson.Unmarshal([]byte(c.body), c.request); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, violationsOf(v.Request(t.Context(), c.request))); diff != "" {
			t.Errorf("%T %.80s (-want +got):\n%s", c.request, c.body, diff)
		}
	}
}

// TestUniqueWhereMerged: duplicates in the resource of an update are found after
// the merge.
func TestUniqueWhereMerged(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	twice := []*acquispb.JuryMember{{Subject: "a", DisplayName: "a"}, {Subject: "a", DisplayName: "a"}}
	merged := violationsOf(v.Resource(t.Context(), "session", &acquispb.Session{DisplayName: "d", Jury: twice}))
	if want := []string{"session.referentiel", "session.startDate", "session.jury: must not contain the same subject twice"}; !slices.Equal(merged, want) {
		t.Errorf("a merged session: %q, want %q", merged, want)
	}
}

// TestUniqueIsReadWhole: no unique_by is ignored; and fields are declared in the
// order of their numbers, by which violations are sorted.
func TestUniqueIsReadWhole(t *testing.T) {
	rules, err := readUnique()
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	protoregistry.GlobalFiles.RangeFilesByPackage("acquis.v1", func(file protoreflect.FileDescriptor) bool {
		eachMessage(file.Messages(), func(m protoreflect.MessageDescriptor) {
			for i := range m.Fields().Len() {
				field := m.Fields().Get(i)
				if i > 0 && field.Number() < m.Fields().Get(i-1).Number() {
					t.Errorf("%s is declared after a higher number", field.FullName())
				}
				if !proto.HasExtension(field.Options(), acquispb.E_UniqueBy) {
					continue
				}
				said++
				if !slices.ContainsFunc(rules[m.FullName()], func(u uniqueList) bool { return u.path[0] == field }) {
					t.Errorf("unique_by of %s is not found", field.FullName())
				}
			}
		})
		return true
	})
	if said < 5 {
		t.Errorf("only %d lists say unique_by", said)
	}
	for _, file := range services() {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				if field := hidden(methods.Get(j).Input(), rules, nil); field != nil {
					t.Errorf("a list with unique_by is in the items of %s, where it is not supported", field.FullName())
				}
			}
		}
	}
}

func eachMessage(messages protoreflect.MessageDescriptors, visit func(protoreflect.MessageDescriptor)) {
	for i := range messages.Len() {
		visit(messages.Get(i))
		eachMessage(messages.Get(i).Messages(), visit)
	}
}

// hidden returns a list in a message whose items have lists with unique_by.
func hidden(m protoreflect.MessageDescriptor, rules uniqueLists, above []protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	for i := range m.Fields().Len() {
		field := m.Fields().Get(i)
		inner := field.Message()
		if inner == nil || slices.Contains(above, inner) {
			continue
		}
		if field.IsList() && len(rules[inner.FullName()]) > 0 {
			return field
		}
		if found := hidden(inner, rules, append(slices.Clip(above), m)); found != nil {
			return found
		}
	}
	return nil
}
