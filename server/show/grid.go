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
	criteria    map[string]*criterionWords
}

// The parts of a revision's blocs, compétences and criteria that grids share,
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
		criteria:    make(map[string]*criterionWords),
	}
	by := make(map[string]rules.FindingKind)
	for _, s := range referentiel.GetScales() {
		by[s.GetCode()] = rules.ByLevel
		if s.GetMarks() != nil {
			by[s.GetCode()] = rules.ByMark
		}
	}
	for _, b := range referentiel.GetBlocs() {
		g.blocs[b.GetCode()] = &blocWords{Bloc: b}
		for _, c := range b.GetCompetences() {
			g.competences[c.GetCode()] = &competenceWords{Competence: c}
			for _, k := range c.GetCriteria() {
				g.criteria[k.GetCode()] = &criterionWords{Criterion: k, by: by[cmp.Or(k.GetScale(), referentiel.GetRules().GetScale())]}
			}
		}
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

// Blocs shows a grid.
func (g *Grids) Blocs(grid rules.Grid, said Said) (blocs []*acquispb.Grid_GridBloc, err error) {
	for i := range grid.Blocs {
		b := &grid.Blocs[i]
		known := g.blocs[b.Code]
		shown := &acquispb.Grid_GridBloc{
			Code:        b.Code,
			Title:       known.GetTitle(),
			Outcome:     outcome(b.Outcome),
			Reasons:     known.reasons.list(b.Reasons),
			Competences: make([]*acquispb.Grid_GridCompetence, len(b.Units)),
		}
		for j := range b.Units {
			if shown.Competences[j], err = g.competence(&b.Units[j], said); err != nil {
				return nil, err
			}
		}
		blocs = append(blocs, shown)
	}
	return blocs, nil
}

func (g *Grids) competence(c *rules.GridUnit, said Said) (shown *acquispb.Grid_GridCompetence, err error) {
	known := g.competences[c.Code]
	shown = &acquispb.Grid_GridCompetence{
		Code:      c.Code,
		Statement: known.GetStatement(),
		Outcome:   outcome(c.Outcome),
		Reasons:   known.reasons.list(c.Reasons),
		Method:    known.GetMethod(),
		Criteria:  make([]*acquispb.Grid_GridCriterion, len(c.Criteria)),
	}
	if c.Method == rules.BlocOnly {
		shown.Method = known.GetBlocOnlyMethod()
	}
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
		shown.Criteria[i] = &criteria[i]
	}
	return shown, nil
}

// criterion shows a criterion in a message that has only its empty assessments.
func (g *Grids) criterion(k *rules.GridCriterion, said Said, shown *acquispb.Grid_GridCriterion) (err error) {
	known := g.criteria[k.Code]
	shown.Code, shown.Statement, shown.Eliminatory = k.Code, known.GetStatement(), k.Eliminatory
	shown.Status = status(k.Status)
	if k.Found != "" {
		_, shown.Level, shown.Mark = Finding(k.Found, known.by)
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
