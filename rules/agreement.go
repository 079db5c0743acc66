package rules

import (
	"slices"

	"github.com/acquis-eval/acquis/rules/agreement"
	"github.com/acquis-eval/acquis/rules/exact"
	"github.com/acquis-eval/acquis/rules/words"
)

// Agreement says how the findings of several assessors on a criterion make one.
type Agreement = agreement.Given

// QualityWeight is the share of a quality in it.
type QualityWeight = agreement.Weight

// heard finds what the opinions come to.
func (g *GridCriterion) heard(on *scale, by *agreement.Agreement, minAssessors Number) agreement.Result {
	var room [8]agreement.Finding
	findings := room[:0]
	for _, o := range g.Opinions {
		points, _ := on.points(o.Verdict)
		findings = append(findings, agreement.Finding{Quality: o.Quality, Said: string(o.Verdict), Points: points})
	}
	return by.Of(findings, minAssessors.Value)
}

// because makes a reason of a result.
func because(r agreement.Result, minAssessors Number) words.Reason {
	reason := words.Reason{Rule: words.ReasonRule(r.Rule), Counted: r.Counted, Required: r.Required}
	reason.FromDefault = reason.Rule == words.TooFewAssessors && minAssessors.Default
	if r.Amount != nil {
		reason.Amount = &words.Amount{Reached: r.Amount.String(), Exact: r.Amount.InFull()}
		if r.Limit != nil {
			reason.Amount.Limit = r.Limit.Decimal()
		}
	}
	return reason
}

// qualified refuses findings on criteria that are assessed in certain qualities, if the
// assessor has none of them.
func (c Case) qualified(quality string, lines []CriterionVerdict) (refusals []words.Refusal) {
	for _, line := range lines {
		place, known := c.Scheme.Place(line.Criterion)
		if !known {
			continue
		}
		if needed := place.agreement.Qualities(); len(needed) > 0 && !slices.Contains(needed, quality) {
			refusals = append(refusals, words.Refuse(words.AssessorUnqualified, "criterion", line.Criterion).Naming(needed))
		}
	}
	return refusals
}

// agreementOf compiles the agreement for a criterion of a compétence: the compétence's own,
// the référentiel's, or that all must find the same.
func (c *gateCompiler) agreementOf(field string, k *Unit, on *scale) *agreement.Agreement {
	given, at := k.Agreement, field+".agreement"
	if given == nil {
		given, at = c.spec.Agreement, "rules.agreement"
	}
	if given == nil {
		return &agreement.Agreement{Kind: agreement.Unanimous}
	}
	of, _ := numberOf("", k.MinAssessors, c.scheme.minAssessors, 1, maxPeople) // reported elsewhere
	a, whole := c.agreement(at, given, of), exact.Whole(100)
	if on != nil {
		whole = on.max.Minus(on.min)
	}
	if a.Gap != nil && whole.Less(*a.Gap) {
		c.report(at+".max_gap", "is %s; what is found on the scale is at most %s apart", given.MaxGap, whole.Decimal())
	}
	return a
}

func (c *gateCompiler) agreement(field string, given *Agreement, atLeast Number) *agreement.Agreement {
	return given.Compile(c.spec.Qualities, atLeast.Value, func(of, format string, args ...any) {
		c.report(field+"."+of, format, args...)
	})
}
