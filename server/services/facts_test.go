package services

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// twoCentres is a stage of two centres: Camille is enrolled in Lyon, in a session
// that lists Léa, and Jo in Paris, in one that lists nobody; Sacha has no centre
// and is not enrolled; Zoé was created by a registrar of Paris.
func twoCentres(t testing.TB) *stage {
	s := newStage(t)
	s.session("lyon", func(given *acquispb.Session) { given.Assessors = assessing("lea") })
	s.session("paris", func(given *acquispb.Session) {
		given.Centre.Code = "PARIS"
		given.Jury[0].Subject, given.Jury[1].Subject = "chair-paris", "member-paris"
	})
	s.enrolled("lyon", "camille", "B3")
	s.enrolled("paris", "jo", "B3")
	s.candidate("sacha")
	ask(s.registrar.of("PARIS"), s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: "zoe", Candidate: someone("zoe")})
	return s
}

// TestWhatExistsForWhom: sessions, candidacies and candidates, one by one and in
// lists.
func TestWhatExistsForWhom(t *testing.T) {
	s := twoCentres(t)
	both := s.as("lea", acquispb.Role_ASSESSOR, acquispb.Role_READER)
	for _, c := range []struct {
		who                  person
		sessions, candidates string // that exist for them
		lists                bool   // candidates
	}{
		{s.registrar, "lyon paris", "camille jo sacha zoe", true},
		{s.reader, "lyon paris", "camille jo sacha zoe", true},
		{s.advisor, "lyon paris", "camille jo sacha zoe", false},
		{s.registrar.of("LYON"), "lyon", "camille", true},
		{s.registrar.of("PARIS"), "paris", "jo zoe", true},
		{s.reader.of("NICE"), "", "", true},
		{s.lea, "lyon paris", "camille jo", false}, // Paris lists nobody
		{s.noa, "paris", "jo", false},
		{s.lea.of("LYON"), "lyon", "camille", false},
		{s.noa.of("LYON"), "", "", false},
		{s.noa.speaking(), "lyon paris", "camille jo", false},
		{s.chair, "lyon", "camille", false},
		{s.as("chair-paris", acquispb.Role_JURY), "paris", "jo", false},
		{s.as("stranger", acquispb.Role_JURY), "", "", false},
		{s.as("chair", acquispb.Role_JURY, acquispb.Role_ASSESSOR), "lyon paris", "camille jo", false},
		{both, "lyon paris", "camille jo sacha zoe", true},
	} {
		var sessions, candidacies, candidates, listed []string
		for _, session := range ask(c.who, s.ListSessions, &acquispb.ListSessionsRequest{}).GetSessions() {
			sessions = append(sessions, segment(session.GetName(), 1))
		}
		for _, k := range ask(c.who, s.ListCandidacies, &acquispb.ListCandidaciesRequest{Parent: "sessions/-"}).GetCandidacies() {
			candidacies = append(candidacies, segment(k.GetName(), 1))
		}
		for _, id := range []string{"camille", "jo", "sacha", "zoe"} {
			switch got := try(c.who, s.GetCandidate, &acquispb.GetCandidateRequest{Name: candidateName(id)}); got {
			case "":
				candidates = append(candidates, id)
			case "NOT_FOUND candidates/" + id:
			default:
				t.Errorf("%v gets %q for %s", c.who.caller, got, id)
			}
		}
		if got := strings.Join(sessions, " "); got != c.sessions || strings.Join(candidacies, " ") != got {
			t.Errorf("for %v there are the sessions %q, with candidacies of %q", c.who.caller, got, candidacies)
		}
		if got := strings.Join(candidates, " "); got != c.candidates {
			t.Errorf("for %v there are the candidates %q", c.who.caller, got)
		}
		if !c.lists {
			continue
		}
		for _, candidate := range ask(c.who, s.ListCandidates, &acquispb.ListCandidatesRequest{}).GetCandidates() {
			listed = append(listed, segment(candidate.GetName(), 1))
		}
		if got := strings.Join(listed, " "); got != c.candidates {
			t.Errorf("%v lists the candidates %q", c.who.caller, got)
		}
	}
}

// TestWhatDoesNotExistIsNotFound: every call about a session or a candidate that
// does not exist for the caller gets the same answer as if there were none.
func TestWhatDoesNotExistIsNotFound(t *testing.T) {
	s := twoCentres(t)
	decision := ask(s.registrar, s.RecordPriorBloc, prior("jo", "B4")).GetDecisions()[0].GetName()
	hold := ask(s.registrar, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: "candidates/jo", Reason: "r"}).GetName()
	const k = "sessions/paris/candidacies/jo"
	lyon, noa, chair := s.registrar.of("LYON"), s.noa.of("LYON"), s.chair
	members := []string{"chair", "member"}
	s.refuses(s.written(),
		refusal{"GetSession", try(lyon, s.GetSession, &acquispb.GetSessionRequest{Name: "sessions/paris"}), "NOT_FOUND sessions/paris"},
		refusal{"UpdateSession", try(lyon, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: &acquispb.Session{Name: "sessions/paris", Etag: "1", DisplayName: "x"}}), "NOT_FOUND sessions/paris"},
		refusal{"CloseSession", try(lyon, s.CloseSession, &acquispb.CloseSessionRequest{Name: "sessions/paris"}), "NOT_FOUND sessions/paris"},
		refusal{"CancelSession", try(lyon, s.CancelSession, &acquispb.CancelSessionRequest{Name: "sessions/paris"}), "NOT_FOUND sessions/paris"},
		refusal{"ListCandidacies", try(lyon, s.ListCandidacies, &acquispb.ListCandidaciesRequest{Parent: "sessions/paris"}), "NOT_FOUND sessions/paris"},
		refusal{"CreateCandidacy there", try(lyon, s.CreateCandidacy, enrolment("paris", "camille", "B1")), "NOT_FOUND sessions/paris"},
		refusal{"CreateCandidacy of an enrolled candidate", try(lyon, s.CreateCandidacy, enrolment("lyon", "jo", "B1")), "NOT_FOUND candidates/jo"},
		refusal{"GetCandidacy", try(lyon, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: k}), "NOT_FOUND " + k},
		refusal{"WithdrawCandidacy", try(lyon, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: k}), "NOT_FOUND " + k},
		refusal{"RecordAssessments", try(noa, s.RecordAssessments, verdicts(k, met, "C3.1.1")), "NOT_FOUND " + k},
		refusal{"RetractAssessments", try(noa, s.RetractAssessments, &acquispb.RetractAssessmentsRequest{Candidacy: k, Criteria: []string{"C3.1.1"}}), "NOT_FOUND " + k},
		refusal{"SettleCriteria", try(chair, s.SettleCriteria, settle(k, "C3.1.1", met, "m")), "NOT_FOUND " + k},
		refusal{"GetGrid", try(chair, s.GetGrid, &acquispb.GetGridRequest{Name: k + "/grid"}), "NOT_FOUND " + k},
		refusal{"RequestAccommodation", try(lyon, s.RequestAccommodation, &acquispb.RequestAccommodationRequest{Candidacy: k, Kind: 1, Need: "n"}), "NOT_FOUND " + k},
		refusal{"ListAccommodations", try(noa, s.ListAccommodations, &acquispb.ListAccommodationsRequest{Parent: k}), "NOT_FOUND " + k},
		refusal{"AdviseExemption", try(s.advisor.of("LYON"), s.AdviseExemption, advise(k, "C3.1.1", true)), "NOT_FOUND " + k},
		refusal{"DecideExemption", try(chair, s.DecideExemption, exempt(k, "C3.1.1")), "NOT_FOUND " + k},
		refusal{"ListExemptions", try(chair, s.ListExemptions, &acquispb.ListExemptionsRequest{Parent: k}), "NOT_FOUND " + k},
		refusal{"Deliberate", try(chair, s.Deliberate, &acquispb.DeliberateRequest{Candidacy: k, GridEtag: "x", MembersPresent: members}), "NOT_FOUND " + k},
		refusal{"GetDeliberationRecord", try(chair, s.GetDeliberationRecord, &acquispb.GetDeliberationRecordRequest{Name: "sessions/paris/deliberationRecord"}), "NOT_FOUND sessions/paris"},
		refusal{"RectifyDecision", try(chair, s.RectifyDecision, rectification(decision, "paris", notCapitalised)), "NOT_FOUND sessions/paris"},
		refusal{"Award", try(chair, s.Award, &acquispb.AwardRequest{Name: capitalisationName("camille", "marketing"), Session: "sessions/paris", MembersPresent: members}), "NOT_FOUND sessions/paris"},
		refusal{"RecordPriorBloc", try(lyon, s.RecordPriorBloc, prior("jo", "B1")), "NOT_FOUND candidates/jo/capitalisations/marketing"},
		refusal{"GetCapitalisation", try(lyon, s.GetCapitalisation, &acquispb.GetCapitalisationRequest{Name: capitalisationName("jo", "marketing")}), "NOT_FOUND candidates/jo/capitalisations/marketing"},
		refusal{"GetDecision", try(lyon, s.GetDecision, &acquispb.GetDecisionRequest{Name: decision}), "NOT_FOUND " + decision},
		refusal{"GetDecisionProof", try(lyon, s.GetDecisionProof, &acquispb.GetDecisionProofRequest{Name: decision + "/proof"}), "NOT_FOUND " + decision},
		refusal{"IssueAttestation", try(lyon, s.IssueAttestation, &acquispb.IssueAttestationRequest{Decision: decision}), "NOT_FOUND " + decision},
		refusal{"ListDecisions", try(lyon, s.ListDecisions, &acquispb.ListDecisionsRequest{Parent: "candidates/jo"}), "NOT_FOUND candidates/jo"},
		refusal{"UpdateCandidate", try(lyon, s.UpdateCandidate, &acquispb.UpdateCandidateRequest{Candidate: &acquispb.Candidate{Name: "candidates/jo", Etag: "1", UsageName: "x"}}), "NOT_FOUND candidates/jo"},
		refusal{"DeclareTie", try(lyon, s.DeclareTie, &acquispb.DeclareTieRequest{Candidate: "candidates/jo", Subject: "x", Kind: 1}), "NOT_FOUND candidates/jo"},
		refusal{"PlaceHold", try(lyon, s.PlaceHold, &acquispb.PlaceHoldRequest{Candidate: "candidates/jo", Reason: "r"}), "NOT_FOUND candidates/jo"},
		refusal{"ReleaseHold", try(lyon, s.ReleaseHold, &acquispb.ReleaseHoldRequest{Name: hold}), "NOT_FOUND " + hold},
		refusal{"ListHolds", try(lyon, s.ListHolds, &acquispb.ListHoldsRequest{Parent: "candidates/jo"}), "NOT_FOUND candidates/jo"},
	)
	if got := ask(lyon, s.ListDecisions, &acquispb.ListDecisionsRequest{Parent: "candidates/-"}).GetDecisions(); got != nil {
		t.Errorf("decisions of Paris are listed in Lyon: %v", got)
	}
}

// TestCentreSeesWhoComes: a candidate exists for a key of one centre from the day
// of their enrolment there, and ids in other systems lead nowhere until then.
func TestCentreSeesWhoComes(t *testing.T) {
	s := twoCentres(t)
	given := someone("ana")
	given.ExternalIds = []*acquispb.Candidate_ExternalId{{System: "lms", Id: "7"}}
	ask(s.registrar, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: "ana", Candidate: given})
	lyon, lookup := s.registrar.of("LYON"), &acquispb.LookupCandidateRequest{System: "lms", Id: "7"}
	unknown := try(lyon, s.LookupCandidate, &acquispb.LookupCandidateRequest{System: "lms", Id: "8"})
	if got := try(lyon, s.LookupCandidate, lookup); got != unknown || unknown == "" {
		t.Errorf("a candidate who is not in Lyon gives %q, an unknown one %q", got, unknown)
	}
	s.enrol("lyon", "ana", "B1")
	for who, want := range map[*person]bool{&lyon: true, {t, s.registrar.of("PARIS").caller}: false} {
		if got := try(*who, s.LookupCandidate, lookup); (got == "") != want {
			t.Errorf("%s then: %q", who.caller.Centre, got)
		}
	}
}

// TestRolesReachAsFarAsTheSession: a subject who assesses in one session and sits
// on the jury of another is an assessor in the first, and sees no more than that.
func TestRolesReachAsFarAsTheSession(t *testing.T) {
	s, k := secretive(t)
	s.session("autre", func(given *acquispb.Session) { given.Jury[1].Subject = "noa" })
	both := s.as("noa", acquispb.Role_ASSESSOR, acquispb.Role_JURY)
	if got := tells(s.grid(both, k)); !slices.Equal(got, []string{"noa pense"}) {
		t.Errorf("of the grid they see %q", got)
	}
	if got := tells(ask(both, s.ListAccommodations, &acquispb.ListAccommodationsRequest{Parent: k})); !slices.Equal(got, []string{"un tiers temps"}) {
		t.Errorf("of accommodations they see %q", got)
	}
	ask(s.registrar, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: &acquispb.Session{
		Name: "sessions/juin", Etag: s.etag("sessions/juin"), Jury: append(aSession().GetJury(), &acquispb.JuryMember{Subject: "noa", DisplayName: "Noa"}),
	}})
	if got := tells(s.grid(both, k)); len(got) != 3 {
		t.Errorf("once they are on the jury they see %q", got)
	}
	ask(s.registrar, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: &acquispb.Session{
		Name: "sessions/juin", Etag: s.etag("sessions/juin"), Assessors: assessing("lea"),
	}})
	if got := ask(both, s.GetSession, &acquispb.GetSessionRequest{Name: "sessions/juin"}); !proto.Equal(got, ask(s.reader, s.GetSession, &acquispb.GetSessionRequest{Name: "sessions/juin"})) {
		t.Errorf("the session is shown as %v", got)
	}
}

// TestExternalIDsTellNothing: by giving an external id, a key of one centre learns
// nothing of candidates of another, and keeps no other from giving it; who sees all of
// them is told by name.
func TestExternalIDsTellNothing(t *testing.T) {
	s := twoCentres(t)
	ine := []*acquispb.Candidate_ExternalId{{System: "ine", Id: "1234567890A"}}
	create := func(who person, id string) string {
		given := someone(id)
		given.ExternalIds = ine
		return try(who, s.CreateCandidate, &acquispb.CreateCandidateRequest{CandidateId: id, Candidate: given})
	}
	lookup := func(who person) string {
		candidate, err := s.LookupCandidate(who.ctx(), &acquispb.LookupCandidateRequest{System: "ine", Id: "1234567890A"})
		if err != nil {
			return told(err)
		}
		return candidate.GetName()
	}
	lyon, paris, nice := s.registrar.of("LYON"), s.registrar.of("PARIS"), s.registrar.of("NICE")
	update := func(who person, id string, ids []*acquispb.Candidate_ExternalId, mask ...string) string {
		given := &acquispb.Candidate{Name: candidateName(id), Etag: s.etag(candidateName(id)), UsageName: "x" + who.caller.Centre, ExternalIds: ids}
		return try(who, s.UpdateCandidate, &acquispb.UpdateCandidateRequest{Candidate: given, UpdateMask: maskOf(mask)})
	}
	const taken = "ALREADY_EXISTS candidate.externalIds[0]"
	for _, c := range []struct{ what, got, want string }{
		{"Paris gives it", create(paris, "p"), ""},
		{"Lyon gives it", create(lyon, "l"), ""},
		{"Lyon gives it again", create(lyon, "m"), taken},
		{"who sees all gives it", create(s.registrar, "n"), taken},
		{"Paris finds", lookup(paris), "candidates/p"},
		{"Lyon finds", lookup(lyon), "candidates/l"},
		{"Nice finds", lookup(nice), "NOT_FOUND a candidate with this system and id"},
		{"who sees all finds", lookup(s.registrar), "EXTERNAL_ID_AMBIGUOUS of candidates/p, EXTERNAL_ID_AMBIGUOUS of candidates/l"},
		{"who sees all changes something else", update(s.registrar, "p", ine), ""},
		{"Lyon changes something else", update(lyon, "l", ine), ""},
		{"who sees all takes it from one", update(s.registrar, "p", nil, "external_ids"), ""},
		{"then they find", lookup(s.registrar), "candidates/l"},
		{"and Paris finds", lookup(paris), "NOT_FOUND a candidate with this system and id"},
		{"Paris gives it back", update(paris, "p", ine), ""},
		{"Lyon's is forgotten", try(s.registrar, s.ForgetCandidate, forget("l")), ""},
		{"which leaves", lookup(s.registrar), "candidates/p"},
	} {
		if c.got != c.want {
			t.Errorf("%s: told %q, not %q", c.what, c.got, c.want)
		}
	}
}
