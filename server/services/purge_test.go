package services

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
)

// keeping sets how long identities, texts and accommodations are kept.
func keeping(t testing.TB, identity, freeText, accommodations string) func(*Options) {
	t.Helper()
	return func(o *Options) {
		must(t, o.Retention.Identity.UnmarshalText([]byte(identity)))
		must(t, o.Retention.FreeText.UnmarshalText([]byte(freeText)))
		must(t, o.Retention.Accommodations.UnmarshalText([]byte(accommodations)))
	}
}

// purged summarises a purge: for each candidate whether they are forgotten as a
// whole, how many texts and accommodations are erased; or what keeps them.
func purged(answer *acquispb.PurgeCandidatesResponse) (lines []string) {
	for _, f := range answer.GetForgettings() {
		lines = append(lines, fmt.Sprint(segment(f.GetCandidate(), 1), " ", f.GetWhole(), " ", f.GetPersonalCount(), " ", f.GetAccommodationCount()))
	}
	for _, k := range answer.GetKept() {
		lines = append(lines, fmt.Sprint("kept ", segment(k.GetCandidate(), 1), " ", k.GetBecause()))
	}
	return lines
}

// purge reports, then purges: the report writes nothing and says the same, and
// also what keeps candidates.
func (s *stage) purge(want ...string) {
	s.Helper()
	before := s.written()
	if got := purged(ask(s.registrar, s.PurgeCandidates, &acquispb.PurgeCandidatesRequest{ValidateOnly: true})); !slices.Equal(got, want) || s.written() != before {
		s.Errorf("it reports %q, not %q", got, want)
	}
	erased := slices.DeleteFunc(slices.Clone(want), func(line string) bool { return line[:4] == "kept" })
	if got := purged(ask(s.registrar, s.PurgeCandidates, &acquispb.PurgeCandidatesRequest{})); !slices.Equal(got, erased) {
		s.Errorf("it erases %q, not %q", got, erased)
	}
	if wrote := s.written() - before; wrote > 1 || len(erased) > 0 && wrote == 0 { // old request ids are removed as well
		s.Errorf("a batch that erases %q wrote %d events", erased, wrote)
	}
}

// TestPurge: texts are erased when their period ends, then the identity; a hold
// or an open session delays that.
func TestPurge(t *testing.T) {
	s := newStage(t, keeping(t, "5y", "18m", "90d"))
	days := func(n int) { s.clock.advance(time.Duration(n) * 24 * time.Hour) }
	k := s.known("camille") // closed
	s.session("juin")
	s.enrolled("juin", "sacha", "B3")
	ask(s.registrar, s.RequestAccommodation, &acquispb.RequestAccommodationRequest{
		Candidacy: "sessions/juin/candidacies/sacha", Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Need: "n",
	})
	s.purge()
	days(89)
	s.purge()
	days(2)
	s.purge("camille false 4 2") // need, arrangement, advice, exemption; sacha's session is open
	if got := ask(s.advisor, s.ListExemptions, &acquispb.ListExemptionsRequest{Parent: k}).GetExemptions()[0]; got.GetAdvice().GetReasonedAdvice() != "" || !got.GetDecision().GetGranted() {
		t.Errorf("an exemption whose words are erased is %v", got)
	}
	ask(s.registrar, s.CancelSession, &acquispb.CancelSessionRequest{Name: "sessions/juin"})
	s.purge("sacha false 1 1")
	days(500)
	hold := ask(s.registrar, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: "candidates/camille", Reason: "recours"})
	s.purge("kept camille CANDIDATE_HELD")
	days(600) // the period of the hold's reason begins with its release
	ask(s.registrar, s.ReleaseHold, &acquispb.ReleaseHoldRequest{Name: hold.GetName()})
	s.purge("camille false 5 0") // comment, settlement, motive, proof, the first hold
	if got := ask(s.reader, s.GetCandidate, &acquispb.GetCandidateRequest{Name: "candidates/camille"}); got.GetBirthName() != "Mot-naissance" {
		t.Errorf("the identity is erased with the words: %v", got)
	}
	days(4 * 365)
	s.session("retour")
	s.enrol("retour", "sacha", "B3")
	ask(s.lea, s.RecordAssessments, &acquispb.RecordAssessmentsRequest{Candidacy: "sessions/retour/candidacies/sacha", Assessments: []*acquispb.Assessment{
		{Criterion: "C3.1.1", Verdict: met, Comment: "bien"},
	}})
	s.purge("camille true 2 0") // identity, and the reason of the hold
	days(6 * 365)
	s.purge("kept sacha CANDIDATE_IN_OPEN_SESSION") // and the comment
	ask(s.registrar, s.CancelSession, &acquispb.CancelSessionRequest{Name: "sessions/retour"})
	s.purge("sacha false 1 0") // not the identity: that was an act about them
	days(6 * 365)
	s.purge("sacha true 1 0")
	s.purge()
	if got := s.words(); got != 0 {
		t.Errorf("the store still has %d words", got)
	}
	if got := try(s.registrar.of("LYON"), s.PurgeCandidates, &acquispb.PurgeCandidatesRequest{ValidateOnly: true}); got != "OTHER_CENTRE" {
		t.Errorf("by a key of one centre: %q", got)
	}
}

// TestPurgeByPages: a batch is as large as requested, the same request again
// erases nothing more, and a purge also removes old request ids.
func TestPurgeByPages(t *testing.T) {
	s := newStage(t, keeping(t, "5y", "", ""))
	for i := range 5 {
		ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{
			CandidateId: fmt.Sprintf("p-%d", i), Candidate: someone("x"), RequestId: requestID(fmt.Sprint(i)),
		})
	}
	s.clock.advance(6 * 365 * 24 * time.Hour)
	first := ask(s.registrar, s.PurgeCandidates, &acquispb.PurgeCandidatesRequest{PageSize: 2, RequestId: requestID("first")})
	before := s.written()
	same := ask(s.registrar, s.PurgeCandidates, &acquispb.PurgeCandidatesRequest{PageSize: 2, RequestId: requestID("first")})
	if diff := cmp.Diff(first, same, protocmp.Transform()); diff != "" || s.written() != before {
		t.Errorf("the same request again:\n%s", diff)
	}
	if f := first.GetForgettings()[0]; f.GetAuthor() != "registrar" || f.GetForgetTime() == nil || f.GetGround() != 0 {
		t.Errorf("a batch reports %v", f)
	}
	if left := len(s.records(store.KindIdempotency)); left != 1 {
		t.Errorf("%d requests are stored", left)
	}
	names, request := purged(first), &acquispb.PurgeCandidatesRequest{PageSize: 2, PageToken: onwards(first.GetNextPageToken())}
	for request.GetPageToken() != "" {
		page := ask(s.registrar, s.PurgeCandidates, request)
		names, request.PageToken = append(names, purged(page)...), onwards(page.GetNextPageToken())
	}
	if want := []string{"p-0 true 1 0", "p-1 true 1 0", "p-2 true 1 0", "p-3 true 1 0", "p-4 true 1 0"}; !slices.Equal(names, want) {
		t.Errorf("purged: %q", names)
	}
	if unlimited := newStage(t); try(unlimited.registrar, unlimited.PurgeCandidates, &acquispb.PurgeCandidatesRequest{PageToken: new("x")}) != "PAGE_TOKEN_INVALID at pageToken" {
		t.Error("an invalid token is accepted")
	}
}

// TestPurgeLooksTwice: data that was due in the search, but no longer when it
// would be erased, is kept.
func TestPurgeLooksTwice(t *testing.T) {
	between := &betweenStore{}
	s := newStage(t, keeping(t, "5y", "", ""), func(o *Options) { between.Store, o.Store = o.Store, between })
	s.candidate("camille")
	s.candidate("sacha")
	s.clock.advance(6 * 365 * 24 * time.Hour)
	between.act = func() {
		ask(s.registrar, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: "candidates/camille", Reason: "à l'instant"})
	}
	if got := purged(ask(s.registrar, s.PurgeCandidates, &acquispb.PurgeCandidatesRequest{})); !slices.Equal(got, []string{"sacha true 1 0"}) {
		t.Errorf("erased: %q", got)
	}
}
