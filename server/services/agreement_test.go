package services

import (
	"testing"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// bySides has tutor and evaluator assess one criterion by weights and another together, and
// employers and employees be as many on the jury.
func bySides(given *acquispb.Referentiel) {
	given.AssessorQualities = []*acquispb.AssessorQuality{{Code: "tuteur", Title: "Tuteur"}, {Code: "pro", Title: "Évaluateur"}}
	given.Rules = &acquispb.Rules{
		CompetenceThresholdPercent: proto.Int32(70), MinAssessors: proto.Int32(2),
		Agreement: &acquispb.Agreement{Kind: acquispb.Agreement_Kind_WEIGHTED, Weights: []*acquispb.Agreement_Weight{
			{Quality: "tuteur", Percent: proto.Int32(20)}, {Quality: "pro", Percent: proto.Int32(80)},
		}},
		Jury: &acquispb.JuryRule{Chair: acquispb.JuryRule_Chair_NONE, Colleges: []*acquispb.JuryRule_College{
			{Code: "E", Title: "Employeurs", Parity: true}, {Code: "S", Title: "Salariés", Parity: true},
		}},
	}
	b := given.GetBlocs()[0]
	together := proto.CloneOf(b.GetCompetences()[0])
	together.Code, together.Agreement = "C1.2", &acquispb.Agreement{Kind: acquispb.Agreement_Kind_JOINT}
	together.Criteria = []*acquispb.Criterion{{Code: "C1.2.1", Statement: "Ensemble"}}
	b.Competences = append(b.Competences, together)
}

// TestSides: qualities of assessors weigh what they find, those who assess together see each
// other, and a jury acts with all its sides; the minutes say who sat for whom.
func TestSides(t *testing.T) {
	s := newStage(t)
	s.publish("petit", petit(bySides))
	s.session("cqp", func(given *acquispb.Session) {
		given.Referentiel = "referentiels/petit"
		given.Assessors = []*acquispb.SessionAssessor{{Subject: "lea", Quality: "tuteur"}, {Subject: "noa"}}
		given.Jury[0].Chair, given.Jury[0].College = false, "E"
		given.Jury[0].Quality, given.Jury[0].Profession, given.Jury[0].Organisation = "Titulaire", "Boulangère", "Fédération"
	})
	k := s.enrolled("cqp", "camille", "B1")
	record := func(who person, verdict acquispb.Verdict_Enum, criteria ...string) string {
		return try(who, s.RecordAssessments, verdicts(k, verdict, criteria...))
	}
	given := func(who person, verdict acquispb.Verdict_Enum, criteria ...string) {
		t.Helper()
		ask(who, s.RecordAssessments, verdicts(k, verdict, criteria...))
	}
	update := func(change *acquispb.Session) string {
		change.Name, change.Etag = "sessions/cqp", s.etag("sessions/cqp")
		return try(s.registrar, s.UpdateSession, &acquispb.UpdateSessionRequest{Session: change})
	}
	s.refuses(s.written(),
		refusal{"who has no quality", record(s.noa, met, "C1.2.1", "C1.1.2"), "ASSESSOR_UNQUALIFIED of criterion C1.1.2"},
		refusal{"an unknown quality", update(&acquispb.Session{Assessors: []*acquispb.SessionAssessor{{Subject: "lea"}, {Subject: "noa", Quality: "chef"}}}),
			"QUALITY_UNKNOWN at session.assessors[1].quality"},
		refusal{"an unknown college", update(&acquispb.Session{Jury: []*acquispb.JuryMember{{Subject: "chair", DisplayName: "x", College: "X"}}}),
			"COLLEGE_UNKNOWN at session.jury[0].college"},
	)
	if got := record(s.noa, met, "C1.2.1"); got != "" {
		t.Errorf("assessed together, in no quality: %s", got)
	}
	if got := update(&acquispb.Session{Assessors: []*acquispb.SessionAssessor{{Subject: "lea", Quality: "tuteur"}, {Subject: "noa", Quality: "pro"}}}); got != "" {
		t.Fatal(got)
	}
	criterion := func(who person, c, k2 int) *acquispb.Grid_GridCriterion {
		return s.grid(who, k).GetBlocs()[0].GetCompetences()[c].GetCriteria()[k2]
	}
	before := s.grid(s.lea, k).GetEtag()
	given(s.noa, met, "C1.1.2")
	if after := s.grid(s.lea, k).GetEtag(); after != before {
		t.Error("an assessor can tell that another assessed alone")
	}
	given(s.noa, met, "C1.2.1")
	if after := s.grid(s.lea, k).GetEtag(); after == before {
		t.Error("an assessor cannot tell that another assessed what they assess together")
	}
	if seen := criterion(s.lea, 1, 0); len(seen.GetAssessments()) != 1 || seen.GetAssessments()[0].GetQuality() != "pro" || seen.GetStatus() != 0 {
		t.Errorf("of what they assess together, another assessor sees %v", seen)
	}
	if seen := criterion(s.lea, 0, 1); len(seen.GetAssessments()) != 0 {
		t.Errorf("of what they assess alone, another assessor sees %v", seen)
	}
	given(s.lea, met, "C1.2.1", "C1.1.1")
	given(s.lea, notMet, "C1.1.2")
	given(s.noa, met, "C1.1.1")
	weighed := criterion(s.chair, 0, 1)
	if weighed.GetStatus() != acquispb.CriterionStatus_ASSESSED || weighed.GetPoints() != "80" || weighed.GetReasons()[0].GetRule() != "WEIGHTED_ASSESSORS" ||
		weighed.GetReasons()[0].GetAmount().GetReached() != "80" {
		t.Errorf("weighed: %v", weighed)
	}
	if together := criterion(s.chair, 1, 0); together.GetStatus() != acquispb.CriterionStatus_MET || together.GetReasons()[0].GetRule() != "ASSESSED_TOGETHER" {
		t.Errorf("together: %v", together)
	}
	s.actsBySides(k, update)
}

// actsBySides has the jury deliberate without one of its sides, and then with both.
func (s *stage) actsBySides(k string, update func(*acquispb.Session) string) {
	s.Helper()
	s.refuses(s.written(), refusal{"one side", try(s.chair, s.Deliberate, s.deliberation(k)), "JURY_LACKS_COLLEGE of jury of session cqp, JURY_NOT_PARITARY of jury of session cqp"})
	jury := s.session("other").GetJury()
	jury[0].College, jury[1].College = "E", "S"
	jury[0].Quality, jury[0].Profession, jury[0].Organisation = "Titulaire", "Boulangère", "Fédération"
	if got := update(&acquispb.Session{Jury: jury}); got != "" {
		s.Fatal(got)
	}
	decision := s.deliberated(k).GetDecisions()[0]
	sat := decision.GetMembersPresent()[0]
	if decision.GetOutcome() != capitalised || sat.GetCollege() != "E" || sat.GetQuality() != "Titulaire" || sat.GetProfession() != "Boulangère" || sat.GetOrganisation() != "Fédération" {
		s.Errorf("decided: %v", decision)
	}
}
