package contract

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// setFields lists the fields of which an error says that the service sets them.
func setFields(err error) (fields []string) {
	for _, detail := range status.Convert(err).Details() {
		bad, _ := detail.(*errdetails.BadRequest)
		for _, v := range bad.GetFieldViolations() {
			if v.GetDescription() == setByService {
				fields = append(fields, v.GetField())
			}
		}
	}
	return fields
}

// eachPath calls visit with each path from a message to a field of it or below.
func eachPath(m protoreflect.MessageDescriptor, path []protoreflect.FieldDescriptor, visit func([]protoreflect.FieldDescriptor)) {
	for i := range m.Fields().Len() {
		field := m.Fields().Get(i)
		to := append(slices.Clip(path), field)
		visit(to)
		if field.Message() != nil && !slices.Contains(path, field) {
			eachPath(field.Message(), to, visit)
		}
	}
}

// holding is a request with one field alone; lists have it in their first item.
func holding(m protoreflect.MessageDescriptor, path []protoreflect.FieldDescriptor) proto.Message {
	request := dynamicpb.NewMessage(m)
	at := protoreflect.Message(request)
	for _, field := range path[:len(path)-1] {
		if !field.IsList() {
			at = at.Mutable(field).Message()
			continue
		}
		at = at.Mutable(field).List().AppendMutable().Message()
	}
	switch field := path[len(path)-1]; {
	case field.IsList():
		list := at.Mutable(field).List()
		list.Append(list.NewElement())
	case field.Message() != nil:
		at.Mutable(field)
	case field.Kind() == protoreflect.StringKind:
		at.Set(field, protoreflect.ValueOfString("x"))
	case field.Kind() == protoreflect.EnumKind:
		at.Set(field, protoreflect.ValueOfEnum(1))
	case field.Kind() == protoreflect.BoolKind:
		at.Set(field, protoreflect.ValueOfBool(true))
	}
	return request
}

func jsonOf(path []protoreflect.FieldDescriptor) string {
	names := make([]string, len(path))
	for i, field := range path {
		names[i] = field.JSONName()
		if field.IsList() && i < len(path)-1 {
			names[i] += "[0]"
		}
	}
	return strings.Join(names, ".")
}

// TestWhatTheServiceSetsIsRefused: each output-only field of each request, at any
// depth, is refused by its path; only resources that callers send back as they
// read them may have such fields.
func TestWhatTheServiceSetsIsRefused(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	refused, ignored := 0, make(map[string]bool)
	for _, file := range services() {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				input := methods.Get(j).Input()
				eachPath(input, nil, func(path []protoreflect.FieldDescriptor) {
					last := path[len(path)-1]
					etag := last.Name() == "etag" && last.Parent() != input
					if !etag && !slices.Contains(behaviorOf(last), annotations.FieldBehavior_OUTPUT_ONLY) {
						return
					}
					got := setFields(v.Request(t.Context(), holding(input, path)))
					if len(got) == 0 {
						ignored[string(methods.Get(j).Name())+" "+path[0].JSONName()] = true
						return
					}
					refused++
					if want := []string{jsonOf(path)}; !slices.Equal(got, want) && !isBelow(path) {
						t.Errorf("%s: %v is refused, want %v", input.Name(), got, want)
					}
				})
			}
		}
	}
	want := map[string]bool{"UpdateCandidate candidate": true, "UpdateSession session": true, "PublishReferentiel referentiel": true}
	if diff := cmp.Diff(want, ignored); diff != "" || refused < 20 {
		t.Errorf("%d fields are refused; those ignored:\n%s", refused, diff)
	}
}

// isBelow tells whether a path leads through a field that is refused itself.
func isBelow(path []protoreflect.FieldDescriptor) bool {
	return slices.ContainsFunc(path[:len(path)-1], func(field protoreflect.FieldDescriptor) bool {
		return slices.Contains(behaviorOf(field), annotations.FieldBehavior_OUTPUT_ONLY)
	})
}

// TestWhatTheServiceSetsAmongOthers: every item is looked at, and the order is that of
// the request.
func TestWhatTheServiceSetsAmongOthers(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	request := new(acquispb.RecordAssessmentsRequest)
	if err := protojson.Unmarshal([]byte(`{"candidacy":"sessions/s/candidacies/k","assessments":[
		{"criterion":"C1","verdict":"MET"},{"criterion":"?","verdict":"MET","assessor":"a","recordTime":"2026-01-01T00:00:00Z"},
		{"criterion":"C3","verdict":"MET","recorder":"a"}],"assessor":"?"}`), request); err != nil {
		t.Fatal(err)
	}
	refused := v.Request(t.Context(), request)
	want := []string{"assessments[1].criterion", "assessments[1].assessor", "assessments[1].recordTime", "assessments[2].recorder", "assessor"}
	if diff := cmp.Diff(want, violationsOf(refused)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want[1:4], setFields(refused)); diff != "" {
		t.Error(diff)
	}
	for i := range 1000 {
		request.Assessments = append(request.Assessments, &acquispb.Assessment{Recorder: "r", Criterion: strings.Repeat("C", i%40+1)})
	}
	if got := len(v.given.broken(request.ProtoReflect())); got > 200 {
		t.Errorf("collects %d violations", got)
	}
}
