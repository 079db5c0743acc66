package services

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

func forget(candidate string) *acquispb.ForgetCandidateRequest {
	return &acquispb.ForgetCandidateRequest{Name: candidateName(candidate), Ground: acquispb.ForgetGround_OBJECTION}
}

// TestHold: a hold keeps a candidate until it is released, or through its last
// day.
func TestHold(t *testing.T) {
	s := newStage(t)
	s.candidate("camille")
	place := func(reason string, until int32) *acquispb.Hold {
		request := &acquispb.PlaceHoldRequest{Candidate: "candidates/camille", Reason: reason}
		if until > 0 {
			request.UntilDate = day(2026, 6, until)
		}
		return ask(s.registrar, s.PlaceHold, request)
	}
	first := place("recours 26-117", 0)
	want := &acquispb.Hold{Name: first.GetName(), Reason: "recours 26-117", Standing: true, Author: "registrar", PlaceTime: first.GetPlaceTime()}
	if diff := cmp.Diff(want, first, protocmp.Transform()); diff != "" || first.GetPlaceTime() == nil {
		t.Errorf("a hold without an end:\n%s", diff)
	}
	second := place("contrôle", 20)
	if !second.GetStanding() || second.GetUntilDate().GetDay() != 20 {
		t.Errorf("a hold until a day: %v", second)
	}
	release := &acquispb.ReleaseHoldRequest{Name: first.GetName()}
	released := ask(s.as("other", acquispb.Role_REGISTRAR), s.ReleaseHold, release)
	want.Standing, want.Releaser, want.ReleaseTime = false, "other", released.GetReleaseTime()
	if diff := cmp.Diff(want, released, protocmp.Transform()); diff != "" || released.GetReleaseTime() == nil {
		t.Errorf("once it is released:\n%s", diff)
	}
	before := s.written()
	if diff := cmp.Diff(released, ask(s.registrar, s.ReleaseHold, release), protocmp.Transform()); diff != "" || s.written() != before {
		t.Errorf("released twice:\n%s", diff)
	}
	list := func(size int32, token string) *acquispb.ListHoldsResponse {
		return ask(s.registrar, s.ListHolds, &acquispb.ListHoldsRequest{Parent: "candidates/camille", PageSize: size, PageToken: onwards(token)})
	}
	page := list(1, "")
	if diff := cmp.Diff([]*acquispb.Hold{released}, page.GetHolds(), protocmp.Transform()); diff != "" {
		t.Errorf("the first page:\n%s", diff)
	}
	if rest := list(1, page.GetNextPageToken()); len(rest.GetHolds()) != 1 || rest.GetHolds()[0].GetName() != second.GetName() || rest.GetNextPageToken() != "" {
		t.Errorf("the second page: %v", rest)
	}
	s.clock.advance(5 * 24 * time.Hour) // 20 June
	if got := try(s.registrar, s.ForgetCandidate, forget("camille")); got != "CANDIDATE_HELD of candidates/camille" || !list(0, "").GetHolds()[1].GetStanding() {
		t.Errorf("on the last day of a hold: %q", got)
	}
	s.clock.advance(24 * time.Hour)
	if list(0, "").GetHolds()[1].GetStanding() {
		t.Error("it is in force after its last day")
	}
	ask(s.registrar, s.ForgetCandidate, forget("camille"))
	for _, hold := range list(0, "").GetHolds() {
		if hold.GetReason() != "" || hold.GetAuthor() != "registrar" {
			t.Errorf("of a forgotten candidate: %v", hold)
		}
	}
}

// TestHoldIsRefused: on an unknown or forgotten candidate, and by names of
// another's.
func TestHoldIsRefused(t *testing.T) {
	s := newStage(t)
	s.candidate("camille")
	s.candidate("sacha")
	s.candidate("jo")
	ask(s.registrar, s.ForgetCandidate, forget("jo"))
	hold := ask(s.registrar, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: "candidates/camille", Reason: "r"})
	others := "candidates/sacha/holds/" + segment(hold.GetName(), 3)
	place := func(candidate string) string {
		return try(s.registrar, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: candidateName(candidate), Reason: "r"})
	}
	release := func(name string) string {
		return try(s.registrar, s.ReleaseHold, &acquispb.ReleaseHoldRequest{Name: name})
	}
	s.refuses(s.written(),
		refusal{"on nobody", place("nobody"), "NOT_FOUND candidates/nobody"},
		refusal{"on a forgotten candidate", place("jo"), "CANDIDATE_FORGOTTEN of candidates/jo"},
		refusal{"another's", release(others), "NOT_FOUND " + others},
		refusal{"nobody's", release("candidates/nobody/holds/1"), "NOT_FOUND candidates/nobody/holds/1"},
		refusal{"a list of an unknown candidate", try(s.registrar, s.ListHolds, &acquispb.ListHoldsRequest{Parent: "candidates/nobody"}), "NOT_FOUND candidates/nobody"},
	)
}

// TestHoldsOfOthers: a key of one centre releases the holds of its own subject only.
func TestHoldsOfOthers(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	s.enrolled("juin", "camille", "B1")
	local := s.as("local", acquispb.Role_REGISTRAR)
	local.caller.Centre = "LYON"
	place := func(by person) *acquispb.ReleaseHoldRequest {
		hold := ask(by, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: "candidates/camille", Reason: "recours"})
		return &acquispb.ReleaseHoldRequest{Name: hold.GetName()}
	}
	own, other := place(local), place(s.registrar)
	before := s.written()
	if got := try(local, s.ReleaseHold, other); got != "OTHER_CENTRE" || s.written() != before {
		t.Errorf("another's hold: %q", got)
	}
	for _, release := range []*acquispb.ReleaseHoldRequest{own, own} {
		if got := ask(local, s.ReleaseHold, release); got.GetReleaser() != "local" {
			t.Errorf("their own: %v", got)
		}
	}
	ask(s.registrar, s.ReleaseHold, other)
}
