package referentiel

import (
	"fmt"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
)

// children are what a gate is about.
type children struct{ of, acquired bilingual }

var (
	ofCriteria = children{
		bilingual{"ses critères", "its criteria"}, bilingual{"atteints", "met"},
	}
	ofCompetences = children{
		bilingual{"ses compétences", "its compétences"}, bilingual{"acquises", "acquired"},
	}
)

// short is a gate in short form.
type short struct{ when, note string }

// thresholds are the two gates in short form.
func (e *explainer) thresholds() (competence, bloc short) {
	var ofCompetence, ofBloc *int32
	if r := e.r.GetRules(); r != nil {
		ofCompetence, ofBloc = r.CompetenceThresholdPercent, r.BlocThresholdPercent
	}
	n, note := e.number(ofCompetence, rules.DefaultCompetenceThreshold)
	competence = short{e.phrase("ses critères réunissent %d %% des points", "its criteria gather %d %% of the points", n), note}
	n, note = e.number(ofBloc, rules.DefaultBlocThreshold)
	bloc = short{e.phrase("%d %% de ses compétences sont acquises", "%d %% of its compétences are acquired", n), note}
	if n == 100 {
		bloc.when = e.phrase("toutes ses compétences sont acquises", "all its compétences are acquired")
		bloc.note = e.phrase(", soit %d %%%s", ", that is %d %%%s", n, note)
	}
	return competence, bloc
}

// gate is what must hold, as what follows "when".
func (e *explainer) gate(g *storepb.Gate, of children) string {
	unit := bilingual{" points", " points"}
	if g.GetInPercent() {
		unit = bilingual{" % de l'échelle", " % of the scale"}
	}
	var all []string
	if m := g.GetMean(); m != nil {
		rounded := ""
		if to := m.GetRoundTo(); to != "" {
			rounded = e.phrase(", arrondie à %s près, les moitiés vers le haut,", ", rounded to the nearest %s, halves up,", points(to))
		}
		all = append(all, e.phrase("la moyenne de %s, avec leurs coefficients%s atteint %s%s", "the mean of %s, with their weights%s reaches %s%s",
			of.of, rounded, points(m.GetThreshold()), unit))
	}
	if c := g.GetCount(); c != nil {
		all = append(all, e.count(c, of))
	}
	if floor := g.GetFloor(); floor != "" {
		all = append(all, e.phrase("aucun de ces éléments n'est au-dessous de %s%s", "none of these is below %s%s", points(floor), unit))
	}
	if a := g.GetAtMost(); a != nil {
		all = append(all, e.phrase("%d au plus sont au-dessous de %s%s", "at most %d are below %s%s", a.GetNumber(), points(a.GetBelow()), unit))
	}
	if s := g.GetShortfall(); s != nil {
		all = append(all, e.phrase("ce qui leur manque pour atteindre %[1]s%[3]s, avec leurs coefficients, ne dépasse pas %[2]s en tout",
			"what is missing to %[1]s%[3]s, with their weights, adds up to no more than %[2]s", points(s.GetBelow()), points(s.GetAtMost()), unit))
	}
	return strings.Join(all, e.phrase(", et ", ", and "))
}

func (e *explainer) count(c *storepb.Gate_Count, of children) string {
	var all []string
	if c.Percent != nil {
		all = append(all, e.phrase("%d %% au moins de %s sont %s", "at least %d %% of %s are %s", *c.Percent, of.of, of.acquired))
	}
	if c.AtLeast != nil {
		all = append(all, e.phrase("%d au moins de %s sont %s", "at least %d of %s are %s", *c.AtLeast, of.of, of.acquired))
	}
	return strings.Join(all, e.phrase(", et ", ", and "))
}

// share is how a child takes part in a mean; empty if as any other.
func (e *explainer) share(weight *int32, bonus string) string {
	var all []string
	if weight != nil {
		all = append(all, e.phrase("coefficient %d", "weight %d", *weight))
	}
	if bonus != "" {
		all = append(all, e.phrase("facultatif, et seul ce qui dépasse %s compte", "optional, and only what lies above %s counts", points(bonus)))
	}
	return strings.Join(all, ", ")
}

func (e *explainer) scale(s *storepb.Scale) {
	var forms []string
	if m := s.GetMarks(); m != nil {
		forms = append(forms, e.phrase("notes de %s à %s, par pas de %s", "marks from %s to %s, in steps of %s", points(m.GetMin()), points(m.GetMax()), points(m.GetStep())))
	}
	for _, l := range s.GetLevels() {
		forms = append(forms, e.phrase("%s (« %s », %s points)", "%s (“%s”, %s points)", l.GetCode(), l.GetLabel(), fmt.Sprint(l.GetPoints())))
	}
	passes := e.phrase("au maximum (valeur par défaut)", "at the maximum (a default)")
	if from := s.GetPass(); from != "" {
		passes = e.phrase("à partir de %s", "from %s on", points(from))
	}
	e.say("Échelle %s, « %s » : %s ; un critère y est atteint %s.", "Scale %s, “%s”: %s; there a criterion is met %s.",
		s.GetCode(), s.GetTitle(), forms, passes)
}
