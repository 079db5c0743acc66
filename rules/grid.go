package rules

import "slices"

// Grid shows, for each presented bloc, the compétences, the method in force and
// the status of every criterion, with the outcomes and their reasons.
type Grid struct {
	Blocs []GridBloc
}

// GridBloc is a presented bloc.
type GridBloc struct {
	Code        string
	Outcome     Outcome
	Reasons     []Reason
	Competences []GridCompetence
}

// GridCompetence is a compétence of a presented bloc.
type GridCompetence struct {
	Code     string
	Method   Method
	Outcome  Outcome
	Reasons  []Reason
	Criteria []GridCriterion
}

// GridCriterion is a criterion of a presented bloc.
type GridCriterion struct {
	Code        string
	Eliminatory bool
	Status      CriterionStatus
	Settled     CriterionStatus // the status as it would be without an exemption
	Reason      Reason
	Opinions    []Opinion   // the verdicts that count, by assessor
	Settlement  *Settlement // the one in force, with all its authors; nil if there is none
	Advice      *Advice     // the latest; nil if there is none
	Exemption   *Exemption  // the latest decision, with all its authors; nil if there is none
}

// Assess computes the grid of a candidacy. It shows only presented blocs, in the
// référentiel's order. Acts on other criteria are kept but ignored: they count
// again if their bloc is reinstated.
func Assess(scheme *Scheme, candidacy Candidacy, acts Acts) Grid {
	criteria := gather(scheme, acts)
	presented := candidacy.Presented()
	var grid Grid
	for _, b := range scheme.blocs {
		if !slices.Contains(presented, b.Code) {
			continue
		}
		bloc := GridBloc{Code: b.Code, Competences: make([]GridCompetence, len(b.Competences))}
		for i, c := range b.Competences {
			bloc.Competences[i].assess(scheme, c, candidacy.method(), criteria)
		}
		bloc.conclude(scheme.blocThreshold)
		grid.Blocs = append(grid.Blocs, bloc)
	}
	return grid
}

// assess finds the outcome of the compétence, given every criterion of the
// référentiel.
func (c *GridCompetence) assess(scheme *Scheme, of Competence, method Method, criteria []GridCriterion) {
	c.Code, c.Method = of.Code, Normal
	if of.HasBlocOnlyMethod {
		c.Method = method
	}
	first := scheme.places[of.Criteria[0].Code].index // the others follow it
	c.Criteria = criteria[first : first+len(of.Criteria) : first+len(of.Criteria)]
	for i, k := range of.Criteria {
		c.Criteria[i].assess(k, scheme.minAssessors)
	}
	c.conclude(scheme.competenceThreshold)
}

// conclude finds the outcome of a compétence: the first rule that applies.
func (c *GridCompetence) conclude(threshold Number) {
	switch {
	case c.because(Pending, CriterionPending, (*GridCriterion).pending, threshold):
	case c.because(Contested, CriterionContested, (*GridCriterion).contested, threshold):
	case c.because(NotAcquired, EliminatoryNotMet, (*GridCriterion).eliminates, threshold):
	default:
		c.weigh(threshold)
	}
}

// because gives the compétence an outcome if a rule applies to any of the
// criteria that count, and tells whether one did.
func (c *GridCompetence) because(outcome Outcome, rule ReasonRule, applies func(*GridCriterion) bool, threshold Number) bool {
	for i := range c.Criteria {
		if k := &c.Criteria[i]; k.counts(threshold) && applies(k) {
			c.Outcome = outcome
			c.Reasons = append(c.Reasons, Reason{Rule: rule, Competence: c.Code, Criterion: k.Code})
		}
	}
	return c.Outcome != ""
}

func (g *GridCriterion) pending() bool   { return g.Settled == StatusPending }
func (g *GridCriterion) contested() bool { return g.Settled == StatusContested }

// eliminates tells whether the criterion alone fails its compétence and its bloc.
func (g *GridCriterion) eliminates() bool {
	return g.Eliminatory && g.Status != StatusMet && g.Status != StatusExempted
}

// counts tells whether the criterion counts. An exempted criterion counts if its
// settled points reach the threshold: then it cannot pull the sum below the
// threshold, but leaving it out could. So an exemption never lowers an outcome.
func (g *GridCriterion) counts(threshold Number) bool {
	return g.Status != StatusExempted || g.Settled.points() >= threshold.Value
}

// weigh compares the points of the criteria that count with the threshold.
func (c *GridCompetence) weigh(threshold Number) {
	reason := Reason{Competence: c.Code, Threshold: threshold.Value, FromDefault: threshold.Default}
	for i := range c.Criteria {
		k := &c.Criteria[i]
		if k.counts(threshold) {
			reason.Counted++
			reason.Points += k.Settled.points()
		}
		if k.Status == StatusExempted {
			reason.Exemption = true
			c.Reasons = append(c.Reasons, c.exempted(k, threshold))
		}
	}
	reason.Required = threshold.Value * reason.Counted
	// If every criterion is left out, which no grant allows, nothing was shown.
	if reason.Counted > 0 && reason.Points >= reason.Required {
		c.Outcome, reason.Rule = Acquired, PointsReached
	} else {
		c.Outcome, reason.Rule = NotAcquired, PointsMissed
	}
	c.Reasons = append(c.Reasons, reason)
}

// exempted says whether an exempted criterion was included in the sum.
func (c *GridCompetence) exempted(k *GridCriterion, threshold Number) Reason {
	reason := Reason{Rule: ExemptedLeftOut, Competence: c.Code, Criterion: k.Code, Exemption: true}
	if k.counts(threshold) {
		reason.Rule = ExemptedCounts
		reason.Points, reason.Threshold, reason.FromDefault = k.Settled.points(), threshold.Value, threshold.Default
	}
	return reason
}

// conclude finds the outcome of a bloc: the first rule that applies. It reads no
// other bloc, so blocs cannot compensate each other.
func (b *GridBloc) conclude(threshold Number) {
	switch {
	case b.because(Pending, CompetencePending):
	case b.because(Contested, CompetenceContested):
	case b.eliminated():
	default:
		b.count(threshold)
	}
}

// because gives the bloc the outcome if any of its compétences has it, and tells
// whether one did.
func (b *GridBloc) because(outcome Outcome, rule ReasonRule) bool {
	found := false
	for i := range b.Competences {
		if c := &b.Competences[i]; c.Outcome == outcome {
			found = true
			b.Outcome = outcome
			b.Reasons = append(b.Reasons, Reason{Rule: rule, Bloc: b.Code, Competence: c.Code})
		}
	}
	return found
}

// eliminated fails the bloc on any eliminatory criterion, and tells whether it
// did.
func (b *GridBloc) eliminated() bool {
	for _, c := range b.Competences {
		for i := range c.Criteria {
			if k := &c.Criteria[i]; k.eliminates() {
				b.Outcome = NotAcquired
				b.Reasons = append(b.Reasons, Reason{Rule: EliminatoryNotMet, Bloc: b.Code, Competence: c.Code, Criterion: k.Code})
			}
		}
	}
	return b.Outcome != ""
}

// count compares the number of acquired compétences with the threshold.
func (b *GridBloc) count(threshold Number) {
	reason := Reason{
		Bloc:        b.Code,
		Required:    threshold.Value * len(b.Competences),
		Counted:     len(b.Competences),
		Threshold:   threshold.Value,
		FromDefault: threshold.Default,
	}
	for _, c := range b.Competences {
		if c.Outcome == Acquired {
			reason.Points += 100
		}
	}
	if reason.Points >= reason.Required {
		b.Outcome, reason.Rule = Acquired, CompetencesReached
	} else {
		b.because(NotAcquired, CompetenceNotAcquired)
		b.Outcome, reason.Rule = NotAcquired, CompetencesMissed
	}
	b.Reasons = append(b.Reasons, reason)
}

// Bloc finds a presented bloc; nil if it is not presented.
func (g Grid) Bloc(code string) *GridBloc {
	i := slices.IndexFunc(g.Blocs, func(b GridBloc) bool { return b.Code == code })
	if i < 0 {
		return nil
	}
	return &g.Blocs[i]
}

// Competence finds a compétence of a presented bloc; nil if there is none.
func (g Grid) Competence(code string) *GridCompetence {
	for _, b := range g.Blocs {
		for i := range b.Competences {
			if b.Competences[i].Code == code {
				return &b.Competences[i]
			}
		}
	}
	return nil
}

// Criterion finds a criterion of a presented bloc; nil if there is none.
func (g Grid) Criterion(code string) *GridCriterion {
	for _, b := range g.Blocs {
		for _, c := range b.Competences {
			for i := range c.Criteria {
				if c.Criteria[i].Code == code {
					return &c.Criteria[i]
				}
			}
		}
	}
	return nil
}
