package services

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// forAYear has blocs that are valid for a year, and an award for two.
func forAYear(given *acquispb.Referentiel) {
	given.Rules = &acquispb.Rules{Validity: &acquispb.Validities{
		Blocs: &acquispb.Validity{Months: proto.Int32(12)}, Award: &acquispb.Validity{Years: proto.Int32(2)},
	}}
}

// asOf is what a candidate holds on a day of a small référentiel.
func (s *stage) asOf(day string) string {
	s.Helper()
	return held(ask(s.reader, s.GetCapitalisation, &acquispb.GetCapitalisationRequest{Name: "candidates/camille/capitalisations/petit", AsOf: day}))
}

// TestValidity: what was decided on 15 June 2026 for a year is valid through 15 June 2027
// in the zone of the service, and everything that shows it says so.
func TestValidity(t *testing.T) {
	s := newStage(t, in(t, "Europe/Paris"))
	s.publish("petit", petit(forAYear))
	shown := ask(s.reader, s.GetReferentiel, &acquispb.GetReferentielRequest{Name: "referentiels/petit"})
	if got := shown.GetRulesInForce().GetValidity().GetBlocs().GetMonths(); got != 12 || !proto.Equal(shown.GetRules().GetValidity(), shown.GetRulesInForce().GetValidity()) {
		t.Errorf("the référentiel shows %v", shown.GetRules())
	}
	s.session("notes", func(given *acquispb.Session) { given.Referentiel = "referentiels/petit" })
	k := s.enrolled("notes", "camille", "B1")
	ask(s.lea, s.RecordAssessments, verdicts(k, met, "C1.1.1", "C1.1.2"))
	s.clock.advance(13*time.Hour + 30*time.Minute) // 00:30 on the 16th in Paris, 22:30 on the 15th in UTC
	made := s.deliberated(k).GetDecisions()
	if len(made) != 2 || !proto.Equal(made[0].GetDecideDate(), day(2026, 6, 16)) || !proto.Equal(made[0].GetLastValidDate(), day(2027, 6, 16)) ||
		!proto.Equal(made[1].GetLastValidDate(), day(2028, 6, 16)) {
		t.Fatalf("decided: %v", made)
	}
	reasons := made[0].GetReasons()
	if last := reasons[len(reasons)-1]; last.GetRule() != "VALID_THROUGH" || last.GetRequired() != 12 || !proto.Equal(last.GetLastValidDate(), day(2027, 6, 16)) {
		t.Errorf("the decision says %v", last)
	}
	for on, want := range map[string]string{
		"":           "B1 CAPITALISED; AWARDED",
		"1900-01-01": "B1 CAPITALISED; AWARDED",
		"2027-06-16": "B1 CAPITALISED; AWARDED",
		"2027-06-17": "B1 EXPIRED; AWARDED",
		"2028-06-17": "B1 EXPIRED; EXPIRED",
		"2099-12-31": "B1 EXPIRED; EXPIRED",
	} {
		if got := s.asOf(on); got != want {
			t.Errorf("as of %q: %s, want %s", on, got, want)
		}
	}
	s.attestedWhile(made[0], day(2027, 6, 16).String())
	s.refuses(s.written(),
		refusal{"as of no day", try(s.reader, s.GetCapitalisation, &acquispb.GetCapitalisationRequest{Name: "candidates/camille/capitalisations/petit", AsOf: "2027-02-29"}), "INVALID_FIELD at asOf"},
	)
}

// attestedWhile: an attestation, its credential and the export say through which day the
// decision is valid, and that it is over afterwards.
func (s *stage) attestedWhile(decision *acquispb.Decision, last string) {
	s.Helper()
	issued := ask(s.registrar, s.IssueAttestation, &acquispb.IssueAttestationRequest{Decision: decision.GetName()})
	var claims struct {
		Exp        int64
		ValidUntil string
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(issued.GetCredential(), ".")[1])
	must(s, err)
	must(s, json.Unmarshal(payload, &claims))
	if claims.ValidUntil != "2027-06-16T22:00:00Z" || claims.Exp != time.Date(2027, 6, 16, 22, 0, 0, 0, time.UTC).Unix() {
		s.Errorf("the credential is valid until %v", claims)
	}
	check := func(state acquispb.Attestation_State_Enum) {
		s.Helper()
		verified := ask(s.anybody, s.VerifyAttestation, &acquispb.VerifyAttestationRequest{Code: issued.GetCode()})
		if verified.GetState() != state || verified.GetLastValidDate().String() != last {
			s.Errorf("whoever has the code sees %v", verified)
		}
		exported := ask(s.registrar, s.ExportCandidate, &acquispb.ExportCandidateRequest{Name: "candidates/camille"})
		if a := exported.GetAttestations()[0]; a.GetState() != state || a.GetLastValidDate().String() != last || exported.GetDecisions()[0].GetLastValidDate().String() != last {
			s.Errorf("the export has %v", a)
		}
	}
	check(acquispb.Attestation_State_VALID)
	s.clock.advance(365 * 24 * time.Hour)
	check(acquispb.Attestation_State_VALID)
	s.clock.advance(24 * time.Hour)
	check(acquispb.Attestation_State_EXPIRED)
}

// TestExpiredIsPresentedAgain: what is over can be presented and recognised anew, and an
// award needs every bloc to be valid on its day.
func TestExpiredIsPresentedAgain(t *testing.T) {
	s := newStage(t)
	s.publish("petit", petit(forAYear))
	s.candidate("camille")
	s.session("juin", func(given *acquispb.Session) { given.Referentiel = "referentiels/petit" })
	recorded := prior("camille", "B1")
	recorded.Name = "candidates/camille/capitalisations/petit"
	ask(s.registrar, s.RecordPriorBloc, recorded)
	if got := s.asOf(""); got != "B1 CAPITALISED; COMPLETE" {
		t.Errorf("a bloc that was recognised: %s", got)
	}
	award := &acquispb.AwardRequest{Name: recorded.GetName(), Session: "sessions/juin", MembersPresent: []string{"chair", "member"}}
	s.refuses(s.written(), refusal{"what is valid", try(s.registrar, s.CreateCandidacy, enrolment("juin", "camille", "B1")), "BLOC_CAPITALISED of bloc B1"})
	s.clock.advance(366 * 24 * time.Hour)
	s.refuses(s.written(), refusal{"what is over", try(s.chair, s.Award, award), "CERTIFICATION_NOT_COMPLETE of bloc B1"})
	ask(s.registrar, s.RecordPriorBloc, recorded)
	if made := ask(s.chair, s.Award, award).GetDecisions(); len(made) != 1 {
		t.Errorf("awarded: %v", made)
	}
	s.clock.advance(400 * 24 * time.Hour)
	k := s.enrol("juin", "camille")
	if got := s.asOf(""); got != "B1 EXPIRED; AWARDED" {
		t.Errorf("a year later: %s", got)
	}
	ask(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: k})
}
