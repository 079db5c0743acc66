package show

import (
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
)

// Grids shows the grids of one revision.
type Grids struct {
	blocs       map[string]*acquispb.Bloc
	competences map[string]*acquispb.Competence
	criteria    map[string]*acquispb.Criterion
	reasons     sharedReasons
}

// NewGrids shows grids in the words of a référentiel, which is never changed again.
func NewGrids(referentiel *acquispb.Referentiel) *Grids {
	g := &Grids{
		blocs:       make(map[string]*acquispb.Bloc),
		competences: make(map[string]*acquispb.Competence),
		criteria:    make(map[string]*acquispb.Criterion),
		reasons:     sharedReasons{kept: make(map[rules.Reason][]*acquispb.Reason)},
	}
	for _, b := range referentiel.GetBlocs() {
		g.blocs[b.GetCode()] = b
		for _, c := range b.GetCompetences() {
			g.competences[c.GetCode()] = c
			for _, k := range c.GetCriteria() {
				g.criteria[k.GetCode()] = k
			}
		}
	}
	return g
}

// Said knows what was said in words of what a grid shows.
type Said interface {
	// Assessment shows a verdict on a criterion, with its comment.
	Assessment(criterion string, o rules.Opinion) (*acquispb.Assessment, error)
	// Settlement shows a settlement, with its motive.
	Settlement(s *rules.Settlement) (*acquispb.Settlement, error)
}

// Blocs shows a grid.
func (g *Grids) Blocs(grid rules.Grid, said Said) (blocs []*acquispb.Grid_GridBloc, err error) {
	for i := range grid.Blocs {
		b := &grid.Blocs[i]
		shown := &acquispb.Grid_GridBloc{
			Code:        b.Code,
			Title:       g.blocs[b.Code].GetTitle(),
			Outcome:     outcome(b.Outcome),
			Reasons:     g.reasons.list(b.Reasons),
			Competences: make([]*acquispb.Grid_GridCompetence, len(b.Competences)),
		}
		for j := range b.Competences {
			if shown.Competences[j], err = g.competence(&b.Competences[j], said); err != nil {
				return nil, err
			}
		}
		blocs = append(blocs, shown)
	}
	return blocs, nil
}

func (g *Grids) competence(c *rules.GridCompetence, said Said) (shown *acquispb.Grid_GridCompetence, err error) {
	known := g.competences[c.Code]
	shown = &acquispb.Grid_GridCompetence{
		Code:      c.Code,
		Statement: known.GetStatement(),
		Outcome:   outcome(c.Outcome),
		Reasons:   g.reasons.list(c.Reasons),
		Method:    known.GetMethod(),
		Criteria:  make([]*acquispb.Grid_GridCriterion, len(c.Criteria)),
	}
	if c.Method == rules.BlocOnly {
		shown.Method = known.GetBlocOnlyMethod()
	}
	for i := range c.Criteria {
		if shown.Criteria[i], err = g.criterion(&c.Criteria[i], said); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

func (g *Grids) criterion(k *rules.GridCriterion, said Said) (shown *acquispb.Grid_GridCriterion, err error) {
	shown = &acquispb.Grid_GridCriterion{
		Code:        k.Code,
		Statement:   g.criteria[k.Code].GetStatement(),
		Eliminatory: k.Eliminatory,
		Status:      status(k.Status),
		Assessments: make([]*acquispb.Assessment, len(k.Opinions)),
	}
	if k.Reason.Rule != "" {
		shown.Reasons = g.reasons.one(k.Reason)
	}
	for i, o := range k.Opinions {
		if shown.Assessments[i], err = said.Assessment(k.Code, o); err != nil {
			return nil, err
		}
	}
	if k.Settlement == nil {
		return shown, nil
	}
	shown.Settlement, err = said.Settlement(k.Settlement)
	return shown, err
}
