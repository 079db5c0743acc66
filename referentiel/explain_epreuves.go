package referentiel

import (
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// epreuve says how an épreuve is assessed and acquired.
func (e *explainer) epreuve(u *storepb.Epreuve) {
	e.say("%s : %s", "%s: %s", u.GetCode(), u.GetTitle())
	e.detail("Évaluée par : %s.", "Assessed by: %s.", e.method(u.GetMethod()))
	e.variants(u.GetVariants())
	e.attempts(u.MaxAttempts)
	if covered := u.GetCompetences(); len(covered) > 0 {
		e.detail("Porte sur les compétences : %s.", "Covers the compétences: %s.", covered)
	}
	if u.MinAssessors != nil {
		e.detail("Il y faut l'avis d'au moins %s.", "It needs the findings of at least %s.",
			e.counted(int(u.GetMinAssessors()), bilingual{"évaluateur", "assessor"}, bilingual{"évaluateurs", "assessors"}))
	}
	if a := u.GetAgreement(); a != nil {
		e.detail("Si plusieurs l'évaluent : %s (règle propre).", "If several assess it: %s (a rule of its own).", e.agreement(a))
	}
	if g := u.GetGate(); g != nil {
		e.detail("Acquise quand %s (règle propre).", "Acquired when %s (a rule of its own).", e.gate(g, ofCriteria))
	}
	if shared := e.share(u.Weight, u.GetBonusAbove()); shared != "" {
		e.detail("Dans le bloc : %s.", "In the bloc: %s.", shared)
	}
	if len(u.GetCriteria()) == 0 {
		e.asWhole(u)
		return
	}
	e.detail("Critères : %s.", "Criteria: %s.", e.criteria(u.GetCriteria()))
	if u.GetScale() != "" || u.GetEliminatory() { // which the check refuses
		e.asWhole(u)
	}
}

// asWhole says how an épreuve without criteria is assessed.
func (e *explainer) asWhole(u *storepb.Epreuve) {
	how := e.criterion(&storepb.Criterion{Code: u.GetCode(), Scale: u.GetScale(), Eliminatory: u.GetEliminatory()})
	e.detail("Évaluée en une fois : %s. Sans règle propre, elle est acquise si ce résultat suffit sur son échelle.",
		"Assessed as a whole: %s. Without a rule of its own it is acquired if that is enough on its scale.", how)
}

// detail adds a sentence about what was said last.
func (e *explainer) detail(fr, en string, args ...any) {
	e.text.WriteString("    " + e.phrase(fr, en, args...) + "\n")
}

func (e *explainer) criteria(criteria []*storepb.Criterion) (all []string) {
	for _, c := range criteria {
		text := e.criterion(c)
		if about := c.GetCompetences(); len(about) > 0 {
			text += " [" + strings.Join(about, ", ") + "]"
		}
		all = append(all, text)
	}
	return all
}

// children are what the gate of a bloc is about.
func (e *explainer) children(b *storepb.Bloc) children {
	if len(b.GetEpreuves()) > 0 {
		return children{bilingual{"ses épreuves", "its épreuves"}, bilingual{"acquises", "acquired"}}
	}
	return ofCompetences
}

// attempts says how often something may be attempted.
func (e *explainer) attempts(most *int32) {
	if most != nil {
		e.detail("Le bloc peut être présenté %d fois au plus.", "The bloc can be presented %d times at most.", *most)
	}
}

// variants says which methods apply in which candidacies.
func (e *explainer) variants(variants []*storepb.Variant) {
	for _, v := range variants {
		var when []string
		if v.GetWhen().GetSingleBloc() {
			when = append(when, e.phrase("ce bloc est présenté seul", "this bloc is presented alone"))
		}
		if routes := v.GetWhen().GetAccessRoutes(); len(routes) > 0 {
			var names []string
			for _, route := range routes {
				names = append(names, e.pick(routeNames(route.String())))
			}
			when = append(when, e.phrase("le candidat vient par %s", "the candidate comes by %s", strings.Join(names, e.phrase(" ou ", " or "))))
		}
		switch v.GetWhen().GetAttempt().String() {
		case "FIRST":
			when = append(when, e.phrase("le bloc est présenté pour la première fois", "the bloc is presented for the first time"))
		case "RESIT":
			when = append(when, e.phrase("le bloc est présenté de nouveau", "the bloc is presented again"))
		}
		e.detail("Si %s : %s.", "If %s: %s.", strings.Join(when, e.phrase(" et ", " and ")), e.method(v.GetMethod()))
	}
}

// routeNames are what people call an access route.
func routeNames(route string) bilingual {
	return map[string]bilingual{
		"INITIAL_TRAINING":             {"la formation initiale", "initial training"},
		"APPRENTICESHIP":               {"l'apprentissage", "apprenticeship"},
		"CONTINUING_TRAINING":          {"la formation continue", "continuing training"},
		"PROFESSIONALISATION_CONTRACT": {"un contrat de professionnalisation", "a contrat de professionnalisation"},
		"EXPERIENCE_VALIDATION":        {"la validation des acquis de l'expérience (VAE)", "validation of experience (VAE)"},
		"INDEPENDENT_CANDIDATE":        {"une candidature libre", "an independent candidacy"},
	}[route]
}
