package services

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
)

// set lists the fields that are set in a message, in their order; "nothing" if
// there is no message.
func set(m proto.Message) string {
	if !m.ProtoReflect().IsValid() {
		return "nothing"
	}
	var names []string
	fields := m.ProtoReflect().Descriptor().Fields()
	m.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		names = append(names, string(field.Name()))
		return true
	})
	slices.SortFunc(names, func(a, b string) int {
		return fields.ByName(protoreflect.Name(a)).Index() - fields.ByName(protoreflect.Name(b)).Index()
	})
	return strings.Join(names, " ")
}

func rolesOf(t *testing.T, names string) *call.Caller {
	t.Helper()
	c := &call.Caller{Subject: "someone"}
	for name := range strings.FieldsSeq(names) {
		role := acquispb.Role_Enum(acquispb.Role_Enum_value[name])
		if role == 0 {
			t.Fatalf("%s is not a role", name)
		}
		c.Roles = append(c.Roles, role)
	}
	return c
}

// TestWhoSeesAnAccommodation: the advisor and the jury everything, the registrar
// kind and state, an assessor the arrangement once it is granted, anybody else
// nothing.
func TestWhoSeesAnAccommodation(t *testing.T) {
	const all = "name kind competences need state arrangement reason advisor create_time decide_time"
	now := timestamppb.Now()
	for roles, want := range map[string][2]string{ // granted, and not
		"DISABILITY_ADVISOR": {all, all}, "JURY": {all, all},
		"REGISTRAR":          {"name kind state", "name kind state"},
		"ASSESSOR":           {"name competences state arrangement", "nothing"},
		"REGISTRAR ASSESSOR": {"name kind competences state arrangement", "name kind state"},
		"READER":             {"nothing", "nothing"}, "AUDITOR": {"nothing", "nothing"}, "ADMIN": {"nothing", "nothing"}, "": {"nothing", "nothing"},
	} {
		for i, state := range []acquispb.Accommodation_State_Enum{acquispb.Accommodation_State_GRANTED, acquispb.Accommodation_State_REQUESTED} {
			whole := &acquispb.Accommodation{
				Name: "n", Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Competences: []string{"C1.1"}, Need: "need", State: state,
				Arrangement: "arrangement", Reason: "reason", Advisor: "advisor", CreateTime: now, DecideTime: now,
			}
			before := proto.CloneOf(whole)
			if got := set(cutAccommodation(whole, viewOf(rolesOf(t, roles)))); got != want[i] {
				t.Errorf("%q sees of one that is %s: %s; want %s", roles, state, got, want[i])
			}
			if !proto.Equal(before, whole) {
				t.Error("what was cut changed")
			}
		}
	}
}

// TestWhoSeesWhoActed: readers of the journal or of an export see the actor,
// except for acts on accommodations and exemptions, and reads of them, where
// nobody does.
func TestWhoSeesWhoActed(t *testing.T) {
	known, err := contract.Read()
	must(t, err)
	c := &core{contract: known}
	for _, role := range []string{"AUDITOR", "REGISTRAR", "JURY", "DISABILITY_ADVISOR"} {
		view := viewOf(rolesOf(t, role))
		journal := role == "AUDITOR" || role == "REGISTRAR"
		for rpc, ofFile := range map[string]bool{
			acquispb.SessionService_GetGrid_FullMethodName:            false,
			acquispb.SessionService_ListAccommodations_FullMethodName: true,
			acquispb.SessionService_ListExemptions_FullMethodName:     true,
			acquispb.SessionService_DecideExemption_FullMethodName:    true, // whose answer was read again
			acquispb.SessionService_SettleCriteria_FullMethodName:     false,
		} {
			shown := c.cutAccess(&storepb.Access{Uid: 1, Subject: "s", Rpc: strings.TrimPrefix(rpc, "/")}, view)
			if sees := shown.GetSubject() != "" || shown.GetRpc() != ""; sees != (journal && !ofFile) {
				t.Errorf("%s sees who called %s: %t", role, rpc, sees)
			}
		}
		for kind, ofFile := range map[storepb.EventBody_Kind_Enum]bool{storepb.EventBody_Kind_ASSESSMENT: false, storepb.EventBody_Kind_CANDIDACY_FILE: true} {
			shown, err := eventFrom(eventOf(t, kind), view)
			must(t, err)
			if sees := shown.GetActor() != "" || shown.GetRpc() != ""; sees != (journal && !ofFile) {
				t.Errorf("%s sees who is behind an event of kind %s: %t", role, kind, sees)
			}
		}
	}
}

// eventOf is an event with an actor.
func eventOf(t *testing.T, kind storepb.EventBody_Kind_Enum) *storepb.Event {
	t.Helper()
	body, err := proto.Marshal(&storepb.EventBody{Actor: "actor", Rpc: "rpc", Resource: "sessions/s"})
	must(t, err)
	stub, err := proto.Marshal(&storepb.EventStub{Kind: kind})
	must(t, err)
	return &storepb.Event{Sequence: 1, Body: body, BodySalt: []byte("salt"), Stub: stub, StubSalt: []byte("salt")}
}

// TestWhoSeesReasons: the registrar and the jury that sat; not a reader, nor the
// jury of another session, who see everything else.
func TestWhoSeesReasons(t *testing.T) {
	s := assessedService(t)
	jury := as(t.Context(), "chair", acquispb.Role_JURY)
	grid, err := s.GetGrid(jury, &acquispb.GetGridRequest{Name: theCandidacy + "/grid"})
	must(t, err)
	decides := &capitalisationService{core: s.core}
	made, err := decides.Deliberate(jury, &acquispb.DeliberateRequest{
		Candidacy: theCandidacy, GridEtag: grid.GetEtag(), MembersPresent: []string{"chair", "member"},
	})
	must(t, err)
	name := made.GetDecisions()[0].GetName()
	for who, sees := range map[string]bool{"registrar REGISTRAR": true, "member JURY": true, "elsewhere JURY": false, "reader READER": false} {
		subject, role, _ := strings.Cut(who, " ")
		shown, err := decides.GetDecision(as(t.Context(), subject, acquispb.Role_Enum(acquispb.Role_Enum_value[role])), &acquispb.GetDecisionRequest{Name: name})
		must(t, err)
		if got := len(shown.GetReasons()) > 0; got != sees {
			t.Errorf("%s sees the reasons of a decision: %t", who, got)
		}
		shown.Reasons = nil
		whole := proto.CloneOf(made.GetDecisions()[0])
		whole.Reasons = nil
		if !proto.Equal(shown, whole) {
			t.Errorf("%s sees another decision: %v", who, shown)
		}
	}
}

// TestWhoSeesAnExemption: a caller who reaches the file of a candidacy by a role
// that the RPC admits sees its exemptions only in a role that the table names.
func TestWhoSeesAnExemption(t *testing.T) {
	s := assessedService(t)
	advisor := as(t.Context(), "advisor", acquispb.Role_DISABILITY_ADVISOR)
	_, err := s.AdviseExemption(advisor, &acquispb.AdviseExemptionRequest{Candidacy: theCandidacy, Criterion: "C1.1.1", Favourable: true, ReasonedAdvice: "a"})
	must(t, err)
	for who, sees := range map[string]bool{"advisor DISABILITY_ADVISOR": true, "chair JURY": true, "registrar REGISTRAR": false, "assessor ASSESSOR": false} {
		subject, role, _ := strings.Cut(who, " ")
		page, err := s.ListExemptions(as(t.Context(), subject, acquispb.Role_Enum(acquispb.Role_Enum_value[role])), &acquispb.ListExemptionsRequest{Parent: theCandidacy})
		must(t, err)
		if got := len(page.GetExemptions()) > 0; got != sees {
			t.Errorf("%s sees that there is an advice: %t", who, got)
		}
	}
}
