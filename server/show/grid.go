package show

import (
	"cmp"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
)

// Grids shows the grids of one revision.
type Grids struct {
	blocs       map[string]*blocWords
	competences map[string]*competenceWords
	epreuves    map[string]*epreuveWords
	criteria    map[string]*criterionWords
}

// The parts of a revision's blocs, compétences, épreuves and criteria that grids share,
// with the reasons that grids gave there.
type (
	blocWords struct {
		*acquispb.Bloc
		reasons sharedReasons
	}
	competenceWords struct {
		*acquispb.Competence
		reasons sharedReasons
	}
	epreuveWords struct {
		*acquispb.Epreuve
		reasons sharedReasons
	}
	criterionWords struct {
		*acquispb.Criterion
		by      rules.FindingKind // on a scale: by a level or by a mark
		reasons sharedReasons
	}
)

// NewGrids shows grids with the texts of a référentiel, which must not change.
func NewGrids(referentiel *acquispb.Referentiel) *Grids {
	g := &Grids{
		blocs:       make(map[string]*blocWords),
		competences: make(map[string]*competenceWords),
		epreuves:    make(map[string]*epreuveWords),
		criteria:    make(map[string]*criterionWords),
	}
	by := make(map[string]rules.FindingKind)
	for _, s := range referentiel.GetScales() {
		by[s.GetCode()] = rules.ByLevel
		if s.GetMarks() != nil {
			by[s.GetCode()] = rules.ByMark
		}
	}
	know := func(criteria ...*acquispb.Criterion) {
		for _, k := range criteria {
			g.criteria[k.GetCode()] = &criterionWords{Criterion: k, by: by[cmp.Or(k.GetScale(), referentiel.GetRules().GetScale())]}
		}
	}
	for _, b := range referentiel.GetBlocs() {
		g.blocs[b.GetCode()] = &blocWords{Bloc: b}
		for _, c := range b.GetCompetences() {
			g.competences[c.GetCode()] = &competenceWords{Competence: c}
			know(c.GetCriteria()...)
		}
		for _, e := range b.GetEpreuves() {
			g.epreuves[e.GetCode()] = &epreuveWords{Epreuve: e}
			if know(e.GetCriteria()...); len(e.GetCriteria()) == 0 {
				know(&acquispb.Criterion{Code: e.GetCode(), Statement: e.GetTitle(), Scale: e.GetScale(), Competences: e.GetCompetences()})
			}
		}
	}
	for _, r := range referentiel.GetAward().GetRequirements() {
		g.competences[r.GetCode()] = &competenceWords{Competence: &acquispb.Competence{Code: r.GetCode(), Statement: r.GetTitle(), Method: r.GetMethod()}}
		know(r.GetCriteria()...)
	}
	return g
}

// Said returns the texts that belong to a grid.
type Said interface {
	// Assessment shows a verdict on a criterion, with its comment, in an empty message.
	Assessment(criterion string, o rules.Opinion, shown *acquispb.Assessment) error
	// Settlement shows a settlement, with its motive.
	Settlement(s *rules.Settlement) (*acquispb.Settlement, error)
}

// Requirements shows the requirements of a grid, each of which is one compétence.
func (g *Grids) Requirements(grid rules.Grid, said Said) (requirements []*acquispb.Grid_GridCompetence, err error) {
	for i := range grid.Blocs {
		if b := &grid.Blocs[i]; b.Requirement {
			shown := new(acquispb.Grid_GridBloc)
			if err := g.unit(&b.Units[0], said, shown); err != nil {
				return nil, err
			}
			requirements = append(requirements, shown.Competences...)
		}
	}
	return requirements, nil
}

// Blocs shows the blocs of a grid.
func (g *Grids) Blocs(grid rules.Grid, said Said) (blocs []*acquispb.Grid_GridBloc, err error) {
	for i := range grid.Blocs {
		b := &grid.Blocs[i]
		if b.Requirement {
			continue
		}
		known := g.blocs[b.Code]
		shown := &acquispb.Grid_GridBloc{
			Code:    b.Code,
			Title:   known.GetTitle(),
			Outcome: outcome(b.Outcome),
			Reasons: known.reasons.list(b.Reasons),
		}
		for j := range b.Units {
			if err := g.unit(&b.Units[j], said, shown); err != nil {
				return nil, err
			}
		}
		blocs = append(blocs, shown)
	}
	return blocs, nil
}

// unit shows a compétence or an épreuve in the message of its bloc.
func (g *Grids) unit(u *rules.GridUnit, said Said, in *acquispb.Grid_GridBloc) error {
	criteria, err := g.criteriaOf(u, said)
	if u.Epreuve {
		known := g.epreuves[u.Code]
		in.Epreuves = append(in.Epreuves, &acquispb.Grid_GridEpreuve{
			Code:        u.Code,
			Title:       known.GetTitle(),
			Outcome:     outcome(u.Outcome),
			Reasons:     known.reasons.list(u.Reasons),
			Method:      inForce(known, nil, u.Method, u.Variant),
			Criteria:    criteria,
			Competences: known.GetCompetences(),
		})
		return err
	}
	known := g.competences[u.Code]
	shown := &acquispb.Grid_GridCompetence{
		Code:      u.Code,
		Statement: known.GetStatement(),
		Outcome:   outcome(u.Outcome),
		Reasons:   known.reasons.list(u.Reasons),
		Method:    inForce(known, known.GetBlocOnlyMethod(), u.Method, u.Variant),
		Criteria:  criteria,
	}
	in.Competences = append(in.Competences, shown)
	return err
}

// inForce is the method of a compétence or an épreuve that the rules chose.
func inForce(of interface {
	GetMethod() *acquispb.AssessmentMethod
	GetVariants() []*acquispb.Variant
}, blocOnly *acquispb.AssessmentMethod, method rules.Method, variant int) *acquispb.AssessmentMethod {
	switch method {
	case rules.BlocOnly:
		return blocOnly
	case rules.ByVariant:
		return of.GetVariants()[variant].GetMethod()
	}
	return of.GetMethod()
}

// Methods shows methods in force.
func (g *Grids) Methods(methods []rules.UnitMethod) (shown []*acquispb.DeliberationRecord_MethodInForce) {
	for _, m := range methods {
		one := &acquispb.DeliberationRecord_MethodInForce{Bloc: m.Bloc}
		var method *acquispb.AssessmentMethod
		if m.Epreuve {
			one.Epreuve = m.Unit
			method = inForce(g.epreuves[m.Unit], nil, m.Method, m.Variant)
		} else {
			one.Competence = m.Unit
			method = inForce(g.competences[m.Unit], g.competences[m.Unit].GetBlocOnlyMethod(), m.Method, m.Variant)
		}
		one.Kind, one.Title = method.GetKind(), method.GetTitle()
		shown = append(shown, one)
	}
	return shown
}

func (g *Grids) criteriaOf(c *rules.GridUnit, said Said) ([]*acquispb.Grid_GridCriterion, error) {
	shown := make([]*acquispb.Grid_GridCriterion, len(c.Criteria))
	// A few large allocations instead of many small ones.
	criteria, opinions := make([]acquispb.Grid_GridCriterion, len(c.Criteria)), 0
	for i := range c.Criteria {
		opinions += len(c.Criteria[i].Opinions)
	}
	assessments, list := make([]acquispb.Assessment, opinions), make([]*acquispb.Assessment, opinions)
	for i := range assessments {
		list[i] = &assessments[i]
	}
	for i := range c.Criteria {
		k := &c.Criteria[i]
		n := len(k.Opinions)
		criteria[i].Assessments, list = list[:n:n], list[n:]
		if err := g.criterion(k, said, &criteria[i]); err != nil {
			return nil, err
		}
		shown[i] = &criteria[i]
	}
	return shown, nil
}

// criterion shows a criterion in a message that has only its empty assessments.
func (g *Grids) criterion(k *rules.GridCriterion, said Said, shown *acquispb.Grid_GridCriterion) (err error) {
	known := g.criteria[k.Code]
	shown.Code, shown.Statement, shown.Eliminatory = k.Code, known.GetStatement(), k.Eliminatory
	shown.Status, shown.Competences = status(k.Status), known.GetCompetences()
	if k.Found != "" {
		_, shown.Level, shown.Mark = Finding(k.Found, known.by)
	}
	if k.Points != nil {
		shown.Points = k.Points.String()
	}
	if k.Reason.Rule != "" {
		shown.Reasons = known.reasons.one(&k.Reason)
	}
	for i, o := range k.Opinions {
		if err := said.Assessment(k.Code, o, shown.Assessments[i]); err != nil {
			return err
		}
	}
	if k.Settlement != nil {
		shown.Settlement, err = said.Settlement(k.Settlement)
	}
	return err
}
