package services

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// criterion finds a criterion in a grid.
func criterion(t testing.TB, grid *acquispb.Grid, code string) *acquispb.Grid_GridCriterion {
	t.Helper()
	for _, bloc := range grid.GetBlocs() {
		for _, competence := range bloc.GetCompetences() {
			for _, k := range competence.GetCriteria() {
				if k.GetCode() == code {
					return k
				}
			}
		}
	}
	t.Fatalf("the grid has no criterion %s", code)
	return nil
}

func settle(candidacy, criterion string, verdict acquispb.Verdict_Enum, motive string) *acquispb.SettleCriteriaRequest {
	return &acquispb.SettleCriteriaRequest{Candidacy: candidacy, Settlements: []*acquispb.Settlement{
		{Criterion: criterion, Verdict: verdict, Motive: motive},
	}}
}

// TestVerdictsAreRecorded: the latest verdict of an assessor counts, with its
// comment; a platform records for teachers, and both names are kept.
func TestVerdictsAreRecorded(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	first := ask(s.lea, s.RecordAssessments, &acquispb.RecordAssessmentsRequest{Candidacy: k, Assessments: []*acquispb.Assessment{
		{Criterion: "C3.1.2", Verdict: notMet, Comment: "rien vu"}, {Criterion: "C3.1.1", Verdict: partiallyMet},
	}}).GetAssessments()
	want := []*acquispb.Assessment{
		{Criterion: "C3.1.2", Verdict: notMet, Comment: "rien vu", Assessor: "lea", Recorder: "lea"},
		{Criterion: "C3.1.1", Verdict: partiallyMet, Assessor: "lea", Recorder: "lea"},
	}
	if diff := cmp.Diff(want, first, protocmp.Transform(), protocmp.IgnoreFields(want[0], "record_time")); diff != "" {
		t.Errorf("what Léa said:\n%s", diff)
	}
	platform := s.as("platform", acquispb.Role_ASSESSOR).speaking()
	spoken := verdicts(k, met, "C3.1.2")
	spoken.Assessor = "lea"
	second := ask(platform, s.RecordAssessments, spoken).GetAssessments()[0]
	if second.GetAssessor() != "lea" || second.GetRecorder() != "platform" || second.GetVerdict() != met || second.GetComment() != "" ||
		!second.GetRecordTime().AsTime().After(first[0].GetRecordTime().AsTime()) {
		t.Errorf("what the platform said for Léa: %v", second)
	}
	own := verdicts(k, notMet, "C3.1.2")
	own.Assessor = "platform" // a delegate may assess as well
	ask(platform, s.RecordAssessments, own)
	shown := criterion(t, s.grid(s.chair, k), "C3.1.2")
	if diff := cmp.Diff(second, shown.GetAssessments()[0], protocmp.Transform()); diff != "" || len(shown.GetAssessments()) != 2 {
		t.Errorf("the grid shows %v", shown)
	}
	if got := criterion(t, s.grid(s.chair, k), "C3.1.1"); got.GetStatus() != acquispb.CriterionStatus_PARTIALLY_MET || got.GetAssessments()[0].GetComment() != "" {
		t.Errorf("what was said once is %v", got)
	}
	exported := s.export(s.registrar, "camille").GetCandidacies()[0].GetAssessments()
	if len(exported) != 4 || exported[0].GetComment() != "rien vu" || exported[2].GetRecorder() != "platform" {
		t.Errorf("all that was ever said: %v", exported)
	}
}

// TestVerdictsAreRetracted: retracted verdicts of an assessor no longer count,
// their others do.
func TestVerdictsAreRetracted(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	s.judged(s.lea, k, met, "B3")
	before := s.grid(s.chair, k)
	taken := ask(s.lea, s.RetractAssessments, &acquispb.RetractAssessmentsRequest{Candidacy: k, Criteria: []string{"C3.1.2", "C3.1.1"}}).GetAssessments()
	want := []*acquispb.Assessment{
		{Criterion: "C3.1.2", Assessor: "lea", Recorder: "lea"}, {Criterion: "C3.1.1", Assessor: "lea", Recorder: "lea"},
	}
	if diff := cmp.Diff(want, taken, protocmp.Transform(), protocmp.IgnoreFields(want[0], "record_time")); diff != "" {
		t.Errorf("after the retraction:\n%s", diff)
	}
	grid := s.grid(s.chair, k)
	if grid.GetEtag() == before.GetEtag() {
		t.Error("the grid has the etag that it had before")
	}
	for code, want := range map[string]acquispb.CriterionStatus_Enum{
		"C3.1.1": acquispb.CriterionStatus_PENDING, "C3.1.2": acquispb.CriterionStatus_PENDING, "C3.1.3": acquispb.CriterionStatus_MET,
	} {
		if got := criterion(t, grid, code); got.GetStatus() != want || (len(got.GetAssessments()) == 0) != (want == acquispb.CriterionStatus_PENDING) {
			t.Errorf("%s is %v", code, got)
		}
	}
	platform := s.as("platform", acquispb.Role_ASSESSOR).speaking()
	said := verdicts(k, partiallyMet, "C3.1.3")
	said.Assessor = "lea"
	ask(platform, s.RecordAssessments, said)
	for_ := ask(platform, s.RetractAssessments, &acquispb.RetractAssessmentsRequest{Candidacy: k, Criteria: []string{"C3.1.3"}, Assessor: "lea"}).GetAssessments()
	if for_[0].GetAssessor() != "lea" || for_[0].GetRecorder() != "platform" {
		t.Errorf("what the platform retracted for Léa: %v", for_)
	}
	retract := func(who person, assessor string, criteria ...string) string {
		return try(who, s.RetractAssessments, &acquispb.RetractAssessmentsRequest{Candidacy: k, Criteria: criteria, Assessor: assessor})
	}
	s.refuses(s.written(),
		refusal{"what was taken back", retract(s.lea, "", "C3.1.4", "C3.1.2"), "NOTHING_TO_RETRACT of criterion C3.1.2"},
		refusal{"what another said", retract(s.noa, "", "C3.1.4"), "NOTHING_TO_RETRACT of criterion C3.1.4"},
		refusal{"for another, without being a delegate", retract(s.noa, "lea", "C3.1.4"), "NOT_DELEGATE"},
		refusal{"for another, what they said themselves", retract(platform, "lea", "C3.1.4"), "NOTHING_TO_RETRACT of criterion C3.1.4"},
		refusal{"for another, what nobody said", retract(platform, "noa", "C3.1.4"), "NOTHING_TO_RETRACT of criterion C3.1.4"},
		refusal{"a criterion that does not exist", retract(s.lea, "", "C3.1.4", "C9.9.9"), "CRITERION_UNKNOWN at criteria[1]"},
		refusal{"of nobody", try(s.lea, s.RetractAssessments, &acquispb.RetractAssessmentsRequest{Candidacy: "sessions/juin/candidacies/nobody", Criteria: []string{"C3.1.4"}}),
			"NOT_FOUND sessions/juin/candidacies/nobody"},
	)
}

// TestVerdictsAreRefused: nobody can assess what is not presented, for others
// without permission, or too late; and one bad line refuses the whole call.
func TestVerdictsAreRefused(t *testing.T) {
	s := newStage(t)
	s.session("juin", func(given *acquispb.Session) { given.Assessors = assessing("lea") })
	k := s.enrolled("juin", "camille", "B3")
	decided := s.enrolled("juin", "sacha", "B3")
	s.judged(s.lea, decided, met, "B3")
	s.deliberated(decided)
	record := func(who person, candidacy, assessor string, criteria ...string) string {
		request := verdicts(candidacy, met, criteria...)
		request.Assessor = assessor
		return try(who, s.RecordAssessments, request)
	}
	platform := s.as("platform", acquispb.Role_ASSESSOR).speaking()
	s.refuses(s.written(),
		refusal{"a criterion that does not exist", record(s.lea, k, "", "C3.1.1", "C9.9.9", "C3.1.2"), "CRITERION_UNKNOWN at assessments[1].criterion"},
		refusal{"a bloc that is not presented", record(s.lea, k, "", "C3.1.1", "C1.1.1"), "CRITERION_NOT_PRESENTED at assessments[1].criterion"},
		refusal{"for another, without being a delegate", record(s.lea, k, "noa", "C3.1.1"), "NOT_DELEGATE"},
		refusal{"for somebody who is not listed", record(platform, k, "noa", "C3.1.1"), "ASSESSOR_NOT_LISTED"},
		refusal{"as a platform that is not listed", record(platform, k, "", "C3.1.1"), "ASSESSOR_NOT_LISTED"},
		refusal{"as somebody who is not listed", record(s.noa, k, "", "C3.1.1"), "NOT_FOUND " + k},
		refusal{"of nobody", record(s.lea, "sessions/juin/candidacies/nobody", "", "C3.1.1"), "NOT_FOUND sessions/juin/candidacies/nobody"},
		refusal{"on what is decided", record(s.lea, decided, "", "C3.1.1"), "CANDIDACY_NOT_ENROLLED of candidacy juin/sacha"},
		refusal{"retracted for somebody who is not listed", try(platform, s.RetractAssessments, &acquispb.RetractAssessmentsRequest{
			Candidacy: k, Criteria: []string{"C3.1.1"}, Assessor: "noa",
		}), "ASSESSOR_NOT_LISTED"},
	)
	if got := record(platform, k, "member", "C3.1.1") + record(s.chair, k, "", "C3.1.1"); got != "" {
		t.Errorf("members of the jury assess as well: %s", got)
	}
}

// TestContestIsSettled: the jury settles what assessors disagree on; a member who
// decides the same confirms it, one who decides otherwise replaces it.
func TestContestIsSettled(t *testing.T) {
	s := newStage(t)
	s.session("juin")
	k := s.enrolled("juin", "camille", "B3")
	s.judged(s.lea, k, met, "B3")
	ask(s.noa, s.RecordAssessments, verdicts(k, notMet, "C3.1.1", "C3.1.2"))
	if got := criterion(t, s.grid(s.chair, k), "C3.1.1"); got.GetStatus() != acquispb.CriterionStatus_CONTESTED || got.GetSettlement() != nil {
		t.Errorf("before, it is %v", got)
	}
	contested := s.deliberation(k)
	if got := try(s.chair, s.Deliberate, contested); got != "BLOC_CONTESTED of bloc B3" {
		t.Errorf("a contested bloc is decided: %q", got)
	}
	request := again(settle(k, "C3.1.1", met, "vu au dossier"), requestID("chair"))
	first := ask(s.chair, s.SettleCriteria, request).GetSettlements()
	want := []*acquispb.Settlement{{Criterion: "C3.1.1", Verdict: met, Motive: "vu au dossier", Authors: []string{"chair"}}}
	if diff := cmp.Diff(want, first, protocmp.Transform(), protocmp.IgnoreFields(want[0], "settle_time")); diff != "" || first[0].GetSettleTime() == nil {
		t.Errorf("what was settled: %v\n%s", first, diff)
	}
	confirmed := ask(s.member, s.SettleCriteria, settle(k, "C3.1.1", met, "moi aussi")).GetSettlements()[0]
	shown := criterion(t, s.grid(s.chair, k), "C3.1.1")
	if same := ask(s.chair, s.SettleCriteria, request).GetSettlements()[0]; !slices.Equal(same.GetAuthors(), confirmed.GetAuthors()) || same.GetMotive() != "vu au dossier" {
		t.Errorf("the first settlement, asked for again once it was confirmed: %v", same)
	}
	if !slices.Equal(slices.Sorted(slices.Values(confirmed.GetAuthors())), []string{"chair", "member"}) || confirmed.GetMotive() != "moi aussi" {
		t.Errorf("what was confirmed: %v", confirmed)
	}
	if diff := cmp.Diff(confirmed, shown.GetSettlement(), protocmp.Transform()); diff != "" || shown.GetStatus() != acquispb.CriterionStatus_MET {
		t.Errorf("the grid shows %v", shown)
	}
	replaced := ask(s.member, s.SettleCriteria, settle(k, "C3.1.1", notMet, "tout bien pesé")).GetSettlements()[0]
	if shown := criterion(t, s.grid(s.chair, k), "C3.1.1"); shown.GetStatus() != acquispb.CriterionStatus_NOT_MET ||
		!slices.Equal(replaced.GetAuthors(), []string{"member"}) || !slices.Equal(shown.GetSettlement().GetAuthors(), []string{"member"}) {
		t.Errorf("what was replaced: %v, shown as %v", replaced, shown)
	}
	repeated := ask(s.chair, s.SettleCriteria, request).GetSettlements()
	if diff := cmp.Diff(first, repeated, protocmp.Transform()); diff != "" {
		t.Errorf("the first settlement, asked for again after it was replaced:\n%s", diff)
	}
	ask(s.registrar, s.DeclareTie, &acquispb.DeclareTieRequest{Candidate: "candidates/camille", Subject: "chair", Kind: acquispb.Tie_Kind_RELATIVE})
	s.refuses(s.written(),
		refusal{"what nobody disputes", try(s.member, s.SettleCriteria, settle(k, "C3.2.1", met, "m")), "CRITERION_NOT_CONTESTED of criterion C3.2.1"},
		refusal{"a criterion that does not exist", try(s.member, s.SettleCriteria, settle(k, "C9.9.9", met, "m")), "CRITERION_UNKNOWN at settlements[0].criterion"},
		refusal{"by a member who is tied", try(s.chair, s.SettleCriteria, settle(k, "C3.1.2", met, "m")), "MEMBER_TIED of member chair"},
		refusal{"of nobody", try(s.member, s.SettleCriteria, settle("sessions/juin/candidacies/nobody", "C3.1.2", met, "m")), "NOT_FOUND sessions/juin/candidacies/nobody"},
	)
}
