package contract

import (
	"slices"
	"strings"
	"testing"

	validatepb "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestRulesOfMessagesNameAField: the id of a rule of a whole message begins with the field
// that callers are told.
func TestRulesOfMessagesNameAField(t *testing.T) {
	rules := 0
	for _, m := range inRequests() {
		of, _ := proto.GetExtension(m.Options(), validatepb.E_Message).(*validatepb.MessageRules)
		for _, rule := range of.GetCel() {
			rules++
			if name, _, _ := strings.Cut(rule.GetId(), "."); m.Fields().ByName(protoreflect.Name(name)) == nil {
				t.Errorf("%s: the id %q does not begin with a field", m.FullName(), rule.GetId())
			}
		}
	}
	if rules < 10 {
		t.Errorf("only %d rules", rules)
	}
}

// TestFieldsOfRulesOfMessages: what is told of requests that break such rules alone.
func TestFieldsOfRulesOfMessages(t *testing.T) {
	v, err := NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	const k = "sessions/s/candidacies/k"
	condition := &acquispb.Condition{Holds: new(true), Reason: "r"}
	key := func(k *acquispb.Key) proto.Message {
		k.Subject = "lms"
		return &acquispb.CreateKeyRequest{Key: k}
	}
	for want, request := range map[string][]proto.Message{
		"key.delegate":    {key(&acquispb.Key{Delegate: true, Roles: []acquispb.Role_Enum{acquispb.Role_READER}})},
		"key.centre":      {key(&acquispb.Key{Centre: "LYON", Roles: []acquispb.Role_Enum{acquispb.Role_ADMIN}})},
		"code":            {&acquispb.VerifyAttestationRequest{}, &acquispb.VerifyAttestationRequest{Code: "3333-3333-3333-3333", Credential: "x"}},
		"candidacy.blocs": {&acquispb.CreateCandidacyRequest{Parent: "sessions/s", Candidacy: &acquispb.Candidacy{Candidate: "candidates/c", Scope: acquispb.Candidacy_Scope_BLOCS}}},
		"arrangement,reason": {
			&acquispb.DecideAccommodationRequest{Candidacy: k, Accommodation: k + "/accommodations/1", Granted: new(true), Reason: "r"},
			&acquispb.DecideAccommodationRequest{Candidacy: k, Accommodation: k + "/accommodations/1", Granted: new(false), Arrangement: "a"},
		},
		"capacityPreserved":                         {&acquispb.DecideExemptionRequest{Candidacy: k, Criterion: "C1", Granted: new(false), Reason: "r", CapacityPreserved: condition}},
		"notApplicableInPractice":                   {&acquispb.DecideExemptionRequest{Candidacy: k, Criterion: "C1", Granted: new(true), CapacityPreserved: condition}},
		"capacityPreserved,notApplicableInPractice": {&acquispb.DecideExemptionRequest{Candidacy: k, Criterion: "C1", Granted: new(true)}},
		"reason": {&acquispb.DecideExemptionRequest{
			Candidacy: k, Criterion: "C1", Granted: new(true), Reason: "r", CapacityPreserved: condition, NotApplicableInPractice: condition,
		}},
	} {
		for _, request := range request {
			if got := violationsOf(v.Request(t.Context(), request)); !slices.Equal(got, strings.Split(want, ",")) {
				t.Errorf("%v: %q, want %s", request, got, want)
			}
		}
	}
}
