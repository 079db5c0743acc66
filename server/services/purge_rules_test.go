package services

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
)

// TestPurgeAsksTheRules: the rules get everything that is stored with its kind,
// its day and whether its session is open; what they return is erased, and only
// once.
func TestPurgeAsksTheRules(t *testing.T) {
	s := assessedService(t)
	candidates := &candidateService{core: s.core}
	registrar, advisor := as(t.Context(), "registrar", acquispb.Role_REGISTRAR), as(t.Context(), "advisor", acquispb.Role_DISABILITY_ADVISOR)
	made, err := s.RequestAccommodation(advisor, &acquispb.RequestAccommodationRequest{Candidacy: theCandidacy, Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Need: "n"})
	must(t, err)
	_, err = s.DecideAccommodation(advisor, &acquispb.DecideAccommodationRequest{Candidacy: theCandidacy, Accommodation: made.GetName(), Granted: true, Arrangement: "a"})
	must(t, err)
	purge := func(want *acquispb.PurgeCandidatesResponse) {
		t.Helper()
		got, err := candidates.PurgeCandidates(registrar, &acquispb.PurgeCandidatesRequest{ValidateOnly: true})
		must(t, err)
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Error(diff)
		}
		_, err = candidates.PurgeCandidates(registrar, &acquispb.PurgeCandidatesRequest{})
		must(t, err)
	}
	due := func(whole bool, personal, accommodations int32) *acquispb.PurgeCandidatesResponse {
		return &acquispb.PurgeCandidatesResponse{Forgettings: []*acquispb.Forgetting{
			{Candidate: "candidates/c", Whole: whole, PersonalCount: personal, AccommodationCount: accommodations},
		}}
	}
	kept := func(why string) *acquispb.PurgeCandidatesResponse {
		return &acquispb.PurgeCandidatesResponse{Kept: []*acquispb.PurgeCandidatesResponse_Kept{{Candidate: "candidates/c", Because: why}}}
	}
	period := func(text string) (p rules.Period) { must(t, p.UnmarshalText([]byte(text))); return p }
	now := s.now()
	s.now = func() time.Time { return now }

	s.retention = rules.Retention{FreeText: period("1y"), Accommodations: period("2y")}
	now = now.AddDate(3, 0, 0)
	purge(new(acquispb.PurgeCandidatesResponse)) // the session is open
	s.retention.Identity = period("1y")
	purge(kept("CANDIDATE_IN_OPEN_SESSION"))
	s.retention.Identity = rules.Period{}
	_, err = s.WithdrawCandidacy(registrar, &acquispb.WithdrawCandidacyRequest{Name: theCandidacy})
	must(t, err)
	_, err = s.CloseSession(registrar, &acquispb.CloseSessionRequest{Name: "sessions/s"})
	must(t, err)
	hold, err := candidates.PlaceHold(registrar, &acquispb.PlaceHoldRequest{Candidate: "candidates/c", Reason: "r"})
	must(t, err)
	purge(kept("CANDIDATE_HELD"))
	now = now.AddDate(2, 0, 0)
	_, err = candidates.ReleaseHold(registrar, &acquispb.ReleaseHoldRequest{Name: hold.GetName()})
	must(t, err)
	s.retention.FreeText = rules.Period{}
	purge(due(false, 2, 2)) // the need and the arrangement; the request and its decision
	s.retention.FreeText = period("1y")
	purge(due(false, 6, 0)) // not the hold's reason, whose period has just begun
	purge(new(acquispb.PurgeCandidatesResponse))
	s.retention.Identity = period("1y")
	now = now.AddDate(1, 0, 0)
	purge(due(true, 2, 0)) // the identity, and the hold's reason
	purge(new(acquispb.PurgeCandidatesResponse))
}
