package main

import (
	"fmt"

	"google.golang.org/genproto/googleapis/type/date"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// sessionSize is how many candidacies a session has.
const sessionSize = 100

// A place is one candidacy among those of a store: the i-th candidate in the
// session of their hundred.
type place int

func (p place) label(letter string) string { return fmt.Sprintf("%s-%07d", letter, int(p)) }
func (p place) session() string            { return (p / sessionSize).label("s") }
func (p place) candidate() string          { return p.label("c") }
func (p place) candidacy() string {
	return "sessions/" + p.session() + "/candidacies/" + p.label("k")
}
func (p place) capitalisation() string {
	return "candidates/" + p.candidate() + "/capitalisations/marketing"
}

// A stretch is a range of places. Each kind of call has a stretch of its own, so
// that what one changes does not make another slower.
type stretch struct{ from, to place }

// at scatters calls over the stretch.
func (s stretch) at(i int) place {
	return s.from + place(i*7919%int(s.to-s.from))
}

// parts are the stretches of a store with n candidacies: those decided before
// anything is measured, those that deliberations decide, those that are read, and
// those that verdicts are recorded for.
func parts(n int) (decided, deliberated, read, recorded stretch) {
	first := place(n / 20)
	return stretch{0, first}, stretch{first, place(n / 2)}, stretch{place(n / 2), place(3 * n / 4)}, stretch{place(3 * n / 4), place(n)}
}

// criteria are those of the marketing référentiel: how many each compétence has.
var criteria = []struct {
	competence string
	count      int
}{
	{"C1.1", 5}, {"C1.2", 5}, {"C1.3", 5},
	{"C2.1", 3}, {"C2.2", 3}, {"C2.3", 3}, {"C2.4", 4},
	{"C3.1", 4}, {"C3.2", 2}, {"C3.3", 5},
	{"C4.1", 2}, {"C4.2", 3}, {"C4.3", 3}, {"C4.4", 8}, {"C4.5", 3},
}

// recordings are the 15 calls that assess a candidacy: its 58 verdicts, compétence
// by compétence. With comments, every third call explains its first verdict.
func recordings(candidacy string, comments bool) []*acquispb.RecordAssessmentsRequest {
	var all []*acquispb.RecordAssessmentsRequest
	for i, c := range criteria {
		request := record(candidacy, c.competence, c.count)
		if comments && i%3 == 0 {
			request.Assessments[0].Comment = "Le candidat justifie son choix et cite ses sources."
		}
		all = append(all, request)
	}
	return all
}

// record is one call with so many verdicts on a compétence.
func record(candidacy, competence string, verdicts int) *acquispb.RecordAssessmentsRequest {
	request := &acquispb.RecordAssessmentsRequest{Candidacy: candidacy}
	for n := range verdicts {
		request.Assessments = append(request.Assessments, &acquispb.Assessment{
			Criterion: fmt.Sprintf("%s.%d", competence, n+1), Verdict: acquispb.Verdict_MET,
		})
	}
	return request
}

// fourVerdicts is the call that is made most.
func fourVerdicts(candidacy string) *acquispb.RecordAssessmentsRequest {
	return record(candidacy, "C3.1", 4)
}

func newCandidate(id string) *acquispb.CreateCandidateRequest {
	return &acquispb.CreateCandidateRequest{
		CandidateId: id,
		Candidate: &acquispb.Candidate{
			BirthName: "Martin", GivenNames: []string{"Camille", "Andrée"}, Sex: acquispb.Candidate_Sex_FEMALE,
			BirthDate:  &date.Date{Year: 1998, Month: 4, Day: 12},
			BirthPlace: &acquispb.Candidate_BirthPlace{InseeCode: "69123", PostalCode: "69001", City: "Lyon", CountryCode: "99100", Country: "France"},
		},
	}
}
