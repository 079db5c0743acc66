package contract

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// everyFile lists the files with services.
func everyFile() []protoreflect.FileDescriptor {
	return []protoreflect.FileDescriptor{
		acquispb.File_acquis_v1_admin_service_proto,
		acquispb.File_acquis_v1_attestation_service_proto,
		acquispb.File_acquis_v1_audit_service_proto,
		acquispb.File_acquis_v1_candidate_proto,
		acquispb.File_acquis_v1_capitalisation_service_proto,
		acquispb.File_acquis_v1_referentiel_service_proto,
		acquispb.File_acquis_v1_session_service_proto,
	}
}

func everyRequest(t testing.TB) Requests {
	t.Helper()
	requests, err := ReadRequests(everyFile()...)
	if err != nil {
		t.Fatal(err)
	}
	return requests
}

// TestEveryFieldHasALimit: every list, string and bytes field of every request
// has a limit, otherwise the shapes cannot be read. A message of the contract
// that is not a request and has fields without limits is refused, so that this
// test can fail.
func TestEveryFieldHasALimit(t *testing.T) {
	if n := len(everyRequest(t)); n < 60 {
		t.Errorf("%d requests were read", n)
	}
	for _, c := range []struct {
		descriptor protoreflect.MessageDescriptor
		want       string
	}{
		{new(acquispb.ListCandidatesResponse).ProtoReflect().Descriptor(), "a list needs max_items"},
		{new(acquispb.VerifyAttestationResponse).ProtoReflect().Descriptor(), "a string needs a limit"},
		{new(wrapperspb.BytesValue).ProtoReflect().Descriptor(), "bytes need a limit"},
	} {
		if _, err := NewShape(c.descriptor); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.descriptor.FullName(), err, c.want)
		}
	}
}

func TestLongestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern string
		want    int // -1: none
	}{
		{"^(RNCP[0-9]{1,6})?$", 10},
		{"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", 63},
		{"^a(-|[b-d]{3})e$", 5},
		{"^a.é$", 3},
		{"^$", 0},
		{"^a+$", -1},
		{"^a*$", -1},
		{"^a{3,}$", -1},
		{"a{3}", -1},
		{"^a{3}", -1},
		{"^a$|^b{2}$", -1}, // not one pattern with both anchors
		{"(", -1},
	} {
		got, err := longestMatch(c.pattern)
		if (err != nil) != (c.want < 0) || err == nil && got != c.want {
			t.Errorf("%s: %d, %v; want %d", c.pattern, got, err, c.want)
		}
	}
}

// TestSizes compares the size of requests with their purpose: requests that
// anybody may send are small, and only a référentiel may be as large as the
// service permits.
func TestSizes(t *testing.T) {
	requests := everyRequest(t)
	for _, c := range []struct {
		message     protoreflect.FullName
		least, most int // both encodings are in between
	}{
		{"acquis.v1.GetCheckpointRequest", 50, 1 << 10},
		{"acquis.v1.VerifyAttestationRequest", 68 << 10, 68 << 10},
		{"acquis.v1.GetGridRequest", 200, 4 << 10},
		{"acquis.v1.DeclareTieRequest", 500, 8 << 10},
		{"acquis.v1.RecordAssessmentsRequest", 4 << 20, 4 << 20},
		{"acquis.v1.SettleCriteriaRequest", 4 << 20, 4 << 20},
		{"acquis.v1.PublishReferentielRequest", MaxBytes, MaxBytes},
	} {
		r := requests[c.message]
		if min(r.MaxWire, r.MaxJSON) < c.least || max(r.MaxWire, r.MaxJSON) > c.most {
			t.Errorf("%s: %d and %d bytes, want %d to %d", c.message, r.MaxWire, r.MaxJSON, c.least, c.most)
		}
	}
	for name, r := range requests {
		if max(r.MaxWire, r.MaxJSON) == MaxBytes && name != "acquis.v1.PublishReferentielRequest" {
			t.Errorf("%s permits %d bytes: give its RPC max_request_bytes", name, MaxBytes)
		}
	}
}

func TestField(t *testing.T) {
	request := everyRequest(t)["acquis.v1.CreateCandidateRequest"]
	candidate, err := request.Field("candidate")
	if err != nil {
		t.Fatal(err)
	}
	if fault := candidate.CheckJSON([]byte(`{"birthName":"Martin"}`), nil); fault != nil {
		t.Error(fault)
	}
	if fault := candidate.CheckJSON([]byte(`{"candidate":{}}`), nil); fault == nil {
		t.Error("the candidate has no candidate")
	}
	for _, name := range []string{"nothing", "requestId"} {
		if _, err := request.Field(name); err == nil {
			t.Errorf("%s has a shape", name)
		}
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"abc", "abc"}, {"abcd", "abc…"}, {"abé", "ab…"}, {"a\xff", "a\uFFFD"}, {"a\xffbcd", "a\uFFFDb…"}, {"", ""},
	} {
		if got := apierr.Clip(c.text, 3); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}
