package services

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
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
		{Granted: true, Arrangement: "un tiers temps"}, {Reason: "pas fondé"},
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
			if (len(shown.GetReasons()) > 0) != c.sees || shown.GetOutcome() != acquispb.Decision_Outcome_CAPITALISED {
				t.Errorf("%s sees %v", c.who.caller.Subject, shown)
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
