package services

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
)

// TestAccommodation: an accommodation is requested, then granted or refused; the
// last decision counts.
func TestAccommodation(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	asked := ask(s.advisor, s.RequestAccommodation, &acquispb.RequestAccommodationRequest{
		Candidacy: k, Kind: acquispb.Accommodation_Kind_THIRD_PERSON, Competences: []string{"C3.1", "C3.3"}, Need: "un interprète",
	})
	want := &acquispb.Accommodation{
		Name: asked.GetName(), Kind: acquispb.Accommodation_Kind_THIRD_PERSON, Competences: []string{"C3.1", "C3.3"}, Need: "un interprète",
		State: acquispb.Accommodation_State_REQUESTED, CreateTime: asked.GetCreateTime(),
	}
	if diff := cmp.Diff(want, asked, protocmp.Transform()); diff != "" || asked.GetCreateTime() == nil {
		t.Errorf("what was asked for:\n%s", diff)
	}
	decide := func(granted bool, arrangement, reason string) *acquispb.Accommodation {
		return ask(s.advisor, s.DecideAccommodation, &acquispb.DecideAccommodationRequest{
			Candidacy: k, Accommodation: asked.GetName(), Granted: &granted, Arrangement: arrangement, Reason: reason,
		})
	}
	decided := decide(false, "", "pas de moyens")
	want.State, want.Reason, want.Advisor, want.DecideTime = acquispb.Accommodation_State_REFUSED, "pas de moyens", "advisor", decided.GetDecideTime()
	if diff := cmp.Diff(want, decided, protocmp.Transform()); diff != "" || !decided.GetDecideTime().AsTime().After(asked.GetCreateTime().AsTime()) {
		t.Errorf("what was refused:\n%s", diff)
	}
	decided = decide(true, "un interprète sur place", "")
	want.State, want.Reason, want.Arrangement, want.DecideTime = acquispb.Accommodation_State_GRANTED, "", "un interprète sur place", decided.GetDecideTime()
	if diff := cmp.Diff(want, decided, protocmp.Transform()); diff != "" {
		t.Errorf("what was granted after all:\n%s", diff)
	}
	if seen := ask(s.registrar, s.RequestAccommodation, &acquispb.RequestAccommodationRequest{
		Candidacy: k, Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Need: "du temps",
	}); seen.GetNeed() != "" || seen.GetKind() != acquispb.Accommodation_Kind_EXTRA_TIME || seen.GetState() != acquispb.Accommodation_State_REQUESTED {
		t.Errorf("the registrar who asks is shown %v", seen)
	}
	page := ask(s.advisor, s.ListAccommodations, &acquispb.ListAccommodationsRequest{Parent: k, PageSize: 1})
	if diff := cmp.Diff([]*acquispb.Accommodation{want}, page.GetAccommodations(), protocmp.Transform()); diff != "" || page.GetNextPageToken() == "" {
		t.Errorf("the first page:\n%s", diff)
	}
	page = ask(s.advisor, s.ListAccommodations, &acquispb.ListAccommodationsRequest{Parent: k, PageSize: 1, PageToken: onwards(page.GetNextPageToken())})
	if len(page.GetAccommodations()) != 1 || page.GetAccommodations()[0].GetNeed() != "du temps" || page.GetNextPageToken() != "" {
		t.Errorf("the second page: %v", page)
	}
}

// TestAccommodationIsRefused: unknown compétences, decided candidacies, and names
// from another file.
func TestAccommodationIsRefused(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k, other := s.enrolled("juin", "camille", "B3"), s.enrolled("juin", "sacha", "B3")
	request := func(candidacy string, competences ...string) *acquispb.RequestAccommodationRequest {
		return &acquispb.RequestAccommodationRequest{
			Candidacy: candidacy, Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Competences: competences, Need: "n",
		}
	}
	decide := func(candidacy, accommodation string) string {
		return try(s.advisor, s.DecideAccommodation, &acquispb.DecideAccommodationRequest{
			Candidacy: candidacy, Accommodation: accommodation, Granted: new(true), Arrangement: "a",
		})
	}
	asked := ask(s.registrar, s.RequestAccommodation, request(k)).GetName()
	ask(s.advisor, s.AdviseExemption, advise(k, "C3.1.1", false))
	advice := k + "/accommodations/" + strconv.FormatUint(s.last(store.KindCaseFile), 10)
	s.refuses(s.written(),
		refusal{"a compétence that does not exist", try(s.registrar, s.RequestAccommodation, request(k, "C3.1", "C9")), "INVALID_FIELD at competences[1]"},
		refusal{"in the file of nobody", try(s.registrar, s.RequestAccommodation, request("sessions/juin/candidacies/nobody")), "NOT_FOUND sessions/juin/candidacies/nobody"},
		refusal{"what is of another candidacy", decide(other, asked), "INVALID_FIELD at accommodation"},
		refusal{"one that was not requested", decide(k, k+"/accommodations/999"), "NOT_FOUND " + k + "/accommodations/999"},
		refusal{"a name that is not a number", decide(k, k+"/accommodations/first"), "INVALID_FIELD at accommodation"},
		refusal{"the name of an advice", decide(k, advice), "NOT_FOUND " + advice},
	)
	s.judged(s.lea, k, met, "B3")
	s.deliberated(k)
	s.refuses(s.written(),
		refusal{"asked for too late", try(s.registrar, s.RequestAccommodation, request(k)), "CANDIDACY_NOT_ENROLLED of candidacy juin/camille"},
		refusal{"decided too late", decide(k, asked), "CANDIDACY_NOT_ENROLLED of candidacy juin/camille"},
	)
}
