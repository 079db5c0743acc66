package services

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

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

// mostTrips are those of the calls that make more than five: what they read depends on
// what they read before, or they write records whose indexes are looked up one by one.
// A bound that falls is lowered here.
var mostTrips = map[string]int{
	"Award": 17, "CancelSession": 7, "CloseSession": 6, "CreateCandidacy": 18, "DecideAccommodation": 6,
	"DecideExemption": 10, "Deliberate": 24, "ExportCandidate": 88, "ForgetCandidate": 20, "GetCandidate": 6,
	"GetDecision": 6, "GetDeliberationRecord": 11, "IssueAttestation": 19, "ListAccesses": 32, "ListCandidacies": 8,
	"ListCandidates": 7, "ListDecisions": 9, "MarkCandidacyAbsent": 14, "PublishReferentiel": 8, "PurgeCandidates": 27, "RecordPriorBloc": 13,
	"RecordRequirement": 13,
	"RectifyDecision":   25, "ReinstateCandidacy": 14, "SettleCriteria": 14, "UpdateCandidate": 6, "UpdateSession": 6,
	"WithdrawCandidacy": 14,
}

// TestTripsOfEveryRPC: no call makes more trips over a network than it did.
func TestTripsOfEveryRPC(t *testing.T) {
	remote := storetest.NewRemote(memstore.New())
	s := newStage(t, keeping(t, "5y", "", "90d"), func(o *Options) { o.Store = remote })
	s.everyRPC(func(_ person, request proto.Message, call func(proto.Message) (proto.Message, error)) {
		name := strings.TrimSuffix(string(request.ProtoReflect().Descriptor().Name()), "Request")
		before := remote.Trips()
		_, err := call(request)
		must(t, err)
		if trips := remote.Trips() - before; trips > max(5, mostTrips[name]) {
			t.Errorf("%s makes %d trips", name, trips)
		}
	})
}
