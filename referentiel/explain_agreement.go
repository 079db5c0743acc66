package referentiel

import (
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
)

// agreements says how several assessors come to one finding, and in which qualities.
func (e *explainer) agreements() {
	for _, q := range e.r.GetAssessorQualities() {
		e.say("On peut évaluer en qualité de %s (« %s »).", "One can assess as %s (“%s”).", q.GetCode(), q.GetTitle())
	}
	a := e.r.GetRules().GetAgreement()
	if a == nil {
		e.say("Si des évaluateurs se contredisent sur un critère, le jury tranche.",
			"If assessors disagree on a criterion, the jury settles it.")
		return
	}
	e.say("Si plusieurs évaluent un critère : %s.", "If several assess a criterion: %s.", e.agreement(a))
}

// agreement is what counts, as what follows a colon.
func (e *explainer) agreement(a *storepb.Agreement) string {
	kinds := map[string]bilingual{
		"UNANIMOUS": {"tous constatent la même chose, sinon le jury tranche", "all find the same, otherwise the jury settles it"},
		"MEAN":      {"la moyenne de leurs constats compte", "the mean of what they find counts"},
		"WEIGHTED":  {"chaque qualité compte avec son poids, et chacune est nécessaire", "each quality counts by its weight, and each is needed"},
		"JOINT": {"ils évaluent ensemble, chacun enregistre le même constat, sinon le jury tranche",
			"they assess together, each records the same finding, otherwise the jury settles it"},
	}
	all := []string{e.pick(kinds[a.GetKind().String()])}
	if gap := a.GetMaxGap(); gap != "" {
		all = append(all, e.phrase("l'écart ne dépasse pas %s points, sinon le jury tranche", "they are not more than %s points apart, otherwise the jury settles it", points(gap)))
	}
	if third := a.GetThirdReading(); third != "" {
		all = append(all, e.phrase("avant le jury, une troisième lecture (%s) remplace des constats trop écartés",
			"before the jury, a third reading (%s) replaces findings that are too far apart", third))
	}
	for _, w := range a.GetWeights() {
		all = append(all, e.phrase("%s : %d %%", "%s: %d %%", w.GetQuality(), w.GetPercent()))
	}
	return strings.Join(all, " ; ")
}

// sides says who must chair, and of which colleges members must be present.
func (e *explainer) sides() {
	rule := e.r.GetRules().GetJury()
	if rule.GetChair().String() == "NONE" {
		e.say("Aucun président n'est nécessaire, et aucun membre n'a de lien déclaré avec le candidat.",
			"No chair is needed, and no member has a declared tie with the candidate.")
	} else {
		e.say("L'un d'eux préside, et aucun n'a de lien déclaré avec le candidat.",
			"One of them chairs, and none has a declared tie with the candidate.")
	}
	if rule.GetCastingVote() {
		e.say("En cas de partage des voix, celle du président l'emporte.", "If votes are equal, that of the chair decides.")
	}
	var parity []string
	for _, c := range rule.GetColleges() {
		n, note := e.number(c.AtLeast, rules.DefaultCollegeMembers)
		e.say("Membres présents du collège %s (« %s ») : %d au moins%s.", "Members present of the college %s (“%s”): at least %d%s.",
			c.GetCode(), c.GetTitle(), n, note)
		if c.GetParity() {
			parity = append(parity, c.GetCode())
		}
	}
	if len(parity) > 0 {
		e.say("Ces collèges ont autant de membres présents : %s.", "These colleges have the same number of members present: %s.", parity)
	}
}
