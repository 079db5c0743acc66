package transport

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/encoding"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/proto/answers"
)

// BenchmarkAnswers encodes answers with our code and the libraries' in turn, and
// reports how many times as long theirs takes.
func BenchmarkAnswers(b *testing.B) {
	ours, theirs := newMarshaler(), &runtime.JSONPb{MarshalOptions: answers.Form}
	codec := NewCodec()
	send := func(codec encoding.CodecV2, answer any) func() error {
		return func() error {
			data, err := codec.Marshal(answer)
			data.Free()
			return err
		}
	}
	for name, answer := range map[string]proto.Message{
		"small": aCandidate(1), "grid, 6 KB": aGrid(1), "grid, 22 KB": aGrid(4), "grid, 60 KB": aGrid(11), "list of 100": aList(100),
	} {
		b.Run("JSON/"+name, func(b *testing.B) {
			inTurns(b, func() error { _, err := ours.Marshal(answer); return err }, func() error { _, err := theirs.Marshal(answer); return err })
		})
		b.Run("protobuf/"+name, func(b *testing.B) { inTurns(b, send(codec, answer), send(codec.CodecV2, answer)) })
	}
}

// inTurns alternates between a few of ours and a few of theirs. The medians
// count, because a busy machine disturbs some rounds.
func inTurns(b *testing.B, ours, theirs func() error) {
	var took, ratios []float64
	few := func(f func() error) float64 {
		begin := time.Now()
		for range 10 {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		return float64(time.Since(begin).Nanoseconds()) / 10
	}
	for b.Loop() {
		a := few(ours)
		took, ratios = append(took, a), append(ratios, few(theirs)/a)
	}
	slices.Sort(took)
	slices.Sort(ratios)
	b.ReportMetric(took[len(took)/2], "ns/ours")
	b.ReportMetric(ratios[len(ratios)/2], "times")
}

var noon = timestamppb.New(time.Date(2026, 6, 2, 12, 0, 0, 123_456_000, time.UTC))

func aCandidate(i int) *acquispb.Candidate {
	return &acquispb.Candidate{
		Name: fmt.Sprintf("candidates/c-%d", i), BirthName: "Martin", GivenNames: []string{"Camille", "Andrée"}, Sex: acquispb.Candidate_Sex_FEMALE,
		BirthDate: &date.Date{Year: 1998, Month: 3, Day: 4}, Etag: "17", CreateTime: noon, UpdateTime: noon,
	}
}

func aList(n int) *acquispb.ListCandidatesResponse {
	list := &acquispb.ListCandidatesResponse{NextPageToken: "MTAw"}
	for i := range n {
		list.Candidates = append(list.Candidates, aCandidate(i))
	}
	return list
}

// aGrid has 16 criteria in each bloc, with one verdict each.
func aGrid(blocs int) *acquispb.Grid {
	grid := &acquispb.Grid{
		Name: "sessions/2026-06/candidacies/camille-martin/grid", Etag: "0123456789abcdef0123456789abcdef",
		Candidate: "candidates/camille-martin", Referentiel: "referentiels/marketing@0123456789ab", State: acquispb.Candidacy_State_ENROLLED,
	}
	for i := range blocs {
		bloc := &acquispb.Grid_GridBloc{
			Code: fmt.Sprintf("B%d", i), Title: "Élaborer une stratégie marketing omnicanale",
			Outcome: acquispb.Outcome_ACQUIRED, Reasons: []*acquispb.Reason{aReason(i)},
		}
		for j := range 4 {
			competence := &acquispb.Grid_GridCompetence{
				Code: fmt.Sprintf("C%d.%d", i, j), Outcome: acquispb.Outcome_ACQUIRED, Reasons: []*acquispb.Reason{aReason(j)},
				Statement: "Analyser le marché et la concurrence à partir de données fiables, afin d'identifier les opportunités et les menaces.",
			}
			for k := range 4 {
				code := fmt.Sprintf("C%d.%d.%d", i, j, k)
				competence.Criteria = append(competence.Criteria, &acquispb.Grid_GridCriterion{
					Code: code, Statement: "Les sources sont citées, vérifiées et pertinentes au regard de la problématique.",
					Status: acquispb.CriterionStatus_MET, Reasons: []*acquispb.Reason{aReason(k)},
					Assessments: []*acquispb.Assessment{{Criterion: code, Verdict: acquispb.Verdict_MET, Assessor: "assessor-1", Recorder: "assessor-1", RecordTime: noon}},
				})
			}
			bloc.Competences = append(bloc.Competences, competence)
		}
		grid.Blocs = append(grid.Blocs, bloc)
	}
	return grid
}

func aReason(i int) *acquispb.Reason {
	return &acquispb.Reason{
		Rule: "assessors-agree", Bloc: "B1", Competence: "C1.2", Criterion: "C1.2.3", Reached: int32(i), Required: 1, Counted: 2, FromDefault: i%2 == 0,
		Text: "C1.2.3 is met: the one assessor that the rule asks for says so.",
	}
}
