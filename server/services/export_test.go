package services

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestExport: the person gets everything that is stored about them, each text
// once, with the events that wrote it and who read it.
func TestExport(t *testing.T) {
	s := newStage(t)
	k := s.known("camille")
	decisions := ask(s.chair, s.ListDecisions, &acquispb.ListDecisionsRequest{Parent: "candidates/camille"}).GetDecisions()
	s.attest(decisions[1].GetName(), false)
	ask(s.registrar, s.DeclareTie, &acquispb.DeclareTieRequest{Candidate: "candidates/camille", Subject: "voisin", Kind: acquispb.Tie_Kind_RELATIVE})
	ask(s.reader, s.GetCandidate, &acquispb.GetCandidateRequest{Name: "candidates/camille"})
	s.candidate("sacha")
	ask(s.reader, s.ListCandidates, &acquispb.ListCandidatesRequest{})
	ask(s.member, s.ListExemptions, &acquispb.ListExemptionsRequest{Parent: k})
	s.services.Flush()
	officer := s.as("officer", acquispb.Role_REGISTRAR, acquispb.Role_DISABILITY_ADVISOR)
	all := s.export(officer, "camille")
	if all.GetExportTime() == nil || all.GetFileWithheld() || all.GetNextPageToken() != "" {
		t.Errorf("the export is of %v, withheld: %v, then %q", all.GetExportTime(), all.GetFileWithheld(), all.GetNextPageToken())
	}
	file := all.GetCandidacies()[0]
	for what, pair := range map[string][2]any{
		"the candidate": {ask(s.reader, s.GetCandidate, &acquispb.GetCandidateRequest{Name: "candidates/camille"}), all.GetCandidate()},
		"the candidacy": {ask(s.reader, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: k}), file.GetCandidacy()},
		"the holds":     {ask(s.registrar, s.ListHolds, &acquispb.ListHoldsRequest{Parent: "candidates/camille"}).GetHolds(), all.GetHolds()},
		"the decisions": {ask(s.registrar, s.ListDecisions, &acquispb.ListDecisionsRequest{Parent: "candidates/camille"}).GetDecisions(), all.GetDecisions()},
	} {
		if diff := cmp.Diff(pair[0], pair[1], protocmp.Transform()); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
	if n := len(s.criteria("B2", "B3")) + 1; len(file.GetAssessments()) != n || file.GetAssessments()[0].GetComment() != "mot-avis de Léa" || file.GetAssessments()[n-1].GetAssessor() != "noa" {
		t.Errorf("verdicts: %v", file.GetAssessments())
	}
	settled := file.GetSettlements()
	if len(settled) != 1 || settled[0].GetMotive() != "mot-motif du jury" || settled[0].GetAuthors()[0] != "chair" || settled[0].GetVerdict() != met ||
		settled[0].GetCriterion() != "C3.1.1" || settled[0].GetSettleTime() == nil {
		t.Errorf("settlements: %v", settled)
	}
	steps := file.GetAccommodations()
	if len(steps) != 2 || steps[0].GetState() != acquispb.Accommodation_State_REQUESTED || steps[0].GetArrangement() != "" || steps[1].GetArrangement() != "mot-temps" ||
		steps[1].GetNeed() != "mot-besoin" {
		t.Errorf("accommodations, step by step: %v", steps)
	}
	exempted := file.GetExemptions()
	if len(exempted) != 2 || exempted[0].GetAdvice().GetReasonedAdvice() != "mot-avis motivé" || exempted[0].GetDecision() != nil || exempted[0].GetName() != k+"/exemptions/C3.1.2" ||
		exempted[1].GetDecision().GetCapacityPreserved().GetReason() != "mot-capacité" || exempted[1].GetDecision().GetAuthors()[0] != "chair" || exempted[1].GetAdvice() != nil {
		t.Errorf("exemptions, step by step: %v", exempted)
	}
	if len(all.GetAttestations()) != 1 || all.GetAttestations()[0].GetDecision() != decisions[1].GetName() || len(all.GetTies()) != 1 || all.GetTies()[0].GetSubject() != "voisin" {
		t.Errorf("attestations: %v, ties: %v", all.GetAttestations(), all.GetTies())
	}
	var reads []string
	for _, a := range all.GetAccesses() {
		reads = append(reads, fmt.Sprintf("%s %s %v", a.GetSubject(), segment(a.GetRpc(), 1), a.GetCandidates()))
	}
	own := "[candidates/camille]"
	want := []string{"chair GetGrid " + own, "chair ListDecisions " + own, "reader GetCandidate " + own, "reader ListCandidates " + own, "  " + own}
	for _, line := range want {
		if !slices.Contains(reads, line) || len(reads) != len(want) {
			t.Errorf("who read the file: %q", reads)
		}
	}
	s.checkEvents(all.GetEvents())
}

// checkEvents compares the events of an export with the journal: each act about
// the candidate, once, in order; none about the other.
func (s *stage) checkEvents(events []*acquispb.Event) {
	s.Helper()
	journal := make(map[int64]*acquispb.Event)
	for _, e := range ask(s.auditor, s.ListEvents, &acquispb.ListEventsRequest{PageSize: 1000}).GetEvents() {
		journal[e.GetSequence()] = e
	}
	kinds, last := make(map[string]int), int64(0)
	for _, e := range events {
		if diff := cmp.Diff(journal[e.GetSequence()], e, protocmp.Transform()); diff != "" || e.GetSequence() <= last || e.GetResource() == "candidates/sacha" {
			s.Errorf("the event %v comes after %d:\n%s", e, last, diff)
		}
		last = e.GetSequence()
		kinds[e.GetKind().String()]++
	}
	// The candidacy was last written by the deliberation; two events of the hold
	// are one record.
	want := map[string]int{"CANDIDATE": 1, "ASSESSMENT": 3, "CANDIDACY_FILE": 4, "DECISION": 2, "HOLD": 1, "ATTESTATION": 1, "TIE": 1}
	if diff := cmp.Diff(want, kinds); diff != "" {
		s.Errorf("the events:\n%s", diff)
	}
}

// TestExportWithheld: a caller who may not see texts about a disability exports
// none, and learns that there are some; if there are none, nothing is reported as
// withheld.
func TestExportWithheld(t *testing.T) {
	s := newStage(t)
	s.known("camille")
	s.candidate("sacha")
	all := s.export(s.registrar, "camille")
	file := all.GetCandidacies()[0]
	if !all.GetFileWithheld() || file.GetExemptions() != nil || len(file.GetAccommodations()) != 2 || file.GetAccommodations()[0].GetNeed() != "" ||
		file.GetAccommodations()[1].GetArrangement() != "" || file.GetAccommodations()[1].GetState() != acquispb.Accommodation_State_GRANTED {
		t.Errorf("a registrar exports %v", file)
	}
	if s.export(s.registrar, "sacha").GetFileWithheld() {
		t.Error("something is reported as withheld although there is nothing")
	}
	s.refuses(s.written(),
		refusal{"by a key of one centre", try(s.registrar.of("LYON"), s.ExportCandidate, &acquispb.ExportCandidateRequest{Name: "candidates/camille"}), "OTHER_CENTRE"},
		refusal{"of nobody", try(s.registrar, s.ExportCandidate, &acquispb.ExportCandidateRequest{Name: "candidates/nobody"}), "NOT_FOUND candidates/nobody"},
		refusal{"by a token of another list", try(s.registrar, s.ExportCandidate, &acquispb.ExportCandidateRequest{Name: "candidates/camille", PageToken: new("x")}), "PAGE_TOKEN_INVALID at pageToken"},
	)
}

// TestExportByPages: the person comes on the first page, candidacies and reads of
// the file in order of creation, a fixed number on each.
func TestExportByPages(t *testing.T) {
	s := newStage(t)
	s.candidate("camille")
	for i, session := range []string{"un", "deux", "trois"} {
		s.session(session)
		s.enrol(session, "camille", fmt.Sprintf("B%d", i+1))
		ask(s.reader, s.GetCandidate, &acquispb.GetCandidateRequest{Name: "candidates/camille"})
		s.services.Flush()
		s.clock.advance(time.Hour)
	}
	ask(s.registrar, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: "candidates/camille", Reason: "r"})
	for size, want := range map[int32][]string{1: {"un", "read", "deux", "read", "trois", "read"}, 4: {"un deux read read", "trois read"}, 6: {"un deux trois read read read"}} {
		request := &acquispb.ExportCandidateRequest{Name: "candidates/camille", PageSize: size}
		var pages []string
		for {
			page := ask(s.registrar, s.ExportCandidate, request)
			if first := len(pages) == 0; (page.GetCandidate() != nil) != first || (page.GetHolds() != nil) != first {
				t.Errorf("page %d of %d shows the person: %v", len(pages), size, page)
			}
			var shown []string
			for _, c := range page.GetCandidacies() {
				shown = append(shown, segment(c.GetCandidacy().GetName(), 1))
			}
			for range page.GetAccesses() {
				shown = append(shown, "read")
			}
			pages = append(pages, fmt.Sprint(shown)[1:len(fmt.Sprint(shown))-1])
			if request.PageToken = onwards(page.GetNextPageToken()); request.GetPageToken() == "" {
				break
			}
		}
		if !slices.Equal(pages, want) {
			t.Errorf("by %d: %q, not %q", size, pages, want)
		}
	}
}
