package proto_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// These tests hold the contract to the AIPs that matter to whoever calls it. They
// read the descriptors that the server links, so that they judge what is served.
// Comments are checked by buf lint, which sees the source.

// files are all of the contract, as they are linked: none can be forgotten.
func files() []protoreflect.FileDescriptor {
	var all []protoreflect.FileDescriptor
	contract := acquispb.File_acquis_v1_access_proto.Package()
	protoregistry.GlobalFiles.RangeFilesByPackage(contract, func(file protoreflect.FileDescriptor) bool {
		all = append(all, file)
		return true
	})
	slices.SortFunc(all, func(a, b protoreflect.FileDescriptor) int { return strings.Compare(a.Path(), b.Path()) })
	return all
}

// eachMethod runs a test for each RPC.
func eachMethod(t *testing.T, test func(t *testing.T, m protoreflect.MethodDescriptor)) {
	t.Helper()
	count := 0
	for _, file := range files() {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				count++
				method := service.Methods().Get(j)
				t.Run(string(method.FullName()), func(t *testing.T) { test(t, method) })
			}
		}
	}
	if count < 40 {
		t.Errorf("found %d RPCs", count)
	}
}

// eachMessage runs a test for each message, nested ones too.
func eachMessage(t *testing.T, test func(t *testing.T, m protoreflect.MessageDescriptor)) {
	t.Helper()
	var walk func(protoreflect.MessageDescriptors)
	walk = func(messages protoreflect.MessageDescriptors) {
		for i := range messages.Len() {
			m := messages.Get(i)
			t.Run(string(m.FullName()), func(t *testing.T) { test(t, m) })
			walk(m.Messages())
		}
	}
	for _, file := range files() {
		walk(file.Messages())
	}
}

func httpRule(m protoreflect.MethodDescriptor) *annotations.HttpRule {
	rule, _ := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
	return rule
}

func path(rule *annotations.HttpRule) (method, template string) {
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return "GET", p.Get
	case *annotations.HttpRule_Post:
		return "POST", p.Post
	case *annotations.HttpRule_Patch:
		return "PATCH", p.Patch
	case *annotations.HttpRule_Delete:
		return "DELETE", p.Delete
	case *annotations.HttpRule_Put:
		return "PUT", p.Put
	}
	return "", ""
}

// Every RPC says who may call it: anyone, or roles that exist, each once.
func TestRolesStandInTheContract(t *testing.T) {
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		access, _ := proto.GetExtension(m.Options(), acquispb.E_Access).(*acquispb.Access)
		if len(access.GetRoles()) == 0 && !access.GetPublic() {
			t.Error("admits nobody: it has no option (access)")
		}
		if len(access.GetRoles()) > 0 && access.GetPublic() {
			t.Error("admits anyone, and names roles too")
		}
		seen := make(map[acquispb.Role_Enum]bool)
		for _, role := range access.GetRoles() {
			if role == acquispb.Role_ROLE_UNSPECIFIED || acquispb.Role_Enum_name[int32(role)] == "" || seen[role] {
				t.Errorf("role %v is unknown, unspecified or named twice", role)
			}
			seen[role] = true
		}
	})
}

// Every RPC that shows something of candidates' files says so, since its calls
// are journaled: whatever is read, but what holds no candidate.
func TestReadsOfFilesAreDeclared(t *testing.T) {
	none := []string{
		"acquis.v1.AdminService", "acquis.v1.AuditService", "acquis.v1.ReferentielService",
		"acquis.v1.SessionService.GetSession", "acquis.v1.SessionService.ListSessions",
	}
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		access, _ := proto.GetExtension(m.Options(), acquispb.E_Access).(*acquispb.Access)
		verb, _ := path(httpRule(m))
		want := verb == "GET" && !slices.Contains(none, string(m.FullName())) && !slices.Contains(none, string(m.Parent().FullName()))
		if got := access.GetShowsFilesOf() != ""; got != want {
			t.Errorf("shows_files_of is %q; it shows files: %v", access.GetShowsFilesOf(), want)
		}
	})
}

// Every act says the kind of its event, and nothing else does: a request of an act
// bears a request_id.
func TestActsSayTheirEvent(t *testing.T) {
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		access, _ := proto.GetExtension(m.Options(), acquispb.E_Access).(*acquispb.Access)
		act := m.Input().Fields().ByName("request_id") != nil
		if said := access.GetWrites() != acquispb.Event_Kind_KIND_UNSPECIFIED; said != act {
			t.Errorf("writes is %v; it is an act: %v", access.GetWrites(), act)
		}
	})
}

// AIP-127, 131–136: standard methods use their HTTP method, custom ones POST and
// a verb; all lie under /v1.
func TestPathsFollowTheKindOfMethod(t *testing.T) {
	custom := regexp.MustCompile(`:[a-z][A-Za-z]*$`)
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		rule := httpRule(m)
		if m.IsStreamingServer() != (rule == nil) || m.IsStreamingClient() {
			t.Error("what sends a stream is for gRPC only, all else for REST too")
		}
		if rule == nil {
			return
		}
		verb, template := path(rule)
		if !strings.HasPrefix(template, "/v1/") {
			t.Errorf("path %q does not begin with /v1/", template)
		}
		name := string(m.Name())
		want, body := "POST", "*"
		switch {
		case startsWith(name, "Get", "List", "Search", "Lookup", "Export", "Diff"):
			want, body = "GET", ""
		case startsWith(name, "Create"):
			body = resourceField(strings.TrimPrefix(name, "Create"))
		case startsWith(name, "Update"):
			want, body = "PATCH", resourceField(strings.TrimPrefix(name, "Update"))
		case !custom.MatchString(template):
			t.Errorf("custom method has path %q without a verb", template)
		}
		if verb != want || rule.GetBody() != body {
			t.Errorf("is %s with body %q, want %s with body %q", verb, rule.GetBody(), want, body)
		}
	})
}

func startsWith(name string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// resourceField is the field that holds a resource: Candidate → candidate.
func resourceField(resource string) string { return strings.ToLower(resource[:1]) + resource[1:] }

// AIP-131, 132, 133, 134, 158: requests have the fields that clients rely on.
func TestStandardRequests(t *testing.T) {
	eachMethod(t, func(t *testing.T, m protoreflect.MethodDescriptor) {
		name, fields := string(m.Name()), m.Input().Fields()
		has := func(field string, kind protoreflect.Kind) {
			t.Helper()
			if f := fields.ByName(protoreflect.Name(field)); f == nil || f.Kind() != kind {
				t.Errorf("%s has no %v field %q", m.Input().Name(), kind, field)
			}
		}
		if string(m.Input().Name()) != name+"Request" {
			t.Errorf("takes %s, not %sRequest", m.Input().Name(), name)
		}
		switch {
		case startsWith(name, "List", "Search"):
			has("page_size", protoreflect.Int32Kind)
			has("page_token", protoreflect.StringKind)
			if next := m.Output().Fields().ByName("next_page_token"); next == nil || m.Output().Fields().Get(0).Cardinality() != protoreflect.Repeated {
				t.Errorf("%s is not a page: items first, then next_page_token", m.Output().Name())
			}
		case startsWith(name, "Get"):
			has("name", protoreflect.StringKind)
		case startsWith(name, "Create"):
			has(resourceField(strings.TrimPrefix(name, "Create")), protoreflect.MessageKind)
		case startsWith(name, "Update"):
			has("update_mask", protoreflect.MessageKind)
		}
		access, _ := proto.GetExtension(m.Options(), acquispb.E_Access).(*acquispb.Access)
		if verb, _ := path(httpRule(m)); verb != "GET" && !access.GetPublic() && !m.IsStreamingServer() { // what is public, or a stream, does nothing that could be done twice
			has("request_id", protoreflect.StringKind)
		}
	})
}

// AIP-203: every field of a request and of a resource says how it behaves.
func TestFieldsSayHowTheyBehave(t *testing.T) {
	eachMessage(t, func(t *testing.T, m protoreflect.MessageDescriptor) {
		resource, _ := proto.GetExtension(m.Options(), annotations.E_Resource).(*annotations.ResourceDescriptor)
		if resource == nil && !strings.HasSuffix(string(m.Name()), "Request") {
			return
		}
		for i := range m.Fields().Len() {
			field := m.Fields().Get(i)
			behaviours, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
			if len(behaviours) == 0 {
				t.Errorf("%s has no field_behavior", field.Name())
			}
		}
	})
}

// AIP-122, 123: a resource has a name, its identifier, and a type of this service.
func TestResourcesHaveNames(t *testing.T) {
	count := 0
	eachMessage(t, func(t *testing.T, m protoreflect.MessageDescriptor) {
		resource, _ := proto.GetExtension(m.Options(), annotations.E_Resource).(*annotations.ResourceDescriptor)
		if resource == nil {
			return
		}
		count++
		if resource.GetType() != "acquis.eval/"+string(m.Name()) || len(resource.GetPattern()) == 0 || resource.GetSingular() == "" {
			t.Errorf("resource %v lacks a type, pattern or singular", resource)
		}
		if name := m.Fields().ByName("name"); name == nil || name.Number() != 1 || name.Kind() != protoreflect.StringKind {
			t.Error("has no string field name = 1")
		}
	})
	if count < 10 {
		t.Errorf("found %d resources", count)
	}
}

// AIP-126, 142, 140: enums have a zero value that says nothing; times end in
// _time, dates in _date; no 64-bit number needs a string in JSON but places in the journal
// and sizes of files.
func TestNamesAndTypes(t *testing.T) {
	eachMessage(t, func(t *testing.T, m protoreflect.MessageDescriptor) {
		for i := range m.Enums().Len() {
			if zero := m.Enums().Get(i).Values().ByNumber(0); !strings.HasSuffix(string(zero.Name()), "_UNSPECIFIED") {
				t.Errorf("zero value is %s", zero.Name())
			}
		}
		for i := range m.Fields().Len() {
			checkField(t, m.Fields().Get(i))
		}
	})
}

func checkField(t *testing.T, field protoreflect.FieldDescriptor) {
	t.Helper()
	name := string(field.Name())
	switch field.Kind() {
	case protoreflect.MessageKind:
		if field.Message().FullName() == "google.protobuf.Timestamp" && !strings.HasSuffix(name, "_time") {
			t.Errorf("the time %s does not end in _time", name)
		}
		if field.Message().FullName() == "google.type.Date" && !strings.HasSuffix(name, "_date") {
			t.Errorf("the date %s does not end in _date", name)
		}
	case protoreflect.Int64Kind, protoreflect.Uint64Kind:
		if !slices.Contains([]string{"sequence", "after", "tree_size", "from", "to", "store_bytes"}, name) {
			t.Errorf("%s is a 64-bit number, which is a string in JSON", name)
		}
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		t.Errorf("%s is a floating-point number: points and percentages are integers", name)
	}
}

// Free texts are not for health data, and each field says so: the nature of a
// disability has no place in the service. Comments are not in the descriptors
// that are linked, so that the source is read for them.
func TestFreeTextsAreNotForHealthData(t *testing.T) {
	names := []string{"comment", "motive", "need", "arrangement", "reason", "reasoned_advice", "proof"}
	want := 0
	eachMessage(t, func(_ *testing.T, m protoreflect.MessageDescriptor) {
		for i := range m.Fields().Len() {
			if f := m.Fields().Get(i); f.Kind() == protoreflect.StringKind && slices.Contains(names, string(f.Name())) {
				want++
			}
		}
	})
	field := regexp.MustCompile(`(?m)((?:^ *//.*\n)*)^ *(?:repeated )?string (` + strings.Join(names, "|") + `) = `)
	found := 0
	for _, file := range files() {
		source, err := os.ReadFile(file.Path())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range field.FindAllStringSubmatch(string(source), -1) {
			found++
			if !strings.Contains(m[1], "Not for health data.") {
				t.Errorf("%s: %s does not say that it is not for health data", file.Path(), m[2])
			}
		}
	}
	if found != want || found < 15 {
		t.Errorf("found %d such fields in the source, %d in the descriptors", found, want)
	}
}
