package rules

import "strings"

// Advise checks that the disability advisor can advise on a criterion.
func (c Case) Advise(criterion string) []Refusal {
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
func (c Case) DecideExemption(juror string, r ExemptionRequest) (Exemption, []Refusal) {
	refusals := append(c.Undecided(), c.juror(juror)...)
	refusals = append(refusals, c.checkCriteria([]string{r.Criterion})...)
	switch {
	case !r.Granted && blank(r.Reason):
		refusals = append(refusals, refuse(ReasonMissing, "criterion", r.Criterion))
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
func (r ExemptionRequest) conditions() []Refusal {
	var refusals []Refusal
	if !r.CapacityPreserved.Holds {
		refusals = append(refusals, refuse(CapacityInQuestion, "criterion", r.Criterion))
	}
	if !r.NotApplicableInPractice.Holds {
		refusals = append(refusals, refuse(AppliesInPractice, "criterion", r.Criterion))
	}
	if blank(r.CapacityPreserved.Reason) || blank(r.NotApplicableInPractice.Reason) {
		refusals = append(refusals, refuse(StatementUnreasoned, "criterion", r.Criterion))
	}
	return refusals
}

// grantable checks the two conditions that the grid shows: there is favourable
// advice, and the compétence or épreuve keeps a criterion.
func (c Case) grantable(criterion string) []Refusal {
	grid := c.Grid()
	k := grid.Criterion(criterion)
	if k == nil {
		return nil // refused already: it is not presented
	}
	var refusals []Refusal
	if k.Advice == nil {
		refusals = append(refusals, refuse(AdviceMissing, "criterion", criterion))
	} else if !k.Advice.Favourable {
		refusals = append(refusals, refuse(AdviceUnfavourable, "criterion", criterion))
	}
	place, _ := c.Scheme.Place(criterion)
	unit := grid.Unit(place.Unit)
	for _, other := range unit.Criteria {
		at, _ := c.Scheme.Place(other.Code)
		if other.Code != criterion && other.Status != StatusExempted && !at.Bonus {
			return refusals
		}
	}
	return append(refusals, refuse(LastCriterion, "criterion", criterion).ofUnit(unit))
}

// blank tells whether a required text is missing.
func blank(text string) bool { return strings.TrimSpace(text) == "" }
