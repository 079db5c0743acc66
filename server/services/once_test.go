package services

import (
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestEnrolledAgain: what was judged before a candidacy was withdrawn does not count
// in a new one, of the same candidate in the same session.
func TestEnrolledAgain(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	s.judged(s.lea, k, met, "B3")
	ask(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: k})
	again := enrolment("juin", "camille", "B3")
	again.CandidacyId = "again"
	k = ask(s.registrar, s.CreateCandidacy, again).GetName()
	s.refuses(s.written(), refusal{"a deliberation", try(s.chair, s.Deliberate, s.deliberation(k)), "BLOC_PENDING of bloc B3"})
}

// TestAttestedAgain: an attestation issued a year later is of the same date as the
// first, which stays valid although the name in it is not the candidate's any more.
func TestAttestedAgain(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	decision := s.decided("juin", "camille", met, "B3").GetDecisions()[0]
	first := s.attest(decision.GetName(), true)
	s.clock.advance(400 * 24 * time.Hour)
	ask(s.registrar, s.UpdateCandidate, &acquispb.UpdateCandidateRequest{
		Candidate: &acquispb.Candidate{Name: "candidates/camille", Etag: s.etag("candidates/camille"), UsageName: "Durand"},
	})
	_, before := s.claims(first.GetCredential())
	_, after := s.claims(s.attest(decision.GetName(), true).GetCredential())
	decided := decision.GetDecideTime().AsTime().UTC().Format(time.RFC3339)
	if before["validFrom"] != decided || after["validFrom"] != decided || before["nbf"] != after["nbf"] || before["iat"] == after["iat"] {
		t.Errorf("decided %s; the first is valid from %v, the second from %v", decided, before, after)
	}
	if got := s.shown("", first.GetCredential()); got.GetState() != acquispb.Attestation_State_VALID {
		t.Errorf("the first shows %v", got)
	}
}

// TestSameRequestAtOnce: of requests with one id that arrive together, one acts.
func TestSameRequestAtOnce(t *testing.T) {
	s := newStage(t)
	before := s.written()
	request := &acquispb.CreateCandidateRequest{Candidate: someone("camille"), RequestId: requestID("at once")}
	var calls sync.WaitGroup
	made := make(chan string, 16)
	for range cap(made) {
		calls.Go(func() {
			candidate, err := s.CreateCandidate(s.registrar.ctx(), request)
			made <- candidate.GetName() + told(err)
		})
	}
	calls.Wait()
	close(made)
	names := make(map[string]bool)
	for name := range made {
		names[name] = true
	}
	if len(names) != 1 || s.written() != before+1 {
		t.Errorf("%d events; they are answered %v", s.written()-before, names)
	}
}

// TestPartOfWhatIsNotThere: an update of a part makes nothing that is incomplete.
func TestPartOfWhatIsNotThere(t *testing.T) {
	s := newStage(t)
	s.session("juin", func(given *acquispb.Session) { given.Centre = nil })
	update := func(path string, given *acquispb.Session) string {
		given.Name, given.Etag = "sessions/juin", s.etag("sessions/juin")
		return try(s.registrar, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: given, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{path}}})
	}
	s.refuses(s.written(),
		refusal{"the name of no centre", update("centre.display_name", &acquispb.Session{Centre: &acquispb.Session_Centre{DisplayName: "Lyon"}}), "INVALID_FIELD at session.centre.code"},
		refusal{"a day without a month", update("start_date.month", &acquispb.Session{}), "INVALID_FIELD at session.startDate"},
	)
}
