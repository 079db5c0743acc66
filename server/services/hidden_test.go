package services

import (
	"slices"
	"testing"
	"time"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// Tests of what must not be inferred from side effects of an answer.

// TestNextPagesTellNothing: records that do not exist for the caller give no next
// page, and a full page ends the list if nothing follows that the caller sees.
func TestNextPagesTellNothing(t *testing.T) {
	s := newStage(t)
	s.session("juin", func(given *acquispb.Session) { given.Assessors = assessing("lea") })
	s.session("paris", func(given *acquispb.Session) {
		given.Assessors, given.Centre = assessing("noa"), &acquispb.Session_Centre{Code: "PARIS", DisplayName: "Paris"}
	})
	s.enrolled("juin", "camille", "B3")
	mine := &acquispb.ListCandidaciesRequest{Parent: "sessions/-", PageSize: 1, Filter: `candidate = "candidates/camille"`}
	before := ask(s.lea, s.ListCandidacies, mine)
	s.enrol("paris", "camille", "B2")
	after := ask(s.lea, s.ListCandidacies, mine)
	if before.GetNextPageToken() != "" || after.GetNextPageToken() != "" || len(after.GetCandidacies()) != 1 {
		t.Errorf("before %v, after %v", before, after)
	}
	if all := ask(s.registrar, s.ListCandidacies, mine); all.GetNextPageToken() == "" {
		t.Error("the registrar does not learn of the second")
	}
}

// TestOwnActsAreCounted: the etag of an assessor's grid does not reveal how much
// others did between two of their own verdicts.
func TestOwnActsAreCounted(t *testing.T) {
	mine := func(others int) (etags []string) {
		s := newStage(t)
		s.session("juin")
		k := s.enrolled("juin", "camille", "B3")
		for range 2 {
			s.judged(s.lea, k, met, "B3")
			for range others {
				s.judged(s.noa, k, notMet, "B3")
			}
			etags = append(etags, s.grid(s.lea, k).GetEtag())
		}
		return etags
	}
	alone, among := mine(0), mine(3)
	if !slices.Equal(alone, among) || alone[0] == alone[1] {
		t.Errorf("alone %v, among others %v", alone, among)
	}
}

// TestRepeatedActsAreReads: a repeated request reads the present state, and is
// journaled as a read; acts on a file are shown without their reader.
func TestRepeatedActsAreReads(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	create := &acquispb.CreateCandidateRequest{CandidateId: "ana", Candidate: someone("ana"), RequestId: "0b3d5f5e-8d0a-4a4e-9d0a-000000000001"}
	ask(s.registrar, s.CreateCandidate, create)
	need := &acquispb.RequestAccommodationRequest{Candidacy: k, Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Need: "n", RequestId: "0b3d5f5e-8d0a-4a4e-9d0a-000000000002"}
	ask(s.registrar, s.RequestAccommodation, need)
	s.services.Flush()
	if reads := s.journaled(); len(reads) != 0 {
		t.Errorf("before: %v", reads)
	}
	ask(s.registrar, s.CreateCandidate, create)
	ask(s.registrar, s.RequestAccommodation, need)
	s.services.Flush()
	want := []string{"registrar CreateCandidate ana 09:00", "registrar RequestAccommodation camille 09:00"}
	if reads := s.journaled(); !slices.Equal(reads, want) {
		t.Errorf("%q, want %q", reads, want)
	}
	listed := ask(s.auditor, s.ListAccesses, &acquispb.ListAccessesRequest{}).GetAccesses()
	if len(listed) != 2 || listed[0].GetSubject() != "registrar" || listed[1].GetSubject() != "" || listed[1].GetRpc() != "" {
		t.Errorf("listed: %v", listed)
	}
}

// TestAccommodationsAreErasedWhole: the request of an accommodation is kept as
// long as the last decision on it.
func TestAccommodationsAreErasedWhole(t *testing.T) {
	s := newStage(t, keeping(t, "", "", "7d"))
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	asked := ask(s.registrar, s.RequestAccommodation, &acquispb.RequestAccommodationRequest{Candidacy: k, Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Need: "n"})
	s.clock.advance(8 * 24 * time.Hour)
	decide := &acquispb.DecideAccommodationRequest{Candidacy: k, Accommodation: asked.GetName(), Granted: new(true), Arrangement: "a", RequestId: "0b3d5f5e-8d0a-4a4e-9d0a-000000000001"}
	ask(s.advisor, s.DecideAccommodation, decide)
	ask(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: k})
	ask(s.registrar, s.CloseSession, &acquispb.CloseSessionRequest{Name: "sessions/juin"})
	purge := func() []*acquispb.Forgetting {
		return ask(s.registrar, s.PurgeCandidates, &acquispb.PurgeCandidatesRequest{}).GetForgettings()
	}
	if erased := purge(); len(erased) != 0 {
		t.Errorf("too early: %v", erased)
	}
	s.clock.advance(8 * 24 * time.Hour)
	if erased := purge(); len(erased) != 1 || erased[0].GetAccommodationCount() != 2 {
		t.Errorf("erased: %v", erased)
	}
}
