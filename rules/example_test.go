package rules_test

import (
	"fmt"

	"github.com/acquis-eval/acquis/rules"
)

// catalogue knows one revision, and counts no bloc as another.
type catalogue struct{ scheme *rules.Scheme }

func (c catalogue) Scheme(rules.Revision) *rules.Scheme         { return c.scheme }
func (c catalogue) Equivalences(rules.BlocRef) [][]rules.Needed { return nil }
func (c catalogue) Counts(wanted, held rules.BlocRef) bool      { return false }

func smallScheme() *rules.Scheme {
	threshold := 75
	scheme, err := rules.NewScheme(rules.Spec{
		Revision: rules.Revision{Referentiel: "marketing", ID: "a1b2"},
		Blocs: []rules.Bloc{{Code: "B1", Units: []rules.Unit{
			{Code: "C1.1", Criteria: []rules.Criterion{{Code: "C1.1.1"}, {Code: "C1.1.2"}}},
		}}},
		Rules: rules.Numbers{CompetenceThreshold: &threshold},
	})
	if err != nil {
		panic(err)
	}
	return scheme
}

// A grid says what was shown, and why. Here the référentiel sets the threshold of
// compétences but not that of blocs, as the reasons say.
func ExampleAssess() {
	acts := rules.Acts{Assessments: []rules.Assessment{
		{Criterion: "C1.1.1", Assessor: "assessor-1", Verdict: rules.Met, Seq: 1},
		{Criterion: "C1.1.2", Assessor: "assessor-1", Verdict: rules.PartiallyMet, Seq: 2},
	}}
	grid := rules.Assess(smallScheme(), rules.Candidacy{Enrolled: []string{"B1"}}, acts)
	for _, bloc := range grid.Blocs {
		for _, competence := range bloc.Units {
			fmt.Println(competence.Outcome, competence.Reasons)
		}
		fmt.Println(bloc.Outcome, bloc.Reasons)
	}
	// Output:
	// ACQUIRED [C1.1: 150 points reach the 150 needed (criteria: 2, threshold: 75 %)]
	// ACQUIRED [B1: 1 of 1 competences are acquired, which is enough (threshold: 100 %); a default, since the référentiel gives no number]
}

// A deliberation returns rulings, or every rule that forbids it.
func ExampleCase_Deliberate() {
	scheme := smallScheme()
	c := rules.Case{
		Scheme: scheme,
		Session: rules.Session{
			ID:       "s-001",
			Revision: scheme.Revision(),
			State:    rules.SessionOpen,
			Jury:     []rules.Member{{Subject: "jury-1", External: true, Chair: true}, {Subject: "jury-2"}},
		},
		Candidate: rules.Candidate{Catalogue: catalogue{scheme}},
		Candidacy: rules.Candidacy{ID: "k-001", State: rules.Enrolled, Enrolled: []string{"B1"}},
		Acts: rules.Acts{Assessments: []rules.Assessment{
			{Criterion: "C1.1.1", Assessor: "assessor-1", Verdict: rules.Met},
			{Criterion: "C1.1.2", Assessor: "assessor-1", Verdict: rules.Met},
		}},
	}
	seen := rules.Deliberation{SeenEtag: "7", CurrentEtag: "7"}

	_, refusals := c.Deliberate(rules.Sitting{Caller: "jury-2", Present: []string{"jury-2"}}, seen)
	for _, r := range refusals {
		fmt.Println(r.Rule)
	}
	judgement, _ := c.Deliberate(rules.Sitting{Caller: "jury-2", Present: []string{"jury-1", "jury-2"}}, seen)
	for _, r := range judgement.Rulings {
		fmt.Println(r.Kind, r.Bloc, r.Outcome)
	}
	// Output:
	// JURY_TOO_SMALL
	// JURY_TOO_INTERNAL
	// JURY_WITHOUT_CHAIR
	// BLOC B1 CAPITALISED
	// AWARD  AWARDED
}
