package services

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
)

// Who sees what. Each secret is in one text of one story, and each answer is
// compared with the secrets that its reader may see.

var secrets = []string{
	"léa pense", "noa pense", "le jury tranche", // in a grid
	"EXTRA_TIME", "un besoin", "un tiers temps", "pas fondé", // of accommodations
	"un avis", "capacité intacte", "jamais en pratique", // of an exemption
}

// tells lists the secrets that an answer reveals.
func tells(answer proto.Message) (told []string) {
	text := prototext.MarshalOptions{EmitASCII: false}.Format(answer)
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			told = append(told, secret)
		}
	}
	return told
}

// secretive is a candidacy with every secret in it.
func secretive(t testing.TB) (s *stage, k string) {
	s = newStage(t)
	s.session("juin")
	k = s.enrolled("juin", "camille", "B3")
	s.judged(s.lea, k, met, "B3")
	say := func(who person, criterion string, verdict acquispb.Verdict_Enum, comment string) {
		ask(who, s.RecordAssessments, &acquispb.RecordAssessmentsRequest{Candidacy: k, Assessments: []*acquispb.Assessment{
			{Criterion: criterion, Verdict: verdict, Comment: comment},
		}})
	}
	say(s.lea, "C3.1.1", met, "léa pense")
	say(s.noa, "C3.1.1", notMet, "noa pense")
	ask(s.chair, s.SettleCriteria, settle(k, "C3.1.1", met, "le jury tranche"))
	for _, decision := range []*acquispb.DecideAccommodationRequest{
		{Granted: new(true), Arrangement: "un tiers temps"}, {Granted: new(false), Reason: "pas fondé"},
	} {
		asked := ask(s.registrar, s.RequestAccommodation, &acquispb.RequestAccommodationRequest{
			Candidacy: k, Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Need: "un besoin", Competences: []string{"C3.1"},
		})
		decision.Candidacy, decision.Accommodation = k, asked.GetName()
		ask(s.advisor, s.DecideAccommodation, decision)
	}
	ask(s.advisor, s.AdviseExemption, advise(k, "C3.1.2", true))
	ask(s.chair, s.DecideExemption, exempt(k, "C3.1.2"))
	return s, k
}

// TestWhoSeesWhatOfAFile: each role sees what concerns it of a candidacy's grid,
// accommodations and exemptions, and every secret is seen by somebody.
func TestWhoSeesWhatOfAFile(t *testing.T) {
	s, k := secretive(t)
	grid := func(who person) proto.Message { return s.grid(who, k) }
	accommodations := func(who person) proto.Message {
		return ask(who, s.ListAccommodations, &acquispb.ListAccommodationsRequest{Parent: k})
	}
	exemptions := func(who person) proto.Message {
		return ask(who, s.ListExemptions, &acquispb.ListExemptionsRequest{Parent: k})
	}
	export := func(who person) proto.Message { return s.export(who, "camille") }
	officer := s.as("officer", acquispb.Role_REGISTRAR, acquispb.Role_DISABILITY_ADVISOR)
	judge := s.as("chair", acquispb.Role_ASSESSOR, acquispb.Role_JURY)
	all := secrets
	for _, c := range []struct {
		what string
		read func(person) proto.Message
		who  person
		sees []string
	}{
		{"grid", grid, s.lea, []string{"léa pense"}},
		{"grid", grid, s.noa, []string{"noa pense"}},
		{"grid", grid, s.advisor, nil},
		{"grid", grid, s.member, all[:3]},
		{"grid", grid, judge, all[:3]},
		{"grid", grid, s.registrar, all[:3]},
		{"accommodations", accommodations, s.advisor, all[3:7]},
		{"accommodations", accommodations, s.member, all[3:7]},
		{"accommodations", accommodations, s.registrar, []string{"EXTRA_TIME"}},
		{"accommodations", accommodations, s.lea, []string{"un tiers temps"}},
		{"exemptions", exemptions, s.advisor, all[7:]},
		{"exemptions", exemptions, s.member, all[7:]},
		{"export", export, s.registrar, append(slices.Clone(all[:3]), "EXTRA_TIME")},
		{"export", export, officer, all},
	} {
		if got := tells(c.read(c.who)); !slices.Equal(got, c.sees) {
			t.Errorf("of %s %v sees %q, may see %q", c.what, c.who.caller, got, c.sees)
		}
	}
	for what, told := range map[string]string{
		"a reader's grid":                  try(s.reader, s.GetGrid, &acquispb.GetGridRequest{Name: k + "/grid"}),
		"an assessor's look at exemptions": try(s.lea, s.ListExemptions, &acquispb.ListExemptionsRequest{Parent: k}),
	} {
		if told != "ROLE_MISSING" {
			t.Errorf("%s: %q", what, told)
		}
	}
}

// TestWhoSeesWhatOfAnAccommodation: field by field.
func TestWhoSeesWhatOfAnAccommodation(t *testing.T) {
	s, k := secretive(t)
	open := ask(s.advisor, s.RequestAccommodation, &acquispb.RequestAccommodationRequest{Candidacy: k, Kind: acquispb.Accommodation_Kind_ADAPTED_FORMAT, Need: "n"})
	list := func(who person) []*acquispb.Accommodation {
		return ask(who, s.ListAccommodations, &acquispb.ListAccommodationsRequest{Parent: k}).GetAccommodations()
	}
	full := list(s.advisor)
	if len(full) != 3 || !proto.Equal(full[2], open) {
		t.Fatalf("the advisor sees %v", full)
	}
	granted, refused := full[0], full[1]
	if granted.GetState() != acquispb.Accommodation_State_GRANTED || granted.GetAdvisor() != "advisor" || granted.GetDecideTime() == nil || granted.GetReason() != "" ||
		refused.GetState() != acquispb.Accommodation_State_REFUSED || refused.GetArrangement() != "" || refused.GetReason() != "pas fondé" {
		t.Errorf("what was decided is %v and %v", granted, refused)
	}
	check := func(who person, want ...*acquispb.Accommodation) {
		t.Helper()
		got := list(who)
		if !slices.EqualFunc(got, want, func(a, b *acquispb.Accommodation) bool { return proto.Equal(a, b) }) {
			t.Errorf("%s sees %v, not %v", who.caller.Subject, got, want)
		}
	}
	check(s.chair, full...)
	check(s.registrar,
		&acquispb.Accommodation{Name: granted.GetName(), Kind: granted.GetKind(), State: granted.GetState()},
		&acquispb.Accommodation{Name: refused.GetName(), Kind: refused.GetKind(), State: refused.GetState()},
		&acquispb.Accommodation{Name: open.GetName(), Kind: open.GetKind(), State: open.GetState()})
	check(s.lea, &acquispb.Accommodation{
		Name: granted.GetName(), State: granted.GetState(), Arrangement: "un tiers temps", Competences: []string{"C3.1"},
	})
	both := s.as("lea", acquispb.Role_ASSESSOR, acquispb.Role_REGISTRAR)
	if got := list(both)[0]; got.GetArrangement() != "un tiers temps" || got.GetKind() != granted.GetKind() || got.GetNeed() != "" {
		t.Errorf("who is registrar and assessor sees %v", got)
	}
}

// TestWhoSeesWhyItWasDecided: the registrar and the jury of its session see the
// reasons of a decision. Everybody else who may read it sees the decision.
func TestWhoSeesWhyItWasDecided(t *testing.T) {
	s, k := secretive(t)
	s.session("autre", func(given *acquispb.Session) { given.Jury[0].Subject = "stranger" })
	made := s.deliberated(k).GetDecisions()[0]
	rest := proto.CloneOf(made)
	rest.Reasons = nil
	stranger := s.as("stranger", acquispb.Role_JURY)
	for _, c := range []struct {
		who  person
		sees bool
	}{
		{s.chair, true}, {s.registrar, true}, {s.registrar.of("LYON"), true}, {s.reader, false}, {stranger, false},
	} {
		decision := ask(c.who, s.GetDecision, &acquispb.GetDecisionRequest{Name: made.GetName()})
		listed := ask(c.who, s.ListDecisions, &acquispb.ListDecisionsRequest{Parent: "candidates/camille"}).GetDecisions()[0]
		for _, shown := range []*acquispb.Decision{decision, listed} {
			if (len(shown.GetReasons()) > 0) != c.sees {
				t.Errorf("%s sees %v", c.who.caller.Subject, shown)
			}
			shown.Reasons = nil
			if !proto.Equal(shown, rest) {
				t.Errorf("%s sees another decision: %v", c.who.caller.Subject, shown)
			}
		}
	}
	minutes := ask(s.reader, s.GetDeliberationRecord, &acquispb.GetDeliberationRecordRequest{Name: "sessions/juin/deliberationRecord"})
	if text := prototext.Format(minutes); strings.Contains(text, "EXEMPT") || strings.Contains(text, "C3.1.2") {
		t.Errorf("a reader learns of an exemption from the minutes: %s", text)
	}
}

// TestWhoSeesActsOnAFile: the journal shows that there is a file, but not who
// wrote what in it, nor who read its accommodations and exemptions.
func TestWhoSeesActsOnAFile(t *testing.T) {
	s, k := secretive(t)
	s.grid(s.lea, k)
	ask(s.member, s.ListExemptions, &acquispb.ListExemptionsRequest{Parent: k})
	ask(s.noa, s.ListAccommodations, &acquispb.ListAccommodationsRequest{Parent: k})
	s.services.Flush()
	acts := 0
	for _, event := range ask(s.auditor, s.ListEvents, &acquispb.ListEventsRequest{}).GetEvents() {
		if event.GetKind() != acquispb.Event_Kind_CANDIDACY_FILE {
			if event.GetKind() == acquispb.Event_Kind_ASSESSMENT && (event.GetActor() == "" || event.GetRpc() == "") {
				t.Errorf("an act that is no secret is %v", event)
			}
			continue
		}
		acts++
		if event.GetActor() != "" || event.GetRpc() != "" || event.GetResource() != k {
			t.Errorf("an act in a file is %v", event)
		}
	}
	if acts != 6 {
		t.Errorf("%d acts in files", acts)
	}
	read := make(map[string]int)
	for _, access := range ask(s.auditor, s.ListAccesses, &acquispb.ListAccessesRequest{}).GetAccesses() {
		read[access.GetSubject()+" "+access.GetRpc()]++
	}
	if read["lea acquis.v1.SessionService/GetGrid"] != 1 || read[" "] != 2 || len(read) != 2 {
		t.Errorf("reads are shown as %v", read)
	}
}

// What is cut for each role, without a story.

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

// TestWhoSeesAnExemption: a caller who reaches the file of a candidacy by a role
// that the RPC admits sees its exemptions only in a role that the table names.
func TestWhoSeesAnExemption(t *testing.T) {
	s := assessedService(t)
	advisor := as(t.Context(), "advisor", acquispb.Role_DISABILITY_ADVISOR)
	_, err := s.AdviseExemption(advisor, &acquispb.AdviseExemptionRequest{Candidacy: theCandidacy, Criterion: "C1.1.1", Favourable: new(true), ReasonedAdvice: "a"})
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
