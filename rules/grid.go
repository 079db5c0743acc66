package rules

import "slices"

// Grid shows, for each presented bloc, the compétences, the method in force and
// where every criterion stands, with the outcomes and their reasons.
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
	Reasons     []Reason
	Opinions    []Opinion   // the verdicts that count, by assessor
	Settlement  *Settlement // the one in force, with all its authors; nil where none is
	Advice      *Advice     // the latest; nil where there is none
	Exemption   *Exemption  // the latest decision, with all its authors; nil where there is none
}

// Assess computes the grid of a candidacy. Only presented blocs are shown, in the
// référentiel's order; acts on other criteria are passed over, so that they count
// again when their bloc is reinstated.
func Assess(scheme *Scheme, candidacy Candidacy, acts Acts) Grid {
	sorted := sortActs(scheme, acts)
	presented := candidacy.Presented()
	method := candidacy.method()
	var grid Grid
	for _, b := range scheme.blocs {
		if !slices.Contains(presented, b.Code) {
			continue
		}
		bloc := GridBloc{Code: b.Code, Competences: make([]GridCompetence, len(b.Competences))}
		for i, c := range b.Competences {
			competence := GridCompetence{Code: c.Code, Method: Normal, Criteria: make([]GridCriterion, len(c.Criteria))}
			if c.HasBlocOnlyMethod {
				competence.Method = method
			}
			for j, k := range c.Criteria {
				competence.Criteria[j] = sorted[scheme.places[k.Code].index].assess(k, scheme.minAssessors)
			}
			competence.conclude(scheme.competenceThreshold)
			bloc.Competences[i] = competence
		}
		bloc.conclude(scheme.blocThreshold)
		grid.Blocs = append(grid.Blocs, bloc)
	}
	return grid
}

// conclude finds the outcome of a compétence: the first rule that applies.
func (c *GridCompetence) conclude(threshold Number) {
	counted, exempted := c.counted(threshold)
	for _, rule := range []struct {
		outcome Outcome
		reason  ReasonRule
		applies func(GridCriterion) bool
	}{
		{Pending, CriterionPending, func(k GridCriterion) bool { return k.Settled == StatusPending }},
		{Contested, CriterionContested, func(k GridCriterion) bool { return k.Settled == StatusContested }},
		{NotAcquired, EliminatoryNotMet, GridCriterion.eliminates},
	} {
		for _, k := range counted {
			if rule.applies(k) {
				c.Outcome = rule.outcome
				c.Reasons = append(c.Reasons, Reason{Rule: rule.reason, Competence: c.Code, Criterion: k.Code})
			}
		}
		if c.Outcome != "" {
			return
		}
	}
	c.Reasons = exempted
	c.weigh(counted, threshold)
}

// counted keeps the criteria that count. An exempted criterion counts where its
// settled points reach the threshold: it then cannot pull the sum below it, and
// leaving it out could. So an exemption never lowers an outcome.
func (c *GridCompetence) counted(threshold Number) (counted []GridCriterion, exempted []Reason) {
	for _, k := range c.Criteria {
		reason := Reason{Competence: c.Code, Criterion: k.Code, Exemption: true}
		switch {
		case k.Status != StatusExempted:
			counted = append(counted, k)
			continue
		case k.Settled.points() >= threshold.Value:
			counted = append(counted, k)
			reason.Rule = ExemptedCounts
			reason.Points, reason.Threshold, reason.FromDefault = k.Settled.points(), threshold.Value, threshold.Default
		default:
			reason.Rule = ExemptedLeftOut
		}
		exempted = append(exempted, reason)
	}
	return counted, exempted
}

// weigh compares the points of the criteria that count with the threshold.
func (c *GridCompetence) weigh(counted []GridCriterion, threshold Number) {
	reason := Reason{
		Competence:  c.Code,
		Required:    threshold.Value * len(counted),
		Counted:     len(counted),
		Threshold:   threshold.Value,
		FromDefault: threshold.Default,
		Exemption:   len(c.Reasons) > 0,
	}
	for _, k := range counted {
		reason.Points += k.Settled.points()
	}
	// Where every criterion is left out, which no grant allows, nothing was shown.
	if len(counted) > 0 && reason.Points >= reason.Required {
		c.Outcome, reason.Rule = Acquired, PointsReached
	} else {
		c.Outcome, reason.Rule = NotAcquired, PointsMissed
	}
	c.Reasons = append(c.Reasons, reason)
}

// eliminates says whether the criterion alone fails its compétence and its bloc.
func (g GridCriterion) eliminates() bool {
	return g.Eliminatory && g.Status != StatusMet && g.Status != StatusExempted
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

// because gives the bloc the outcome that any of its compétences has, and says
// whether one did.
func (b *GridBloc) because(outcome Outcome, rule ReasonRule) bool {
	found := false
	for _, c := range b.Competences {
		if c.Outcome == outcome {
			found = true
			b.Outcome = outcome
			b.Reasons = append(b.Reasons, Reason{Rule: rule, Bloc: b.Code, Competence: c.Code})
		}
	}
	return found
}

// eliminated fails the bloc on any eliminatory criterion, and says whether it did.
func (b *GridBloc) eliminated() bool {
	for _, c := range b.Competences {
		for _, k := range c.Criteria {
			if k.eliminates() {
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

// Bloc finds a presented bloc, nil where it is not presented.
func (g Grid) Bloc(code string) *GridBloc {
	i := slices.IndexFunc(g.Blocs, func(b GridBloc) bool { return b.Code == code })
	if i < 0 {
		return nil
	}
	return &g.Blocs[i]
}

// Competence finds a compétence of a presented bloc, nil where it is none.
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

// Criterion finds a criterion of a presented bloc, nil where it is none.
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
