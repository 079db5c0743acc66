package referentiel

import (
	"slices"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
)

// award says what an award needs.
func (e *explainer) award() {
	rule := e.r.GetAward()
	needed := rule.GetAll()
	if len(needed) == 0 {
		needed = e.unnamed(rule)
	}
	if rule == nil {
		e.say("La certification est délivrée par le jury quand tous ses blocs sont acquis : %s.",
			"The jury awards the certification when all its blocs are acquired: %s.", needed)
		return
	}
	e.say("La certification est délivrée par le jury quand tout ce qui suit est acquis : les blocs %s.",
		"The jury awards the certification when all of this is acquired: the blocs %s.", needed)
	for _, c := range rule.GetChoose() {
		if c.AtLeast != nil {
			e.say("Au moins %d des blocs %s.", "At least %d of the blocs %s.", c.GetAtLeast(), c.GetFrom())
		}
		if c.AtLeastCredits != nil {
			e.say("Au moins %d crédits des blocs %s.", "At least %d credits of the blocs %s.", c.GetAtLeastCredits(), c.GetFrom())
		}
	}
	if len(rule.GetOptions()) > 0 {
		e.say("Une option au moins parmi les suivantes ; chaque option est délivrée pour elle-même.",
			"One at least of the following options; each option is awarded by itself.")
	}
	for _, o := range rule.GetOptions() {
		e.say("Option %s (%s) : %s.", "Option %s (%s): %s.", o.GetCode(), o.GetTitle(), slices.Concat(o.GetBlocs(), o.GetRequirements()))
	}
	for _, r := range rule.GetRequirements() {
		e.requirement(r)
	}
}

// unnamed lists the blocs that neither choices nor options name.
func (e *explainer) unnamed(rule *storepb.AwardRule) (codes []string) {
	named := make(map[string]bool)
	for _, c := range rule.GetChoose() {
		for _, code := range c.GetFrom() {
			named[code] = true
		}
	}
	for _, o := range rule.GetOptions() {
		for _, code := range o.GetBlocs() {
			named[code] = true
		}
	}
	for _, b := range e.r.GetBlocs() {
		if !named[b.GetCode()] {
			codes = append(codes, b.GetCode())
		}
	}
	return codes
}

func (e *explainer) requirement(r *storepb.AwardRule_Requirement) {
	how := bilingual{"des documents le prouvent", "documents prove it"}
	if r.GetKind().String() == "EPREUVE" {
		how = bilingual{"le jury l'évalue, avec la certification entière", "the jury assesses it, with the whole certification"}
	}
	e.say("En plus des blocs, %s (%s) : %s. Ce n'est pas un bloc : rien n'en est capitalisé ni attesté.",
		"Beside blocs, %s (%s): %s. It is no bloc: nothing of it is capitalised or attested.", r.GetCode(), r.GetTitle(), how)
	if r.AtLeast != nil {
		e.say("Les nombres de ses documents atteignent %d en tout.", "The numbers of its documents come to %d in all.", r.GetAtLeast())
	}
	if len(r.GetCriteria()) == 0 {
		return
	}
	line := e.phrase("Évaluée par : %s. Critères : %s.", "Assessed by: %s. Criteria: %s.", e.method(r.GetMethod()), e.criteria(r.GetCriteria()))
	if g := r.GetGate(); g != nil {
		line += " " + e.phrase("Acquise quand %s (règle propre).", "Acquired when %s (a rule of its own).", e.gate(g, ofCriteria))
	}
	e.text.WriteString("    " + strings.TrimSpace(line) + "\n")
}
