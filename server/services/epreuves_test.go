package services

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// byUnits has a bloc in which two épreuves are assessed, one of them as a whole by a mark.
func byUnits(given *acquispb.Referentiel) {
	given.Scales = []*acquispb.Scale{{Code: "note", Title: "Note", Pass: "10", Marks: &acquispb.Scale_Marks{Min: "0", Max: "20", Step: "0.5"}}}
	method := &acquispb.AssessmentMethod{Kind: acquispb.AssessmentMethod_Kind_OTHER, Title: "Examen"}
	given.Blocs = append(given.Blocs, &acquispb.Bloc{
		Code: "B2", Title: "Compter",
		Competences: []*acquispb.Competence{{Code: "C2.1", Statement: "Additionner"}},
		Epreuves: []*acquispb.Epreuve{
			{Code: "E1", Title: "Écrit", Method: method, Competences: []string{"C2.1"}, Criteria: []*acquispb.Criterion{{Code: "E1.1", Statement: "La somme est juste"}}},
			{Code: "E2", Title: "Oral", Method: method, Competences: []string{"C2.1"}, Scale: "note", MinAssessors: proto.Int32(2)},
		},
	})
}

// TestVariants: the method in force follows the route, the number of blocs and the attempt at
// enrolment; grid and minutes show it.
func TestVariants(t *testing.T) {
	s := newStage(t)
	method := func(title string) *acquispb.AssessmentMethod {
		return &acquispb.AssessmentMethod{Kind: acquispb.AssessmentMethod_Kind_OTHER, Title: title}
	}
	s.publish("petit", petit(byUnits, func(given *acquispb.Referentiel) {
		given.Blocs[1].Epreuves[0].Variants = []*acquispb.Variant{
			{When: &acquispb.Variant_When{Attempt: acquispb.Attempt_RESIT}, Method: method("Rattrapage")},
			{When: &acquispb.Variant_When{AccessRoutes: []acquispb.Candidacy_AccessRoute_Enum{acquispb.Candidacy_AccessRoute_CONTINUING_TRAINING}}, Method: method("Contrôle continu")},
		}
		given.Blocs[0].Competences[0].Variants = []*acquispb.Variant{{When: &acquispb.Variant_When{SingleBloc: true}, Method: method("Dossier")}}
	}))
	for _, session := range []string{"mai", "juin"} {
		s.session(session, func(given *acquispb.Session) { given.Referentiel = "referentiels/petit" })
	}
	first := s.enrolled("mai", "camille", "B1", "B2")
	titles := func(session string) (titles []string) {
		record := ask(s.chair, s.GetDeliberationRecord, &acquispb.GetDeliberationRecordRequest{Name: "sessions/" + session + "/deliberationRecord"})
		for _, m := range record.GetEntries()[0].GetMethods() {
			titles = append(titles, m.GetBloc()+" "+m.GetCompetence()+m.GetEpreuve()+" "+m.GetTitle())
		}
		return titles
	}
	normal := petit().GetBlocs()[0].GetCompetences()[0].GetMethod().GetTitle()
	if got, want := titles("mai"), []string{"B1 C1.1 " + normal, "B2 E1 Contrôle continu", "B2 E2 Examen"}; !slices.Equal(got, want) {
		t.Errorf("the minutes have %q, not %q", got, want)
	}
	if got := s.grid(s.lea, first).GetBlocs()[1].GetEpreuves()[0].GetMethod().GetTitle(); got != "Contrôle continu" {
		t.Errorf("the grid has %q", got)
	}
	ask(s.registrar, s.WithdrawCandidacy, &acquispb.WithdrawCandidacyRequest{Name: first, Blocs: []string{"B1"}})
	ask(s.lea, s.RecordAssessments, verdicts(first, notMet, "E1.1"))
	for _, who := range []person{s.lea, s.noa} {
		ask(who, s.RecordAssessments, &acquispb.RecordAssessmentsRequest{Candidacy: first, Assessments: []*acquispb.Assessment{{Criterion: "E2", Mark: "9"}}})
	}
	s.deliberated(first)
	again := s.enrol("juin", "camille", "B2")
	if got := ask(s.registrar, s.GetCandidacy, &acquispb.GetCandidacyRequest{Name: again}).GetResitBlocs(); !slices.Equal(got, []string{"B2"}) {
		t.Errorf("blocs presented again: %v", got)
	}
	if got := s.grid(s.lea, again).GetBlocs()[0].GetEpreuves()[0].GetMethod().GetTitle(); got != "Rattrapage" {
		t.Errorf("the second time, the grid has %q", got)
	}
}

// TestEpreuves: épreuves are found, accommodated, assessed and decided, under their codes.
func TestEpreuves(t *testing.T) {
	s := newStage(t)
	s.publish("petit", petit(byUnits))
	s.session("unites", func(given *acquispb.Session) { given.Referentiel = "referentiels/petit" })
	k := s.enrolled("unites", "camille", "B2")
	found := ask(s.lea, s.SearchReferentiels, &acquispb.SearchReferentielsRequest{Query: "oral"}).GetResults()
	if len(found) != 1 || found[0].GetEpreuve() != "E2" || found[0].GetBloc() != "B2" || found[0].GetCompetence() != "" {
		t.Errorf("found: %v", found)
	}
	request := func(competences, epreuves []string) *acquispb.RequestAccommodationRequest {
		return &acquispb.RequestAccommodationRequest{
			Candidacy: k, Kind: acquispb.Accommodation_Kind_EXTRA_TIME, Competences: competences, Epreuves: epreuves, Need: "n",
		}
	}
	if made := ask(s.advisor, s.RequestAccommodation, request([]string{"C1.1"}, []string{"E2"})); made.GetEpreuves()[0] != "E2" {
		t.Errorf("the accommodation has %v", made)
	}
	mark := func(who person, mark string) {
		ask(who, s.RecordAssessments, &acquispb.RecordAssessmentsRequest{Candidacy: k, Assessments: []*acquispb.Assessment{{Criterion: "E2", Mark: mark}}})
	}
	since := s.written()
	s.refuses(since,
		refusal{"a compétence that is listed only", try(s.advisor, s.RequestAccommodation, request([]string{"C2.1"}, nil)), "INVALID_FIELD at competences[0]"},
		refusal{"no épreuve", try(s.advisor, s.RequestAccommodation, request(nil, []string{"E1", "C2.1"})), "INVALID_FIELD at epreuves[1]"},
		refusal{"a verdict on a mark", try(s.lea, s.RecordAssessments, verdicts(k, met, "E2")), "OFF_SCALE at assessments[0].verdict"},
	)
	ask(s.lea, s.RecordAssessments, verdicts(k, met, "E1.1"))
	mark(s.lea, "10.5")
	if oral := s.grid(s.chair, k).GetBlocs()[0].GetEpreuves()[1]; oral.GetOutcome() != acquispb.Outcome_PENDING {
		t.Errorf("after one of two assessors: %v", oral)
	}
	mark(s.noa, "10.5")
	bloc := s.grid(s.chair, k).GetBlocs()[0]
	oral := bloc.GetEpreuves()[1]
	if oral.GetOutcome() != acquispb.Outcome_ACQUIRED || oral.GetCriteria()[0].GetMark() != "10.5" || oral.GetReasons()[0].GetEpreuve() != "E2" || len(bloc.GetCompetences()) != 0 {
		t.Errorf("after both: %v", bloc)
	}
	decision := s.deliberated(k).GetDecisions()[0]
	if decision.GetBloc() != "B2" || decision.GetOutcome() != acquispb.Decision_Outcome_CAPITALISED || decision.GetReasons()[0].GetRule() != "EPREUVES_REACHED" {
		t.Errorf("decided: %v", decision)
	}
	if _, claims := s.claims(s.attest(decision.GetName(), false).GetCredential()); !strings.Contains(fmt.Sprint(claims), "C2.1 Additionner\nE1 Écrit\nE2 Oral") {
		t.Errorf("attested: %v", claims)
	}
}
