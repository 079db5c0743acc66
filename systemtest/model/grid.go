package model

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
)

var points = map[string]int{"MET": 100, "PARTIALLY_MET": 50, "NOT_MET": 0}

// settled is the status of a criterion before exemptions: the jury's settlement if it is in
// force, otherwise what the assessors come to.
func (k *Candidacy) settled(criterion string) string {
	if s := k.inForce(criterion); s != nil {
		return s.verdict
	}
	switch heard, _ := k.heard(criterion); heard {
	case tooFew, noVoice, waits:
		return "PENDING"
	case disagree:
		return "CONTESTED"
	default:
		return heard
	}
}

// worth are the points of a criterion; nil if nothing is settled.
func (k *Candidacy) worth(c Criterion) *big.Rat {
	if settled := k.settled(c.Code); settled != inPoints {
		return k.Session.Revision.On(c).worth(settled)
	}
	_, points := k.heard(c.Code)
	return points
}

// passes says whether a criterion is enough by itself.
func (k *Candidacy) passes(c Criterion) bool {
	return k.Session.Revision.On(c).enough(k.worth(c))
}

// inForce is the latest settlement, if the verdicts are the ones that it was made
// on.
func (k *Candidacy) inForce(criterion string) *settlement {
	s := k.settlements[criterion]
	if s == nil || !maps.Equal(s.on, k.said(criterion)) {
		return nil
	}
	return s
}

// Status is the status of a criterion.
func (k *Candidacy) Status(criterion string) string {
	_, _, c := k.Session.Revision.Find(criterion)
	on := k.Session.Revision.On(*c)
	switch settled := k.settled(criterion); {
	case k.exempted(criterion):
		return "EXEMPTED"
	case settled == inPoints || on != nil && on.worth(settled) != nil:
		return "ASSESSED"
	default:
		return settled
	}
}

// Found is the level or the mark of a criterion, each empty if there is none.
func (k *Candidacy) Found(criterion string) (level, mark string) {
	_, _, c := k.Session.Revision.Find(criterion)
	switch on, settled := k.Session.Revision.On(*c), k.settled(criterion); {
	case on == nil || on.worth(settled) == nil:
		return "", ""
	case on.Marks != nil:
		return "", settled
	default:
		return settled, ""
	}
}

// excluded tells whether a criterion prevents its compétence and bloc from being
// acquired, with any number of points.
func (k *Candidacy) excluded(c Criterion) bool {
	return c.Eliminatory && !k.exempted(c.Code) && !k.passes(c)
}

// competence computes an outcome.
func (k *Candidacy) competence(c Competence) string {
	seen := make(map[string]bool)
	out := false
	for _, criterion := range c.Criteria {
		if criterion.BonusAbove == "" || len(k.verdicts[criterion.Code]) > 0 { // a bonus may be left
			seen[k.Status(criterion.Code)] = true
		}
		out = out || k.excluded(criterion)
	}
	return outcome(seen, out, k.Session.Revision.gateOf(c).passes(k.criteria(c, k.Session.Revision.gateOf(c).InPercent)))
}

// criteria are the critères of a compétence as a gate sees them.
func (k *Candidacy) criteria(c Competence, inPercent bool) (members []member) {
	for _, criterion := range c.Criteria {
		m := newMember(criterion.Weight, criterion.BonusAbove)
		on := k.Session.Revision.On(criterion)
		m.acquired = k.passes(criterion)
		m.exempted = k.exempted(criterion.Code)
		if m.points = k.worth(criterion); inPercent {
			m.points = on.percent(m.points)
		}
		members = append(members, m)
	}
	return members
}

// bloc computes the outcome of a bloc.
func (k *Candidacy) bloc(b Bloc) string {
	seen := make(map[string]bool)
	out := false
	var members []member
	for _, c := range b.Competences {
		o := k.competence(c)
		taken := slices.ContainsFunc(c.Criteria, func(c Criterion) bool { return len(k.verdicts[c.Code]) > 0 })
		m := newMember(c.Weight, c.BonusAbove)
		if m.acquired = o == "ACQUIRED"; taken || c.BonusAbove == "" {
			seen[o] = true
			m.points = k.brings(c, k.Session.Revision.gateOver(b).InPercent)
		}
		members = append(members, m)
		out = out || slices.ContainsFunc(c.Criteria, k.excluded)
	}
	return outcome(seen, out, k.Session.Revision.gateOver(b).passes(members))
}

// brings is the mean of a compétence as the gate of its bloc sees it: in marks if all its
// criteria have the same and its own gate, if it has one, is not in percent.
func (k *Candidacy) brings(c Competence, toPercent bool) *big.Rat {
	r := k.Session.Revision
	unit, several := r.unit(c)
	inPercent := several || (c.Gate != nil || r.CompetenceGate != nil) && r.gateOf(c).InPercent
	mean := r.gateOf(c).points(k.criteria(c, inPercent))
	if toPercent && !inPercent {
		mean = unit.percent(mean)
	}
	return mean
}

// outcome returns the first outcome that applies.
func outcome(parts map[string]bool, excluded, reached bool) string {
	switch {
	case parts["PENDING"]:
		return "PENDING"
	case parts["CONTESTED"]:
		return "CONTESTED"
	case excluded || !reached:
		return "NOT_ACQUIRED"
	}
	return "ACQUIRED"
}

// method is the method in force. It is fixed at enrolment: a bloc that leaves
// does not change it.
func (k *Candidacy) method(bloc string, c Competence) string {
	attempt := "FIRST"
	if slices.Contains(k.Again, bloc) {
		attempt = "RESIT"
	}
	for _, v := range c.Variants {
		switch {
		case v.SingleBloc && len(k.Enrolled) != 1:
		case len(v.Routes) > 0 && !slices.Contains(v.Routes, k.Route):
		case v.Attempt != "" && v.Attempt != attempt:
		default:
			return v.Method
		}
	}
	if len(k.Enrolled) == 1 && c.BlocOnlyMethod != "" {
		return c.BlocOnlyMethod
	}
	return c.Method
}

// Grid returns the grid of the blocs that are still presented.
func (k *Candidacy) Grid() Grid {
	g := Grid{Name: k.Name + "/grid", Candidate: k.Candidate.Name, Referentiel: k.Session.Revision.Name, State: k.State, Blocs: []GridBloc{}}
	for _, code := range k.Presented() {
		bloc := *k.Session.Revision.Bloc(code)
		shown := GridBloc{Code: code, Outcome: k.bloc(bloc), Competences: []GridCompetence{}, Epreuves: []GridCompetence{}}
		for _, c := range bloc.Competences {
			if bloc.ByEpreuves {
				shown.Epreuves = append(shown.Epreuves, k.gridCompetence(code, c))
			} else {
				shown.Competences = append(shown.Competences, k.gridCompetence(code, c))
			}
		}
		g.Blocs = append(g.Blocs, shown)
	}
	return g
}

func (k *Candidacy) gridCompetence(bloc string, c Competence) GridCompetence {
	shown := GridCompetence{Code: c.Code, Outcome: k.competence(c), Method: Method{Kind: k.method(bloc, c)}}
	for _, criterion := range c.Criteria {
		line := GridCriterion{
			Code: criterion.Code, Eliminatory: criterion.Eliminatory,
			Status: k.Status(criterion.Code), Assessments: []Assessment{},
		}
		line.Level, line.Mark = k.Found(criterion.Code)
		on := k.Session.Revision.On(criterion)
		if k.settled(criterion.Code) == inPoints {
			line.Points = cut(k.worth(criterion))
		}
		for person, verdict := range k.verdicts[criterion.Code] {
			made := on.assessment(k.spellings[criterion.Code][person], verdict)
			made.Quality = k.qualities[criterion.Code][person]
			line.Assessments = append(line.Assessments, made)
		}
		SortAssessments(line.Assessments)
		if s := k.inForce(criterion.Code); s != nil {
			line.Settlement = on.settlement(s.verdict, slices.Sorted(slices.Values(s.authors)))
		}
		shown.Criteria = append(shown.Criteria, line)
	}
	return shown
}

// SortAssessments sorts them in an order that reveals nothing.
func SortAssessments(all []Assessment) {
	slices.SortFunc(all, func(a, b Assessment) int { return cmp.Compare(a.Assessor, b.Assessor) })
}

// Opinions are the current verdicts on a criterion, by assessor in lower case.
func (k *Candidacy) Opinions(criterion string) map[string]string {
	return maps.Clone(k.verdicts[criterion])
}

// Criteria lists the criteria of the blocs that are still presented.
func (k *Candidacy) Criteria() (codes []string) {
	for _, code := range k.Presented() {
		for _, competence := range k.Session.Revision.Bloc(code).Competences {
			for _, c := range competence.Criteria {
				codes = append(codes, c.Code)
			}
		}
	}
	return codes
}
