package model

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
)

var points = map[string]int{"MET": 100, "PARTIALLY_MET": 50, "NOT_MET": 0}

// settled is the status of a criterion before exemptions: the first that applies
// of pending, the common verdict, the jury's settlement, contested.
func (k *Candidacy) settled(criterion string) string {
	verdicts := k.verdicts[criterion]
	if len(verdicts) < k.Session.Revision.Number(MinAssessors) {
		return "PENDING"
	}
	if verdict := common(verdicts); verdict != "" {
		return verdict
	}
	if s := k.inForce(criterion); s != nil {
		return s.verdict
	}
	return "CONTESTED"
}

// inForce is the latest settlement, if the verdicts are the ones that it was made
// on.
func (k *Candidacy) inForce(criterion string) *settlement {
	s := k.settlements[criterion]
	if s == nil || !maps.Equal(s.on, k.verdicts[criterion]) {
		return nil
	}
	return s
}

// Status is the status of a criterion.
func (k *Candidacy) Status(criterion string) string {
	if k.exempted(criterion) {
		return "EXEMPTED"
	}
	return k.settled(criterion)
}

// excluded tells whether a criterion prevents its compétence and bloc from being
// acquired, with any number of points.
func (k *Candidacy) excluded(c Criterion) bool {
	status := k.Status(c.Code)
	return c.Eliminatory && status != "MET" && status != "EXEMPTED"
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
	return outcome(seen, out, k.Session.Revision.gateOf(c).passes(k.criteria(c)))
}

// criteria are the critères of a compétence as its gate sees them.
func (k *Candidacy) criteria(c Competence) (members []member) {
	for _, criterion := range c.Criteria {
		m := newMember(criterion.Weight, criterion.BonusAbove)
		m.acquired = k.settled(criterion.Code) == "MET"
		m.exempted = k.exempted(criterion.Code)
		if p, judged := points[k.settled(criterion.Code)]; judged {
			m.points = big.NewRat(int64(p), 1)
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
			m.points = k.Session.Revision.gateOf(c).points(k.criteria(c))
		}
		members = append(members, m)
		out = out || slices.ContainsFunc(c.Criteria, k.excluded)
	}
	return outcome(seen, out, k.Session.Revision.gateOver(b).passes(members))
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
func (k *Candidacy) method(c Competence) string {
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
		shown := GridBloc{Code: code, Outcome: k.bloc(bloc)}
		for _, c := range bloc.Competences {
			shown.Competences = append(shown.Competences, k.gridCompetence(c))
		}
		g.Blocs = append(g.Blocs, shown)
	}
	return g
}

func (k *Candidacy) gridCompetence(c Competence) GridCompetence {
	shown := GridCompetence{Code: c.Code, Outcome: k.competence(c), Method: Method{Kind: k.method(c)}}
	for _, criterion := range c.Criteria {
		line := GridCriterion{
			Code: criterion.Code, Eliminatory: criterion.Eliminatory,
			Status: k.Status(criterion.Code), Assessments: []Assessment{},
		}
		for assessor, verdict := range k.verdicts[criterion.Code] {
			line.Assessments = append(line.Assessments, Assessment{assessor, verdict})
		}
		SortAssessments(line.Assessments)
		if s := k.inForce(criterion.Code); s != nil {
			line.Settlement = &Settlement{Verdict: s.verdict, Authors: slices.Sorted(slices.Values(s.authors))}
		}
		shown.Criteria = append(shown.Criteria, line)
	}
	return shown
}

// SortAssessments sorts them in an order that reveals nothing.
func SortAssessments(all []Assessment) {
	slices.SortFunc(all, func(a, b Assessment) int { return cmp.Compare(a.Assessor, b.Assessor) })
}

// Opinions are the current verdicts on a criterion, by assessor.
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
