package casefile_test

import (
	"fmt"
	"log"

	"github.com/acquis-eval/acquis/casefile"
	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/referentiel"
	"github.com/acquis-eval/acquis/rules"
)

// Stored records become what the rules judge.
func Example() {
	embedded, err := referentiel.Embedded()
	if err != nil {
		log.Fatal(err)
	}
	marketing, err := referentiel.Compile(embedded[0])
	if err != nil {
		log.Fatal(err)
	}
	session := &storepb.Session{
		Uid: 1, Label: "juin-2026", State: acquispb.Session_State_OPEN,
		Referentiel: "marketing", Revision: marketing.Revision().ID,
	}
	candidacy, err := casefile.Candidacy(&storepb.Candidacy{
		Uid: 2, Label: "k-001", SessionUid: 1, State: acquispb.Candidacy_State_ENROLLED, EnrolledBlocs: []string{"B3"},
	}, session)
	if err != nil {
		log.Fatal(err)
	}
	acts, err := casefile.Acts([]*storepb.Assessment{{
		Uid: 3, Author: "assessor-1", Verdicts: []*storepb.VerdictLine{
			{Criterion: "C3.2.1", Verdict: acquispb.Verdict_MET},
			{Criterion: "C3.2.2", Verdict: acquispb.Verdict_PARTIALLY_MET},
		},
	}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	competence := rules.Assess(marketing.Scheme(), candidacy, acts).Unit("C3.2")
	fmt.Println(candidacy.Label, competence.Code, competence.Outcome)
	fmt.Println(competence.Reasons[0])
	// Output:
	// juin-2026/k-001 C3.2 NOT_ACQUIRED
	// C3.2: 150 points do not reach the 200 needed (criteria: 2, threshold: 100 %); a default, since the référentiel gives no number
}
