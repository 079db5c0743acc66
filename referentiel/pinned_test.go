package referentiel

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/words"
)

// The outcomes and reasons of the marketing référentiel are for ever too: decisions
// were taken on them. The digest is over what the rules say of 500 random candidacies.
// If it changes, the code is wrong, not the digest.
func TestMarketingGrids(t *testing.T) {
	const want = "8fb82c525d2dad86b076e5f3f031865fe0ecccb54486670c61f823db79ac30c3"
	draw := rand.New(rand.NewPCG(2026, 500))
	scheme := compiled(t, marketing(t)).Scheme()
	digest := sha256.New()
	met := make(map[string]bool)
	for range 500 {
		text := textOf(randomGrid(draw, scheme))
		for word := range strings.FieldsSeq(text) {
			met[word] = true
		}
		digest.Write([]byte(text))
	}
	// What the digest is worth depends on what the grids hold.
	for _, rule := range []words.ReasonRule{
		words.TooFewAssessors, words.AssessorsAgree, words.SettledByJury, words.AssessorsDisagree, words.SettlementLapsed,
		words.ExemptionGranted, words.CriterionPending, words.CriterionContested, words.ExemptedCounts, words.ExemptedLeftOut,
		words.PointsReached, words.PointsMissed, words.CompetencePending, words.CompetenceContested,
		words.CompetenceNotAcquired, words.CompetencesReached, words.CompetencesMissed,
	} {
		if !met[string(rule)] {
			t.Errorf("no grid has the reason %s", rule)
		}
	}
	if got := hex.EncodeToString(digest.Sum(nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// randomGrid is the grid of a candidacy on which up to three assessors have spoken,
// mostly alike, and the jury on some of what they differ on.
func randomGrid(draw *rand.Rand, scheme *rules.Scheme) rules.Grid {
	candidacy := rules.Candidacy{State: rules.Enrolled}
	for _, bloc := range scheme.BlocCodes() {
		if draw.IntN(3) > 0 || bloc == "B1" {
			candidacy.Enrolled = append(candidacy.Enrolled, bloc)
		}
	}
	verdicts := []rules.Verdict{rules.Met, rules.PartiallyMet, rules.NotMet}
	var acts rules.Acts
	odd := 1 + draw.IntN(40) // one of so many verdicts is not MET
	for i := range 1 + draw.IntN(3) {
		for _, code := range scheme.Criteria() {
			a := rules.Assessment{Criterion: code, Assessor: fmt.Sprint("assessor-", i), Verdict: rules.Met, Seq: uint64(len(acts.Assessments))}
			if draw.IntN(odd+3) == 0 {
				a.Verdict = verdicts[draw.IntN(3)]
			}
			a.Retracted = draw.IntN(200) == 0
			acts.Assessments = append(acts.Assessments, a)
		}
	}
	for _, code := range scheme.Criteria() {
		if draw.IntN(20) == 0 {
			acts.Exemptions = append(acts.Exemptions, rules.Exemption{Criterion: code, Granted: draw.IntN(4) > 0, Authors: []string{"juror"}})
		}
	}
	settle(draw, scheme, candidacy, &acts, verdicts)
	return rules.Assess(scheme, candidacy, acts)
}

// settle has the jury settle most of what is contested, and some of it on verdicts that
// have changed since.
func settle(draw *rand.Rand, scheme *rules.Scheme, candidacy rules.Candidacy, acts *rules.Acts, verdicts []rules.Verdict) {
	for _, bloc := range rules.Assess(scheme, candidacy, *acts).Blocs {
		for _, competence := range bloc.Units {
			for _, k := range competence.Criteria {
				if k.Settled != rules.StatusContested || draw.IntN(8) == 0 {
					continue
				}
				s := rules.Settlement{Criterion: k.Code, Verdict: verdicts[draw.IntN(3)], On: k.Opinions}
				if draw.IntN(20) == 0 {
					s.On = k.Opinions[:1]
				}
				acts.Settlements = append(acts.Settlements, s)
			}
		}
	}
}

// textOf is a grid with all that explains it.
func textOf(g rules.Grid) string {
	var text strings.Builder
	explain := func(reasons ...words.Reason) {
		for _, r := range reasons {
			fmt.Fprintln(&text, r.Rule, r.Bloc, r.Competence, r.Criterion, r.Points, r.Required, r.Counted, r.Threshold, r.FromDefault, r.Exemption)
			fmt.Fprintln(&text, r)
		}
	}
	for _, b := range g.Blocs {
		fmt.Fprintln(&text, b.Code, b.Outcome)
		explain(b.Reasons...)
		for _, c := range b.Units {
			fmt.Fprintln(&text, c.Code, c.Method, c.Outcome)
			explain(c.Reasons...)
			for _, k := range c.Criteria {
				fmt.Fprintln(&text, k.Code, k.Eliminatory, k.Status, k.Settled)
				explain(k.Reason)
			}
		}
	}
	return text.String()
}
