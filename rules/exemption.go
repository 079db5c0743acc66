package rules

import (
	"strings"

	"github.com/acquis-eval/acquis/rules/words"
)

// Advise checks that the disability advisor can advise on a criterion.
func (c Case) Advise(criterion string) []words.Refusal {
	return append(c.Undecided(), c.checkCriteria([]string{criterion})...)
}

// ExemptionRequest is a jury member's decision on an exemption, to be checked.
// The rules check only whether its texts are present.
type ExemptionRequest struct {
	Criterion               string
	Granted                 bool
	CapacityPreserved       Statement // (a) the overall professional capacity is not called into question
	NotApplicableInPractice Statement // (b) the criterion will not apply in future practice
	Reason                  string    // of a refusal
}

// Statement is what the jury states about one condition.
type Statement struct {
	Holds  bool
	Reason string
}

// DecideExemption grants or refuses an exemption. A grant needs every condition;
// a refusal needs only its reason, so that it can always be recorded. The
// exemption returned has no Seq yet.
func (c Case) DecideExemption(juror string, r ExemptionRequest) (Exemption, []words.Refusal) {
	refusals := append(c.Undecided(), c.juror(juror)...)
	refusals = append(refusals, c.checkCriteria([]string{r.Criterion})...)
	switch {
	case !r.Granted && blank(r.Reason):
		refusals = append(refusals, words.Refuse(words.ReasonMissing, "criterion", r.Criterion))
	case r.Granted:
		refusals = append(refusals, r.conditions()...)
		refusals = append(refusals, c.grantable(r.Criterion)...)
	}
	if len(refusals) > 0 {
		return Exemption{}, refusals
	}
	return Exemption{Criterion: r.Criterion, Granted: r.Granted, Authors: []string{juror}}, nil
}

// conditions checks the two conditions that the jury states; both must hold.
func (r ExemptionRequest) conditions() []words.Refusal {
	var refusals []words.Refusal
	if !r.CapacityPreserved.Holds {
		refusals = append(refusals, words.Refuse(words.CapacityInQuestion, "criterion", r.Criterion))
	}
	if !r.NotApplicableInPractice.Holds {
		refusals = append(refusals, words.Refuse(words.AppliesInPractice, "criterion", r.Criterion))
	}
	if blank(r.CapacityPreserved.Reason) || blank(r.NotApplicableInPractice.Reason) {
		refusals = append(refusals, words.Refuse(words.StatementUnreasoned, "criterion", r.Criterion))
	}
	return refusals
}

// grantable checks the two conditions that the grid shows: there is favourable
// advice, and the compétence or épreuve keeps a criterion.
func (c Case) grantable(criterion string) []words.Refusal {
	grid := c.Grid()
	k := grid.Criterion(criterion)
	if k == nil {
		return nil // refused already: it is not presented
	}
	var refusals []words.Refusal
	if k.Advice == nil {
		refusals = append(refusals, words.Refuse(words.AdviceMissing, "criterion", criterion))
	} else if !k.Advice.Favourable {
		refusals = append(refusals, words.Refuse(words.AdviceUnfavourable, "criterion", criterion))
	}
	place, _ := c.Scheme.Place(criterion)
	unit := grid.Unit(place.Unit)
	for _, other := range unit.Criteria {
		at, _ := c.Scheme.Place(other.Code)
		if other.Code != criterion && other.Status != StatusExempted && !at.Bonus {
			return refusals
		}
	}
	return append(refusals, words.Refuse(words.LastCriterion, "criterion", criterion).InUnit(unit.Epreuve))
}

// blank tells whether a required text is missing.
func blank(text string) bool { return strings.TrimSpace(text) == "" }
