package rules

import (
	"cmp"
	"slices"
)

// criterionActs are the acts on one criterion, each kind in order.
type criterionActs struct {
	assessments []Assessment
	settlements []Settlement
	exemptions  []Exemption
	advice      *Advice
}

// sortActs hands each criterion of the scheme its acts. Acts on unknown criteria
// are passed over.
func sortActs(scheme *Scheme, acts Acts) []criterionActs {
	sorted := make([]criterionActs, len(scheme.places))
	for _, a := range inSeq(acts.Assessments, func(a Assessment) uint64 { return a.Seq }) {
		if p, ok := scheme.Place(a.Criterion); ok {
			sorted[p.index].assessments = append(sorted[p.index].assessments, a)
		}
	}
	for _, s := range inSeq(acts.Settlements, func(s Settlement) uint64 { return s.Seq }) {
		if p, ok := scheme.Place(s.Criterion); ok {
			sorted[p.index].settlements = append(sorted[p.index].settlements, s)
		}
	}
	for _, e := range inSeq(acts.Exemptions, func(e Exemption) uint64 { return e.Seq }) {
		if p, ok := scheme.Place(e.Criterion); ok {
			sorted[p.index].exemptions = append(sorted[p.index].exemptions, e)
		}
	}
	for _, a := range inSeq(acts.Advice, func(a Advice) uint64 { return a.Seq }) {
		if p, ok := scheme.Place(a.Criterion); ok {
			sorted[p.index].advice = &a
		}
	}
	return sorted
}

// inSeq returns acts in order, leaving the caller's slice alone. Records mostly
// come sorted, which costs one pass and no copy.
func inSeq[T any](acts []T, seq func(T) uint64) []T {
	bySeq := func(a, b T) int { return cmp.Compare(seq(a), seq(b)) }
	if slices.IsSortedFunc(acts, bySeq) {
		return acts
	}
	acts = slices.Clone(acts)
	slices.SortStableFunc(acts, bySeq)
	return acts
}

// assess says where a criterion stands.
func (acts criterionActs) assess(k Criterion, minAssessors Number) GridCriterion {
	g := GridCriterion{
		Code:        k.Code,
		Eliminatory: k.Eliminatory,
		Opinions:    opinions(acts.assessments),
		Advice:      acts.advice,
		Exemption:   latestExemption(acts.exemptions),
	}
	g.settle(acts.settlements, minAssessors)
	g.Status = g.Settled
	if g.Exemption != nil && g.Exemption.Granted {
		g.Status = StatusExempted
		g.Reasons = []Reason{{Rule: ExemptionGranted, Criterion: k.Code, Exemption: true}}
	}
	return g
}

// settle finds the settled status: the first of the four rules that applies.
func (g *GridCriterion) settle(settlements []Settlement, minAssessors Number) {
	reason := Reason{Criterion: g.Code, Counted: len(g.Opinions)}
	settlement := latestSettlement(settlements)
	switch {
	case len(g.Opinions) < minAssessors.Value:
		g.Settled = StatusPending
		reason.Rule = TooFewAssessors
		reason.Required, reason.FromDefault = minAssessors.Value, minAssessors.Default
	case !g.disputed():
		g.Settled = CriterionStatus(g.Opinions[0].Verdict)
		reason.Rule = AssessorsAgree
	case settlement == nil:
		g.Settled = StatusContested
		reason.Rule = AssessorsDisagree
	case !sameOpinions(settlement.On, g.Opinions):
		g.Settled = StatusContested
		reason.Rule = SettlementLapsed
	default:
		g.Settled = CriterionStatus(settlement.Verdict)
		g.Settlement = settlement
		reason.Rule = SettledByJury
	}
	g.Reasons = []Reason{reason}
}

// disputed says whether the assessors disagree, settled or not. Only then has the
// jury something to settle.
func (g *GridCriterion) disputed() bool {
	return slices.ContainsFunc(g.Opinions, func(o Opinion) bool { return o.Verdict != g.Opinions[0].Verdict })
}

// opinions keeps each assessor's latest verdict that is not retracted, sorted by
// assessor, so that the order in which they spoke leaves no trace.
func opinions(assessments []Assessment) []Opinion {
	var heard []string
	var standing []Opinion
	for _, a := range slices.Backward(assessments) {
		if slices.Contains(heard, a.Assessor) {
			continue
		}
		heard = append(heard, a.Assessor)
		if !a.Retracted {
			standing = append(standing, Opinion{Assessor: a.Assessor, Verdict: a.Verdict})
		}
	}
	return byAssessor(standing)
}

func byAssessor(opinions []Opinion) []Opinion {
	slices.SortFunc(opinions, func(a, b Opinion) int { return cmp.Compare(a.Assessor, b.Assessor) })
	return opinions
}

// sameOpinions says whether opinions are those, sorted, that now stand.
func sameOpinions(then, now []Opinion) bool {
	return slices.Equal(byAssessor(slices.Clone(then)), now)
}

// latestSettlement is the last settlement, with the authors of those before it
// that it merely confirms: an act in between that says otherwise starts anew.
func latestSettlement(settlements []Settlement) *Settlement {
	var latest *Settlement
	for _, s := range settlements {
		s.On = byAssessor(slices.Clone(s.On))
		if latest != nil && latest.Verdict == s.Verdict && slices.Equal(latest.On, s.On) {
			s.Authors = addAuthors(latest.Authors, s.Authors)
		}
		latest = &s
	}
	return latest
}

// latestExemption is the last decision, with the authors of those that it confirms.
func latestExemption(exemptions []Exemption) *Exemption {
	var latest *Exemption
	for _, e := range exemptions {
		if latest != nil && latest.Granted == e.Granted {
			e.Authors = addAuthors(latest.Authors, e.Authors)
		}
		latest = &e
	}
	return latest
}

// addAuthors joins two lists without repeating anyone.
func addAuthors(before, more []string) []string {
	all := slices.Clone(before)
	for _, author := range more {
		if !slices.Contains(all, author) {
			all = append(all, author)
		}
	}
	return all
}
