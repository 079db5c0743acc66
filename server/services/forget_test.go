package services

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
)

// requestID is the id of a request, from the name that a test gives it.
func requestID(name string) string { return uuid.NewSHA1(uuid.Nil, []byte(name)).String() }

// known tells a story of a candidate with everything that forgetting erases. Each
// text about them contains "mot"; their session is closed.
func (s *stage) known(candidate string) (candidacy string) {
	s.Helper()
	s.session("de-" + candidate)
	given := whole()
	given.BirthName, given.UsageName, given.GivenNames, given.BirthPlace.City = "Mot-naissance", "Mot-usage", []string{"Mot-prénom"}, "Mot-ville"
	given.ExternalIds = []*acquispb.Candidate_ExternalId{{System: "lms", Id: "mot-" + candidate}}
	ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: candidate, Candidate: given, RequestId: requestID(candidate)})
	k := s.enrol("de-"+candidate, candidate, "B2", "B3")
	request := verdicts(k, met, s.criteria("B2", "B3")...)
	request.Assessments[0].Comment, request.RequestId = "mot-avis de Léa", requestID(candidate)
	ask(s.lea, s.RecordAssessments, request)
	ask(s.noa, s.RecordAssessments, verdicts(k, notMet, "C3.1.1"))
	ask(s.chair, s.SettleCriteria, settle(k, "C3.1.1", met, "mot-motif du jury"))
	asked := ask(s.advisor, s.RequestAccommodation, &acquispb.RequestAccommodationRequest{Candidacy: k, Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Need: "mot-besoin"})
	ask(s.advisor, s.DecideAccommodation, &acquispb.DecideAccommodationRequest{Candidacy: k, Accommodation: asked.GetName(), Granted: new(true), Arrangement: "mot-temps"})
	advice := advise(k, "C3.1.2", true)
	advice.ReasonedAdvice = "mot-avis motivé"
	ask(s.advisor, s.AdviseExemption, advice)
	exemption := exempt(k, "C3.1.2")
	exemption.CapacityPreserved.Reason, exemption.NotApplicableInPractice.Reason = "mot-capacité", "mot-pratique"
	ask(s.chair, s.DecideExemption, exemption)
	s.deliberated(k, departure("B2", notCapitalised, "mot-dossier absent"))
	recognised := prior(candidate, "B4")
	recognised.Proof = "mot-PV"
	ask(s.registrar, s.RecordPriorBloc, recognised)
	hold := ask(s.registrar, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: candidateName(candidate), Reason: "mot-recours"})
	ask(s.registrar, s.ReleaseHold, &acquispb.ReleaseHoldRequest{Name: hold.GetName()})
	ask(s.registrar, s.CloseSession, &acquispb.CloseSessionRequest{Name: sessionName("de-" + candidate)})
	return k
}

// acts is everything shown about acts on a candidate.
func (s *stage) acts(k, candidate string) map[string]proto.Message {
	parent := candidateName(candidate)
	return map[string]proto.Message{
		"the grid":      s.grid(s.chair, k),
		"exemptions":    ask(s.advisor, s.ListExemptions, &acquispb.ListExemptionsRequest{Parent: k}),
		"the candidacy": ask(s.reader, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: k}),
		"decisions":     ask(s.chair, s.ListDecisions, &acquispb.ListDecisionsRequest{Parent: parent}),
		"the ledger":    s.ledger(candidate),
		"the minutes":   ask(s.chair, s.GetDeliberationRecord, &acquispb.GetDeliberationRecordRequest{Name: strings.Split(k, "/candidacies")[0] + "/deliberationRecord"}),
	}
}

// wordless empties every text with a word about a person.
func wordless(m proto.Message) {
	m.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Kind() == protoreflect.StringKind && !f.IsList() && strings.HasPrefix(strings.ToLower(v.String()), "mot-"):
			m.ProtoReflect().Clear(f)
		case f.Message() != nil && f.IsList():
			for i := range v.List().Len() {
				wordless(v.List().Get(i).Message().Interface())
			}
		case f.Message() != nil:
			wordless(v.Message().Interface())
		}
		return true
	})
}

// TestForgottenCandidateIsGone: acts on a forgotten candidate stay unchanged,
// except texts about the person, of which nothing remains in the store.
func TestForgottenCandidateIsGone(t *testing.T) {
	s := newStage(t)
	k := s.known("camille")
	if words := s.words(); words < 14 {
		t.Fatalf("the store has %d words, so this test shows nothing", words)
	}
	before := s.acts(k, "camille")
	answer := ask(s.registrar, s.ForgetCandidate, forget("camille")).GetForgetting()
	want := &acquispb.Forgetting{
		Candidate: "candidates/camille", Ground: acquispb.ForgetGround_OBJECTION, Whole: true, Author: "registrar", ForgetTime: answer.GetForgetTime(),
		PersonalCount: 10, AccommodationCount: 2,
	}
	if diff := cmp.Diff(want, answer, protocmp.Transform()); diff != "" || answer.GetForgetTime() == nil {
		t.Errorf("the answer:\n%s", diff)
	}
	after := s.acts(k, "camille")
	for what, m := range before {
		wordless(m)
		if diff := cmp.Diff(m, after[what], protocmp.Transform()); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
	if words := s.words(); words != 0 {
		t.Errorf("the store still has %d words", words)
	}
	shown := ask(s.reader, s.GetCandidate, &acquispb.GetCandidateRequest{Name: "candidates/camille"})
	nobody := &acquispb.Candidate{Name: "candidates/camille", Etag: s.etag("candidates/camille"), CreateTime: shown.GetCreateTime(), UpdateTime: answer.GetForgetTime(), ForgetTime: answer.GetForgetTime()}
	if diff := cmp.Diff(nobody, shown, protocmp.Transform()); diff != "" {
		t.Errorf("the candidate:\n%s", diff)
	}
	exported := s.export(s.as("officer", acquispb.Role_REGISTRAR, acquispb.Role_DISABILITY_ADVISOR), "camille")
	if len(exported.GetCandidacies()[0].GetAccommodations()) != 0 || !proto.Equal(exported.GetForgettings()[0], answer) {
		t.Errorf("exported: %v", exported)
	}
	if got := ask(s.advisor, s.ListAccommodations, &acquispb.ListAccommodationsRequest{Parent: k}).GetAccommodations(); got != nil {
		t.Errorf("accommodations are left: %v", got)
	}
	if got := try(s.reader, s.LookupCandidate, &acquispb.LookupCandidateRequest{System: "lms", Id: "mot-camille"}); !strings.HasPrefix(got, "NOT_FOUND") {
		t.Errorf("another system still finds them: %q", got)
	}
}

// words counts those about a person in all stored records.
func (s *stage) words() int {
	s.Helper()
	var image bytes.Buffer
	must(s, s.store.Snapshot(s.Context(), &image, func(store.Reader) error { return nil }))
	return bytes.Count(bytes.ToLower(image.Bytes()), []byte("mot-"))
}

// TestForgetAgain: forgetting twice erases nothing more and gives the same
// answer; requests about a forgotten candidate are no longer known, the
// forgetting itself is.
func TestForgetAgain(t *testing.T) {
	s := newStage(t)
	s.known("camille")
	s.known("sacha")
	request := again(forget("camille"), requestID("camille"))
	first := ask(s.registrar, s.ForgetCandidate, request)
	if left := len(s.records(store.KindIdempotency)); left != 3 {
		t.Errorf("%d requests are stored, want the forgetting and two about somebody else", left)
	}
	before := s.written()
	for _, same := range []*acquispb.ForgetCandidateRequest{request, forget("camille")} {
		if diff := cmp.Diff(first, ask(s.registrar, s.ForgetCandidate, same), protocmp.Transform()); diff != "" || s.written() != before {
			t.Errorf("forgotten again:\n%s", diff)
		}
	}
	create := func(candidate, id string) string {
		given := someone("other")
		given.ExternalIds = []*acquispb.Candidate_ExternalId{{System: "lms", Id: "mot-camille"}}
		return try(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: candidate, Candidate: given, RequestId: id})
	}
	if got := create("camille", requestID("camille")); got != "ALREADY_EXISTS candidates/camille" {
		t.Errorf("the request that created them is still stored: %q", got)
	}
	if got := create("third", requestID("sacha")); got != "REQUEST_ID_REUSED at requestId" {
		t.Errorf("a request about somebody else is no longer stored: %q", got)
	}
	s.refuses(s.written(),
		refusal{"nobody", try(s.registrar, s.ForgetCandidate, forget("nobody")), "NOT_FOUND candidates/nobody"},
		refusal{"by a key of one centre", try(s.registrar.of("LYON"), s.ForgetCandidate, forget("sacha")), "OTHER_CENTRE"},
	)
	s.session("juin")
	s.enrol("juin", "sacha", "B1")
	if got := try(s.registrar, s.ForgetCandidate, forget("sacha")); got != "CANDIDATE_IN_OPEN_SESSION of candidates/sacha" {
		t.Errorf("a candidate who is being assessed: %q", got)
	}
	for what, got := range map[string]string{
		"changed": try(s.registrar, s.UpdateCandidate, &acquispb.UpdateCandidateRequest{Candidate: &acquispb.Candidate{Name: "candidates/camille", Etag: s.etag("candidates/camille"), BirthName: "x"}}),
		"tied":    try(s.registrar, s.DeclareTie, &acquispb.DeclareTieRequest{Candidate: "candidates/camille", Subject: "x", Kind: acquispb.Tie_Kind_OTHER}),
	} {
		if got != "CANDIDATE_FORGOTTEN of candidates/camille" {
			t.Errorf("a forgotten candidate is %s: %q", what, got)
		}
	}
}
