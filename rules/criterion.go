package rules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/acquis-eval/acquis/rules/agreement"
	"github.com/acquis-eval/acquis/rules/exact"
	"github.com/acquis-eval/acquis/rules/words"
)

// gather gives each criterion of the référentiel, in its order, the acts on it
// that count. Acts on unknown criteria are ignored.
func gather(scheme *Scheme, acts Acts) []GridCriterion {
	criteria := make([]GridCriterion, len(scheme.places))
	first := make([]Opinion, len(criteria)) // room for one of each, which is usually enough
	for i := range criteria {
		criteria[i].Opinions = first[i : i : i+1]
	}
	for _, a := range inSeq(acts.Assessments, Assessment.order) {
		if p, ok := scheme.places[a.Criterion]; ok {
			criteria[p.index].hear(a)
		}
	}
	for _, s := range inSeq(acts.Settlements, Settlement.order) {
		if p, ok := scheme.places[s.Criterion]; ok {
			criteria[p.index].addSettlement(s)
		}
	}
	for _, e := range inSeq(acts.Exemptions, Exemption.order) {
		if p, ok := scheme.places[e.Criterion]; ok {
			criteria[p.index].addExemption(e)
		}
	}
	for _, a := range inSeq(acts.Advice, Advice.order) {
		if p, ok := scheme.places[a.Criterion]; ok {
			criteria[p.index].Advice = &a
		}
	}
	return criteria
}

// inSeq returns acts in order and leaves the caller's slice unchanged. Records
// usually come sorted, which costs one pass and no copy.
func inSeq[T any](acts []T, seq func(T) uint64) []T {
	bySeq := func(a, b T) int { return cmp.Compare(seq(a), seq(b)) }
	if slices.IsSortedFunc(acts, bySeq) {
		return acts
	}
	acts = slices.Clone(acts)
	slices.SortStableFunc(acts, bySeq)
	return acts
}

// hear records an assessor's latest verdict, or that they retracted it. A delegate may
// write one assessor in two ways: that is one opinion, under the latest. Opinions
// stay sorted by assessor, so that the order in which assessors spoke has no
// effect.
func (g *GridCriterion) hear(a Assessment) {
	g.Opinions = slices.DeleteFunc(g.Opinions, func(o Opinion) bool { return SameSubject(o.Assessor, a.Assessor) })
	if a.Retracted {
		return
	}
	i, _ := slices.BinarySearchFunc(g.Opinions, a.Assessor, func(o Opinion, assessor string) int {
		return cmp.Compare(o.Assessor, assessor)
	})
	g.Opinions = slices.Insert(g.Opinions, i, Opinion{Assessor: a.Assessor, Quality: a.Quality, Verdict: a.Verdict, Seq: a.Seq})
}

// addSettlement records the latest settlement, with the authors of earlier ones
// that it confirms. If an act in between decided otherwise, the list of authors
// starts again.
func (g *GridCriterion) addSettlement(s Settlement) {
	s.On = verdictsOf(s.On)
	if before := g.Settlement; before != nil && before.Verdict == s.Verdict && slices.Equal(before.On, s.On) {
		s.Authors = addAuthors(before.Authors, s.Authors)
	}
	g.Settlement = &s
}

// addExemption records the latest decision, with the authors of earlier ones that
// it confirms.
func (g *GridCriterion) addExemption(e Exemption) {
	if before := g.Exemption; before != nil && before.Granted == e.Granted {
		e.Authors = addAuthors(before.Authors, e.Authors)
	}
	g.Exemption = &e
}

// assess finds the status of the criterion.
func (g *GridCriterion) assess(k *Criterion, minAssessors Number) {
	g.Code, g.Eliminatory, g.Joint = k.Code, k.Eliminatory, k.agreement.Kind == agreement.Joint
	g.settle(k.scale, k.agreement, minAssessors)
	g.Status = g.Settled
	if g.Exemption != nil && g.Exemption.Granted {
		g.Status = StatusExempted
		g.Reason = words.Reason{Rule: words.ExemptionGranted, Criterion: g.Code, Exemption: true}
	}
}

// settle finds the settled status: the jury's settlement if it is in force, otherwise what
// the opinions come to. It drops a settlement that is not in force.
func (g *GridCriterion) settle(on *scale, by *agreement.Agreement, minAssessors Number) {
	settlement := g.Settlement
	g.Settlement = nil
	heard := g.heard(on, by, minAssessors)
	g.Reason, g.Points = because(heard, minAssessors), heard.Points
	if g.Joint && g.Reason.Rule == words.AssessorsAgree {
		g.Reason.Rule = words.AssessedTogether
	}
	g.Open = g.disputed() && g.Reason.Rule != words.TooFewAssessors && g.Reason.Rule != words.QualityMissing
	switch inForce := settlement != nil && slices.Equal(settlement.On, verdictsOf(g.Opinions)); {
	case g.Open && inForce:
		g.Reason, g.Points = words.Reason{Rule: words.SettledByJury, Counted: len(g.Opinions)}, nil
		g.Settlement = settlement
		g.found(on, settlement.Verdict)
	case heard.State == agreement.Pending:
		g.Settled = StatusPending
	case heard.State == agreement.Contested:
		if g.Settled = StatusContested; settlement != nil {
			g.Reason = words.Reason{Rule: words.SettlementLapsed, Counted: len(g.Opinions)}
		}
	case heard.Points != nil:
		g.Settled, g.Passed = StatusAssessed, !heard.Points.Less(on.passing())
	default:
		g.found(on, Verdict(heard.Said))
	}
	g.Reason.Criterion = g.Code
}

// found takes over what the assessors or the jury found.
func (g *GridCriterion) found(on *scale, v Verdict) {
	if on == nil {
		g.Settled, g.Passed = CriterionStatus(v), v == Met
		return
	}
	points, ok := on.points(v)
	g.Settled, g.Found, g.Passed = StatusAssessed, v, ok && !points.Less(on.pass)
}

// points are those of what is settled; false if nothing is, whatever levels are called.
func (g *GridCriterion) points(on *scale) (exact.Number, bool) {
	if g.Points != nil {
		return *g.Points, true
	}
	points, found := on.points(g.finding())
	return points, found && !g.pending() && !g.contested()
}

// disputed tells whether assessors found different things, settled or not. Only then has
// the jury something to settle.
func (g *GridCriterion) disputed() bool {
	return slices.ContainsFunc(g.Opinions, func(o Opinion) bool { return o.Verdict != g.Opinions[0].Verdict })
}

// verdictsOf returns opinions without the acts that gave them, and without the way in
// which their assessors were written.
func verdictsOf(opinions []Opinion) []Opinion {
	bare := slices.Clone(opinions)
	for i := range bare {
		bare[i].Seq, bare[i].Assessor = 0, strings.ToLower(bare[i].Assessor)
	}
	slices.SortFunc(bare, func(a, b Opinion) int { return cmp.Compare(a.Assessor, b.Assessor) })
	return bare
}

// addAuthors joins two lists without duplicates.
func addAuthors(before, more []string) []string {
	all := slices.Clone(before)
	for _, author := range more {
		if !slices.Contains(all, author) {
			all = append(all, author)
		}
	}
	return all
}
