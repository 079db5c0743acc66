package services

import (
	"testing"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
	"github.com/acquis-eval/acquis/store/storetest"
)

// TestTrips: the round trips of the most frequent calls over a store that makes
// one for each read. A multi-get, a page and a record that was not announced cost
// one each.
func TestTrips(t *testing.T) {
	remote := storetest.NewRemote(memstore.New())
	s := assessedOn(t, remote)
	assessor := as(t.Context(), "assessor", acquispb.Role_ASSESSOR)
	jury := as(t.Context(), "chair", acquispb.Role_JURY)
	record := func() error {
		_, err := s.RecordAssessments(assessor, &acquispb.RecordAssessmentsRequest{
			Candidacy: "sessions/s/candidacies/k", RequestId: "11111111-1111-4111-8111-111111111111",
			Assessments: []*acquispb.Assessment{{Criterion: "C1.1.1", Verdict: acquispb.Verdict_NOT_MET, Comment: "Non."}},
		})
		return err
	}
	grid := func() error {
		shown, err := s.GetGrid(jury, &acquispb.GetGridRequest{Name: "sessions/s/candidacies/k/grid"})
		if len(shown.GetCandidate()) == 0 {
			t.Error("the grid shows no candidate")
		}
		return err
	}
	person := func() error {
		return s.view(t.Context(), func(r store.Reader) error {
			candidate, err := candidateByName(r, "candidates/c")
			must(t, err)
			known, err := s.person(r, candidate.GetUid())
			if len(known.Candidacies) != 1 {
				t.Errorf("the candidate has the candidacies %v", known.Candidacies)
			}
			return err
		})
	}
	must(t, grid()) // the first call that reads the revision, which is then cached
	for _, c := range []struct {
		call string
		do   func() error
		most int
	}{
		{"RecordAssessments", record, 2},
		{"RecordAssessments, which was done before", record, 4},
		{"GetGrid", grid, 3},
		{"a candidate by name, and what the rules know of them", person, 2 + 3},
	} {
		before := remote.Trips()
		must(t, c.do())
		if trips := remote.Trips() - before; trips > c.most {
			t.Errorf("%s makes %d trips, not %d", c.call, trips, c.most)
		}
	}
}
