package services

import (
	"testing"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// inMarks has the two criteria of a référentiel assessed by marks out of 20, of which the
// first counts three times.
func inMarks(given *acquispb.Referentiel) {
	given.Scales = []*acquispb.Scale{{Code: "note", Title: "Note", Marks: &acquispb.Scale_Marks{Min: "0", Max: "20", Step: "0.5"}}}
	given.Rules = &acquispb.Rules{Scale: "note", BlocGate: &acquispb.Gate{Mean: &acquispb.Gate_Mean{Threshold: "10"}}}
	c := given.GetBlocs()[0].GetCompetences()[0]
	c.Gate = &acquispb.Gate{Mean: &acquispb.Gate_Mean{Threshold: "10"}, Floor: "7"}
	c.Criteria[0].Weight = proto.Int32(3)
	c.Criteria = append(c.Criteria, &acquispb.Criterion{Code: "C1.1.3", Statement: "Trois"})
}

// TestMarks: a mark is recorded, shown, taken back and settled as a verdict is; its mean
// decides, and stands in the grid and in the decision, exactly.
func TestMarks(t *testing.T) {
	s := newStage(t)
	s.publish("petit", petit(inMarks))
	s.session("notes", func(given *acquispb.Session) { given.Referentiel = "referentiels/petit" })
	k := s.enrolled("notes", "camille", "B1")
	give := func(who person, marks ...string) []*acquispb.Assessment {
		request := &acquispb.RecordAssessmentsRequest{Candidacy: k}
		for i, mark := range marks {
			if mark != "" {
				request.Assessments = append(request.Assessments, &acquispb.Assessment{Criterion: []string{"C1.1.1", "C1.1.2", "C1.1.3"}[i], Mark: mark})
			}
		}
		return ask(who, s.RecordAssessments, request).GetAssessments()
	}
	recorded := give(s.lea, "10.5", "9", "9")
	if recorded[0].GetMark() != "10.5" || recorded[0].GetVerdict() != 0 || recorded[0].GetLevel() != "" {
		t.Errorf("recorded: %v", recorded)
	}
	give(s.noa, "", "12", "")
	since := s.written()
	s.refuses(since,
		refusal{"a verdict", try(s.lea, s.RecordAssessments, verdicts(k, met, "C1.1.1")), "OFF_SCALE at assessments[0].verdict"},
		refusal{"a settlement by a verdict", try(s.chair, s.SettleCriteria, settle(k, "C1.1.2", met, "vu")), "OFF_SCALE at settlements[0].verdict"},
	)
	if got := s.grid(s.chair, k).GetBlocs()[0]; got.GetOutcome() != acquispb.Outcome_CONTESTED {
		t.Errorf("two marks on one criterion leave the bloc %v", got.GetOutcome())
	}
	request := settle(k, "C1.1.2", 0, "vu")
	request.Settlements[0].Mark = "8.5"
	if settled := ask(s.chair, s.SettleCriteria, request).GetSettlements()[0]; settled.GetMark() != "8.5" || settled.GetVerdict() != 0 {
		t.Errorf("settled: %v", settled)
	}
	bloc := s.grid(s.chair, k).GetBlocs()[0]
	criterion := bloc.GetCompetences()[0].GetCriteria()[1]
	if criterion.GetStatus() != acquispb.CriterionStatus_ASSESSED || criterion.GetMark() != "8.5" || criterion.GetSettlement().GetMark() != "8.5" || criterion.GetAssessments()[1].GetMark() != "12" {
		t.Errorf("the grid has %v", criterion)
	}
	// (3 × 10.5 + 8.5 + 9) / 5 = 9.8
	mean := bloc.GetCompetences()[0].GetReasons()[0]
	if mean.GetRule() != "MEAN_MISSED" || mean.GetAmount().GetReached() != "9.8" || mean.GetAmount().GetLimit() != "10" || mean.GetAmount().GetWeights() != 5 {
		t.Errorf("the mean is told as %v", mean)
	}
	if seen := s.grid(s.lea, k).GetBlocs()[0].GetCompetences()[0].GetCriteria()[1]; seen.GetMark() != "" || seen.GetStatus() != 0 || len(seen.GetAssessments()) != 1 {
		t.Errorf("an assessor sees %v", seen)
	}
	ask(s.noa, s.RetractAssessments, &acquispb.RetractAssessmentsRequest{Candidacy: k, Criteria: []string{"C1.1.2"}})
	give(s.lea, "", "10", "")
	decision := s.deliberated(k).GetDecisions()[0] // (31.5 + 10 + 9) / 5 = 10.1
	if decision.GetOutcome() != capitalised || decision.GetReasons()[0].GetAmount().GetReached() != "10.1" {
		t.Errorf("decided: %v", decision)
	}
}
