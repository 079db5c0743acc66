package services

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// A telling makes a call of a story, in its own way, until it has succeeded.
type telling func(who person, request proto.Message, call func(proto.Message) (proto.Message, error))

// tell makes a call through a telling, and returns its answer.
func tell[Q, A proto.Message](as telling, who person, rpc func(context.Context, Q, ...grpc.CallOption) (A, error), request Q) (answer A) {
	as(who, request, func(asked proto.Message) (_ proto.Message, err error) {
		given, _ := asked.(Q)
		answer, err = rpc(who.ctx(), given)
		return answer, err
	})
	return answer
}

// everyRPC tells one story with every RPC, except Backup, which streams.
func (s *stage) everyRPC(as telling) {
	s.Helper()
	key := tell(as, s.admin, s.CreateKey, keyFor("spare", acquispb.Role_READER)).GetKey().GetName()
	tell(as, s.admin, s.RevokeKey, &acquispb.RevokeKeyRequest{Name: key})
	tell(as, s.admin, s.ListKeys, &acquispb.ListKeysRequest{})
	first := tell(as, s.admin, s.PublishReferentiel, &acquispb.PublishReferentielRequest{ReferentielId: "petit", Referentiel: petit(everything)})
	tell(as, s.reader, s.GetReferentielRevision, &acquispb.GetReferentielRevisionRequest{Name: first.GetRevision()})
	tell(as, s.reader, s.GetReferentiel, &acquispb.GetReferentielRequest{Name: "referentiels/petit"})
	tell(as, s.reader, s.ListReferentiels, &acquispb.ListReferentielsRequest{})
	tell(as, s.reader, s.ListReferentielRevisions, &acquispb.ListReferentielRevisionsRequest{Parent: "referentiels/petit"})
	tell(as, s.reader, s.GetBloc, &acquispb.GetBlocRequest{Name: "referentiels/petit/blocs/B1"})
	tell(as, s.reader, s.DiffRevisions, &acquispb.DiffRevisionsRequest{From: first.GetRevision(), To: "referentiels/marketing"})
	tell(as, s.reader, s.SearchReferentiels, &acquispb.SearchReferentielsRequest{Query: "savoir"})
	s.enrolmentIsTold(as)
	s.assessmentIsTold(as)
	s.decisionIsTold(as)
	s.forgettingIsTold(as)
}

const toldOf = "sessions/juin/candidacies/camille"

func (s *stage) enrolmentIsTold(as telling) {
	tell(as, s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: "camille", Candidate: whole()})
	tell(as, s.registrar, s.UpdateCandidate, &acquispb.UpdateCandidateRequest{Candidate: &acquispb.Candidate{
		Name: "candidates/camille", Etag: s.etag("candidates/camille"), UsageName: "Petit", ExternalIds: []*acquispb.Candidate_ExternalId{{System: "lms", Id: "43"}},
	}})
	tell(as, s.reader, s.LookupCandidate, &acquispb.LookupCandidateRequest{System: "lms", Id: "43"})
	tell(as, s.registrar, s.DeclareTie, &acquispb.DeclareTieRequest{Candidate: "candidates/camille", Subject: "third", Kind: acquispb.Tie_Kind_TRAINER})
	tell(as, s.registrar, s.CreateSession, &acquispb.CreateSessionRequest{SessionId: "juin", Session: aSession()})
	tell(as, s.registrar, s.CreateSession, &acquispb.CreateSessionRequest{SessionId: "mai", Session: aSession()})
	tell(as, s.registrar, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: &acquispb.Session{
		Name: "sessions/juin", Etag: s.etag("sessions/juin"), Assessors: assessing("lea", "noa"), Referentiel: "referentiels/marketing",
	}})
	tell(as, s.registrar, s.CreateCandidacy, enrolment("mai", "camille", "B1"))
	tell(as, s.registrar, s.CancelSession, &acquispb.CancelSessionRequest{Name: "sessions/mai"})
	tell(as, s.registrar.of("LYON"), s.CreateCandidacy, enrolment("juin", "camille", "B2", "B3"))
	tell(as, s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: toldOf, Blocs: []string{"B2"}})
	tell(as, s.registrar, s.ReinstateCandidacy, &acquispb.ReinstateCandidacyRequest{Name: toldOf})
	tell(as, s.registrar, s.MarkCandidacyAbsent, &acquispb.MarkCandidacyAbsentRequest{Name: toldOf, Blocs: []string{"B2"}})
	tell(as, s.reader, s.GetSession, &acquispb.GetSessionRequest{Name: "sessions/juin"})
	tell(as, s.chair, s.ListSessions, &acquispb.ListSessionsRequest{Filter: "state = OPEN"})
	tell(as, s.lea, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: toldOf})
	tell(as, s.lea, s.ListCandidacies, &acquispb.ListCandidaciesRequest{Parent: "sessions/-", PageSize: 1})
	tell(as, s.reader, s.ListCandidacies, &acquispb.ListCandidaciesRequest{Parent: "sessions/juin", Filter: `candidate = "candidates/camille"`})
	tell(as, s.chair, s.GetCandidate, &acquispb.GetCandidateRequest{Name: "candidates/camille"})
	tell(as, s.reader.of("LYON"), s.ListCandidates, &acquispb.ListCandidatesRequest{PageSize: 1})
}

func (s *stage) assessmentIsTold(as telling) {
	said := verdicts(toldOf, met, s.criteria("B3")...)
	said.Assessments[0].Comment = "vu"
	tell(as, s.lea, s.RecordAssessments, said)
	tell(as, s.noa, s.RecordAssessments, verdicts(toldOf, notMet, "C3.1.1", "C3.1.3"))
	tell(as, s.noa, s.RetractAssessments, &acquispb.RetractAssessmentsRequest{Candidacy: toldOf, Criteria: []string{"C3.1.3"}})
	tell(as, s.member, s.SettleCriteria, settle(toldOf, "C3.1.1", met, "vu au dossier"))
	asked := tell(as, s.registrar, s.RequestAccommodation, &acquispb.RequestAccommodationRequest{Candidacy: toldOf, Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Need: "du temps"})
	tell(as, s.advisor, s.DecideAccommodation, &acquispb.DecideAccommodationRequest{Candidacy: toldOf, Accommodation: asked.GetName(), Granted: new(true), Arrangement: "un tiers"})
	tell(as, s.advisor, s.ListAccommodations, &acquispb.ListAccommodationsRequest{Parent: toldOf})
	tell(as, s.advisor, s.AdviseExemption, advise(toldOf, "C3.1.2", true))
	tell(as, s.chair, s.DecideExemption, exempt(toldOf, "C3.1.2"))
	tell(as, s.advisor, s.ListExemptions, &acquispb.ListExemptionsRequest{Parent: toldOf})
	tell(as, s.chair, s.GetGrid, &acquispb.GetGridRequest{Name: toldOf + "/grid"})
}

func (s *stage) decisionIsTold(as telling) {
	for _, bloc := range []string{"B1", "B2", "B4"} {
		tell(as, s.registrar, s.RecordPriorBloc, prior("camille", bloc))
	}
	s.publish("jours", petit(withDays))
	tell(as, s.registrar, s.RecordRequirement, days("camille", 60))
	decided := tell(as, s.chair, s.Deliberate, s.deliberation(toldOf)).GetDecisions() // and awarded
	tell(as, s.chair, s.GetDecision, &acquispb.GetDecisionRequest{Name: decided[0].GetName()})
	tell(as, s.chair, s.ListDecisions, &acquispb.ListDecisionsRequest{Parent: "candidates/-", Filter: `session = "sessions/juin"`})
	tell(as, s.chair, s.ListDecisions, &acquispb.ListDecisionsRequest{Parent: "candidates/camille", PageSize: 1})
	tell(as, s.reader, s.GetCapitalisation, &acquispb.GetCapitalisationRequest{Name: capitalisationName("camille", "marketing")})
	tell(as, s.reader, s.GetDeliberationRecord, &acquispb.GetDeliberationRecordRequest{Name: "sessions/juin/deliberationRecord"})
	tell(as, s.reader, s.GetDecisionProof, &acquispb.GetDecisionProofRequest{Name: decided[0].GetName() + "/proof"})
	tell(as, s.registrar, s.IssueAttestation, &acquispb.IssueAttestationRequest{Decision: decided[1].GetName(), IncludeName: true})
	tell(as, s.anybody, s.VerifyAttestation, &acquispb.VerifyAttestationRequest{Code: s.attest(decided[0].GetName(), false).GetCode()})
	taken := tell(as, s.chair, s.RectifyDecision, rectification(decided[0].GetName(), "juin", notCapitalised)).GetDecisions()
	s.candidate("jo")
	for _, bloc := range []string{"B1", "B2", "B3", "B4"} {
		ask(s.registrar, s.RecordPriorBloc, prior("jo", bloc))
	}
	tell(as, s.chair, s.Award, &acquispb.AwardRequest{
		Name: capitalisationName("jo", "marketing"), Session: "sessions/juin", MembersPresent: []string{"chair", "member"},
	})
	tell(as, s.reader, s.GetDecision, &acquispb.GetDecisionRequest{Name: taken[0].GetName()})
	tell(as, s.registrar, s.CloseSession, &acquispb.CloseSessionRequest{Name: "sessions/juin"})
	s.services.Flush()
	tell(as, s.auditor, s.ListEvents, &acquispb.ListEventsRequest{})
	tell(as, s.auditor, s.ListAccesses, &acquispb.ListAccessesRequest{Filter: `candidate = "candidates/camille"`})
	tell(as, s.anybody, s.GetCheckpoint, &acquispb.GetCheckpointRequest{Name: "checkpoint"})
	tell(as, s.anybody, s.GetConsistencyProof, &acquispb.GetConsistencyProofRequest{Name: "checkpoint", From: 1})
	tell(as, s.auditor, s.GetInclusionProof, &acquispb.GetInclusionProofRequest{Name: "events/3/inclusionProof"})
}

func (s *stage) forgettingIsTold(as telling) {
	hold := tell(as, s.registrar, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: "candidates/camille", Reason: "recours"}).GetName()
	tell(as, s.registrar, s.ReleaseHold, &acquispb.ReleaseHoldRequest{Name: hold})
	tell(as, s.registrar, s.ListHolds, &acquispb.ListHoldsRequest{Parent: "candidates/camille"})
	officer := s.as("officer", acquispb.Role_REGISTRAR, acquispb.Role_DISABILITY_ADVISOR)
	tell(as, officer, s.ExportCandidate, &acquispb.ExportCandidateRequest{Name: "candidates/camille"})
	s.clock.advance(100 * 24 * time.Hour)
	tell(as, s.registrar, s.PurgeCandidates, &acquispb.PurgeCandidatesRequest{})
	tell(as, s.registrar, s.ForgetCandidate, forget("camille"))
	tell(as, officer, s.ExportCandidate, &acquispb.ExportCandidateRequest{Name: "candidates/camille"})
}

// TestEveryRPCIsTold: the story has every RPC of the contract, so that tests of
// all its calls cover all RPCs.
func TestEveryRPCIsTold(t *testing.T) {
	s := newStage(t, keeping(t, "5y", "", "90d"))
	left := maps.Clone(s.core.contract.RPCs)
	s.everyRPC(func(who person, request proto.Message, call func(proto.Message) (proto.Message, error)) {
		if _, err := call(request); err != nil {
			t.Fatalf("%T: %v", request, err)
		}
		delete(left, "/"+s.core.contract.Of(request).Name)
	})
	if got := slices.Collect(maps.Keys(left)); !slices.Equal(got, []string{acquispb.AdminService_Backup_FullMethodName}) {
		t.Errorf("it leaves out %v", got)
	}
}
