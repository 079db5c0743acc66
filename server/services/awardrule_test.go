package services

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// withOptions has B1 and B2 needed by all, and B3 or B4 as an option.
func withOptions(given *acquispb.Referentiel) {
	for _, n := range []string{"2", "3", "4"} {
		more := petit().GetBlocs()[0]
		more.Code, more.Activities[0].Code = "B"+n, "A"+n
		c := more.GetCompetences()[0]
		c.Code = "C" + n + ".1"
		c.Criteria[0].Code, c.Criteria[1].Code = c.Code+".1", c.Code+".2"
		given.Blocs = append(given.Blocs, more)
	}
	given.Award = &acquispb.AwardRule{Options: []*acquispb.AwardRule_Option{
		{Code: "A", Title: "Cours collectifs", Blocs: []string{"B3"}},
		{Code: "B", Title: "Musculation", Blocs: []string{"B4"}},
	}}
}

// judgedAll has Léa find every criterion of the grid met.
func (s *stage) judgedAll(candidacy string) {
	s.Helper()
	request := &acquispb.RecordAssessmentsRequest{Candidacy: candidacy}
	for _, b := range s.grid(s.chair, candidacy).GetBlocs() {
		for _, c := range b.GetCompetences() {
			for _, k := range c.GetCriteria() {
				request.Assessments = append(request.Assessments, &acquispb.Assessment{Criterion: k.GetCode(), Verdict: met})
			}
		}
	}
	ask(s.lea, s.RecordAssessments, request)
}

// path is the request to enrol for the whole by an option.
func path(session, candidate, option string, chosen ...string) *acquispb.CreateCandidacyRequest {
	request := enrolment(session, candidate)
	request.Candidacy.Option, request.Candidacy.ChosenBlocs = option, chosen
	return request
}

// TestOptions: a candidacy names its option, the award and its attestation name it too, a
// second one is added later, and the ledger says what is missing until then.
func TestOptions(t *testing.T) {
	s := newStage(t)
	s.publish("petit", petit(withOptions))
	for _, id := range []string{"juin", "sept"} {
		s.session(id, func(given *acquispb.Session) { given.Referentiel = "referentiels/petit" })
	}
	s.candidate("camille")
	since := s.written()
	wrong := path("juin", "camille", "A")
	wrong.Candidacy.Scope, wrong.Candidacy.Blocs = acquispb.Candidacy_Scope_BLOCS, []string{"B1"}
	s.refuses(since,
		refusal{"no option", try(s.registrar, s.CreateCandidacy, path("juin", "camille", "")), "OPTION_NOT_NAMED at candidacy.option"},
		refusal{"an unknown option", try(s.registrar, s.CreateCandidacy, path("juin", "camille", "C")), "OPTION_UNKNOWN at candidacy.option"},
		refusal{"no choice", try(s.registrar, s.CreateCandidacy, path("juin", "camille", "A", "B1")), "BLOC_NOT_A_CHOICE at candidacy.chosenBlocs"},
		refusal{"blocs by an option", try(s.registrar, s.CreateCandidacy, wrong), "INVALID_FIELD at candidacy.option"},
	)
	k := ask(s.registrar, s.CreateCandidacy, path("juin", "camille", "A"))
	if k.GetOption() != "A" || !slices.Equal(k.GetPresentedBlocs(), []string{"B1", "B2", "B3"}) {
		t.Errorf("enrolled: %v", k)
	}
	s.judgedAll(k.GetName())
	answer := s.deliberated(k.GetName(), departure("B2", notCapitalised, "motif"))
	missing := answer.GetCapitalisation().GetCertification().GetMissing()
	if len(missing) != 1 || missing[0].GetRule() != "BLOC_MISSING" || missing[0].GetBloc() != "B2" {
		t.Errorf("missing: %v", missing)
	}
	answer = ask(s.chair, s.Deliberate, s.deliberation(func() string {
		k := ask(s.registrar, s.CreateCandidacy, path("sept", "camille", "B"))
		s.judgedAll(k.GetName())
		return k.GetName()
	}()))
	decisions := answer.GetDecisions() // B2, B4, and both options
	if len(decisions) != 4 || decisions[2].GetOption() != "A" || decisions[3].GetOption() != "B" || decisions[3].GetReasons()[0].GetOption() != "B" {
		t.Fatalf("decided: %v", decisions)
	}
	options := answer.GetCapitalisation().GetCertification().GetOptions()
	if len(options) != 2 || options[0].GetDecision() != decisions[2].GetName() || options[1].GetTitle() != "Musculation" {
		t.Errorf("options: %v", options)
	}
	attested := s.attest(decisions[3].GetName(), false)
	shown := ask(s.anybody, s.VerifyAttestation, &acquispb.VerifyAttestationRequest{Code: attested.GetCode()})
	if shown.GetOption() != "B" || shown.GetOptionTitle() != "Musculation" {
		t.Errorf("attested: %v", shown)
	}
	ask(s.chair, s.RectifyDecision, rectification(decisions[1].GetName(), "sept", notCapitalised))
	certification := ask(s.reader, s.GetCapitalisation, &acquispb.GetCapitalisationRequest{Name: capitalisationName("camille", "petit")}).GetCertification()
	if certification.GetDecision() != decisions[2].GetName() || certification.GetOptions()[1].GetDecision() != "" || certification.GetOptions()[1].GetMissing()[0].GetBloc() != "B4" {
		t.Errorf("after a rectification: %v", certification)
	}
}

// withDays needs 90 days in a company, and with a defence besides if there is one.
func withDays(given *acquispb.Referentiel) {
	given.Award = &acquispb.AwardRule{Requirements: []*acquispb.AwardRule_Requirement{
		{Code: "DAYS", Title: "Jours en entreprise", Kind: acquispb.AwardRule_Requirement_Kind_PROOF, AtLeast: proto.Int32(90)},
	}}
}

func withDefence(given *acquispb.Referentiel) {
	withDays(given)
	given.Award.Requirements = append(given.Award.Requirements, &acquispb.AwardRule_Requirement{
		Code: "SOUT", Title: "Soutenance", Kind: acquispb.AwardRule_Requirement_Kind_EPREUVE,
		Method:   &acquispb.AssessmentMethod{Kind: acquispb.AssessmentMethod_Kind_OTHER, Title: "Soutenance"},
		Criteria: []*acquispb.Criterion{{Code: "SOUT.1", Statement: "Défendre"}},
	})
}

func days(candidate string, amount int32) *acquispb.RecordRequirementRequest {
	return &acquispb.RecordRequirementRequest{Name: capitalisationName(candidate, "jours"), Requirement: "DAYS", Amount: amount, Proof: "attestation"}
}

// TestRequirements: a defence stands in the grid, is decided and held, and is not attested;
// days in a company add up; neither is a bloc, and the award waits for both.
func TestRequirements(t *testing.T) {
	s := newStage(t)
	s.publish("jours", petit(withDefence))
	s.session("juin", func(given *acquispb.Session) { given.Referentiel = "referentiels/jours" })
	k := ask(s.registrar, s.CreateCandidacy, func() *acquispb.CreateCandidacyRequest {
		s.candidate("camille")
		return enrolment("juin", "camille")
	}())
	if !slices.Equal(k.GetPresentedBlocs(), []string{"B1"}) || !slices.Equal(k.GetPresentedRequirements(), []string{"SOUT"}) {
		t.Errorf("enrolled: %v", k)
	}
	shown := s.grid(s.chair, k.GetName()).GetRequirements()
	if len(shown) != 1 || shown[0].GetStatement() != "Soutenance" || shown[0].GetOutcome() != acquispb.Outcome_PENDING || shown[0].GetMethod().GetTitle() != "Soutenance" {
		t.Errorf("the grid has %v", shown)
	}
	if seen := s.grid(s.lea, k.GetName()).GetRequirements(); seen[0].GetOutcome() != 0 {
		t.Errorf("an assessor sees %v", seen)
	}
	s.judgedAll(k.GetName())
	ask(s.lea, s.RecordAssessments, verdicts(k.GetName(), met, "SOUT.1"))
	answer := s.deliberated(k.GetName())
	decided := answer.GetDecisions()
	if len(decided) != 2 || decided[1].GetKind() != acquispb.Decision_Kind_REQUIREMENT || decided[1].GetRequirement() != "SOUT" ||
		decided[1].GetBloc() != "" || decided[1].GetOutcome() != acquispb.Decision_Outcome_FULFILLED {
		t.Fatalf("decided: %v", decided)
	}
	missing := answer.GetCapitalisation().GetCertification().GetMissing()
	if len(missing) != 1 || missing[0].GetRequirement() != "DAYS" || missing[0].GetRequired() != 90 {
		t.Errorf("missing: %v", missing)
	}
	ask(s.registrar, s.RecordRequirement, days("camille", 89))
	since := s.written()
	sit := &acquispb.AwardRequest{Name: capitalisationName("camille", "jours"), Session: "sessions/juin", MembersPresent: []string{"chair", "member"}}
	s.refuses(since,
		refusal{"an award too early", try(s.chair, s.Award, sit), "REQUIREMENT_NOT_FULFILLED of requirement DAYS"},
		refusal{"no number", try(s.registrar, s.RecordRequirement, days("camille", 0)), "AMOUNT_MISMATCH at amount"},
		refusal{"an attestation", try(s.registrar, s.IssueAttestation, &acquispb.IssueAttestationRequest{Decision: decided[1].GetName()}), "NOTHING_TO_ATTEST"},
	)
	recorded := ask(s.registrar, s.RecordRequirement, days("camille", 1))
	if d := recorded.GetDecisions()[0]; d.GetKind() != acquispb.Decision_Kind_PROOF || d.GetAmount() != 1 || d.GetProof() != "attestation" {
		t.Errorf("recorded: %v", d)
	}
	status := recorded.GetCapitalisation().GetRequirements()[0]
	if status.GetStatus() != acquispb.Capitalisation_RequirementStatus_Status_FULFILLED || status.GetReached() != 90 || status.GetTitle() != "Jours en entreprise" {
		t.Errorf("the ledger has %v", status)
	}
	if got := recorded.GetCapitalisation().GetCertification().GetStatus(); got != acquispb.Capitalisation_CertificationStatus_Status_COMPLETE {
		t.Errorf("the registrar's act left it %v", got)
	}
	if awarded := ask(s.chair, s.Award, sit).GetDecisions(); len(awarded) != 1 || awarded[0].GetOutcome() != acquispb.Decision_Outcome_AWARDED {
		t.Errorf("awarded: %v", awarded)
	}
}
