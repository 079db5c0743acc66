package referentiel

import (
	"fmt"
	"slices"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
)

// Explain says in plain sentences, in French ("fr") or English ("en"), how a candidate
// acquires what: what a head of certification can hold against the certification's own
// rules. Whatever a référentiel leaves out is said with its default.
//
// Each builder has the sentences of one subject. Nothing here decides: TestExplainKnowsAll
// fails if a field changes and no sentence does.
func Explain(r *storepb.Referentiel, language string) string {
	e := &explainer{r: r, french: language == "fr"}
	e.title(r.GetDisplayName() + " (" + r.GetId() + ")")
	for _, build := range []func(*explainer){
		(*explainer).certification, (*explainer).jury, (*explainer).assessing, (*explainer).common,
		(*explainer).blocs, (*explainer).equivalences,
	} {
		build(e)
	}
	return e.text.String()
}

// explainer collects sentences.
type explainer struct {
	r      *storepb.Referentiel
	french bool
	text   strings.Builder
}

// bilingual is a text in both languages.
type bilingual struct{ fr, en string }

// pick is the text in the language of the explanation.
func (e *explainer) pick(w bilingual) string {
	if e.french {
		return w.fr
	}
	return w.en
}

// phrase fills in a text: words in its language, decimals as people write them there.
func (e *explainer) phrase(fr, en string, args ...any) string {
	for i, arg := range args {
		switch a := arg.(type) {
		case bilingual:
			args[i] = e.pick(a)
		case points:
			args[i] = string(a)
			if e.french {
				args[i] = strings.ReplaceAll(string(a), ".", ",")
			}
		case []string:
			args[i] = strings.Join(a, ", ")
		}
	}
	return fmt.Sprintf(e.pick(bilingual{fr, en}), args...)
}

// points is a decimal of the référentiel.
type points string

// title begins a section.
func (e *explainer) title(text string) {
	if e.text.Len() > 0 {
		e.text.WriteByte('\n')
	}
	e.text.WriteString(text + "\n")
}

func (e *explainer) section(fr, en string, args ...any) { e.title(e.phrase(fr, en, args...)) }

// say adds a sentence.
func (e *explainer) say(fr, en string, args ...any) {
	e.text.WriteString("  - " + e.phrase(fr, en, args...) + "\n")
}

// number is one that the référentiel gives or, if it leaves it out, the default; and a
// note that says so.
func (e *explainer) number(n *int32, otherwise int) (value int, note string) {
	if n == nil {
		return otherwise, e.phrase(" (valeur par défaut)", " (a default)")
	}
	return int(*n), ""
}

// counted is a number of things.
func (e *explainer) counted(n int, one, many bilingual) string {
	if n != 1 {
		one = many
	}
	return fmt.Sprintf("%d %s", n, e.pick(one))
}

func (e *explainer) certification() {
	e.section("Certification", "Certification")
	e.award()
	e.say("Chaque bloc acquis est capitalisé : il le reste, même si les autres ne sont pas acquis.",
		"Every bloc that is acquired is capitalised: it stays so, even if the others are not acquired.")
	e.validities()
	e.register()
}

func (e *explainer) jury() {
	e.section("Jury", "Jury")
	rule := e.r.GetRules().GetJury()
	n, note := e.number(jurors(rule), rules.DefaultMinMembers)
	e.say("Le jury délibère si %d membres au moins sont présents%s.", "The jury deliberates if at least %d members are present%s.", n, note)
	n, note = e.number(externals(rule), rules.DefaultMinExternalPercent)
	if n == 0 {
		e.say("Aucun membre externe n'est exigé%s.", "No external member is needed%s.", note)
	} else {
		e.say("Au moins %d %% des membres présents sont externes%s.", "At least %d %% of the members present are external%s.", n, note)
	}
	e.sides()
	e.say("Le jury suit le résultat calculé, ou s'en écarte avec un motif.",
		"The jury follows the computed outcome, or departs from it with a motive.")
}

func jurors(j *storepb.JuryRule) *int32 {
	if j == nil {
		return nil
	}
	return j.MinMembers
}

func externals(j *storepb.JuryRule) *int32 {
	if j == nil {
		return nil
	}
	return j.MinExternalPercent
}

func (e *explainer) assessing() {
	e.section("Évaluation", "Assessment")
	var needed *int32
	if r := e.r.GetRules(); r != nil {
		needed = r.MinAssessors
	}
	n, note := e.number(needed, rules.DefaultMinAssessors)
	assessors := e.counted(n, bilingual{"évaluateur", "assessor"}, bilingual{"évaluateurs", "assessors"})
	e.say("Il faut sur chaque critère l'avis d'au moins %s%s.", "Each criterion needs the findings of at least %s%s.", assessors, note)
	e.agreements()
	if code := e.r.GetRules().GetScale(); code != "" {
		e.say("Un critère sans autre échelle est évalué sur l'échelle %s.", "A criterion without another scale is assessed on the scale %s.", code)
	} else {
		e.say("Un critère sans autre échelle est atteint (100 points), partiellement atteint (50) ou non atteint (0) : c'est l'échelle par défaut.",
			"A criterion without another scale is met (100 points), partially met (50) or not met (0): that is the default scale.")
	}
	for _, s := range e.r.GetScales() {
		e.scale(s)
	}
}

// common are the rules of blocs and compétences that have none of their own.
func (e *explainer) common() {
	e.section("Règles communes", "Common rules")
	competence, bloc := e.thresholds()
	e.say("Une compétence sans autre règle est acquise quand %s%s.", "A compétence without another rule is acquired when %s%s.", competence.when, competence.note)
	e.say("Un bloc sans autre règle est acquis quand %s%s.", "A bloc without another rule is acquired when %s%s.", bloc.when, bloc.note)
	if g := e.r.GetRules().GetCompetenceGate(); g != nil {
		e.say("À la place, pour toute compétence sans règle propre : elle est acquise quand %s.",
			"Instead, for every compétence without a rule of its own: it is acquired when %s.", e.gate(g, ofCriteria))
	}
	if g := e.r.GetRules().GetBlocGate(); g != nil {
		e.say("À la place, pour tout bloc sans règle propre : il est acquis quand %s.",
			"Instead, for every bloc without a rule of its own: it is acquired when %s.", e.gate(g, ofCompetences))
	}
	e.say("Un critère éliminatoire qui n'est pas atteint empêche d'acquérir sa compétence et son bloc, quelle que soit la moyenne.",
		"An eliminatory criterion that is not met keeps its compétence and its bloc from being acquired, whatever the mean.")
}

func (e *explainer) blocs() {
	for _, b := range e.r.GetBlocs() {
		e.section("Bloc %s : %s", "Bloc %s: %s", b.GetCode(), b.GetTitle())
		e.bloc(b)
		for _, k := range b.GetCompetences() {
			if len(b.GetEpreuves()) > 0 {
				e.say("%s : %s", "%s: %s", k.GetCode(), k.GetStatement())
				continue
			}
			e.competence(k)
		}
		for _, u := range b.GetEpreuves() {
			e.epreuve(u)
		}
	}
}

func (e *explainer) bloc(b *storepb.Bloc) {
	var codes []string
	for _, k := range b.GetCompetences() {
		codes = append(codes, k.GetCode())
	}
	if len(codes) > 0 {
		e.say("Ses compétences : %s.", "Its compétences: %s.", codes)
	}
	if b.Credits != nil {
		e.say("Il vaut %d crédits.", "It is worth %d credits.", b.GetCredits())
	}
	var epreuves []string
	for _, u := range b.GetEpreuves() {
		epreuves = append(epreuves, u.GetCode())
	}
	switch {
	case len(epreuves) == 0:
	case len(codes) == 0:
		e.say("Il est évalué par les épreuves : %s.", "It is assessed by the épreuves: %s.", epreuves)
	default:
		e.say("Elles ne sont pas évaluées une à une, mais par les épreuves : %s.", "They are not assessed one by one, but by the épreuves: %s.", epreuves)
	}
	when, own := "", bilingual{}
	switch {
	case b.GetGate() != nil:
		when, own = e.gate(b.GetGate(), e.children(b)), bilingual{" (règle propre)", " (a rule of its own)"}
	case e.r.GetRules().GetBlocGate() != nil:
		when = e.gate(e.r.GetRules().GetBlocGate(), e.children(b))
	default:
		_, bloc := e.thresholds()
		if when = bloc.when; len(epreuves) > 0 {
			when = strings.Replace(when, "compétences", "épreuves", 1)
		}
	}
	e.say("Le bloc %s est acquis quand %s%s.", "Bloc %s is acquired when %s%s.", b.GetCode(), when, own)
	if v := b.GetValidity(); v != nil {
		e.say("Le bloc %s est valable, à compter de la décision : %s.", "Bloc %s is valid, from the decision on: %s.", b.GetCode(), e.validity(v))
	}
}

func (e *explainer) competence(k *storepb.Competence) {
	e.say("%s : %s", "%s: %s", k.GetCode(), k.GetStatement())
	e.text.WriteString("    " + e.phrase("Évaluée par : %s.", "Assessed by: %s.", e.method(k.GetMethod())) + "\n")
	e.variants(k.GetVariants())
	e.attempts(k.MaxAttempts)
	if m := k.GetBlocOnlyMethod(); m != nil {
		e.text.WriteString("    " + e.phrase("Si ce bloc est présenté seul : %s.", "If this bloc is presented alone: %s.", e.method(m)) + "\n")
	}
	if g := k.GetGate(); g != nil {
		e.text.WriteString("    " + e.phrase("Acquise quand %s (règle propre).", "Acquired when %s (a rule of its own).", e.gate(g, ofCriteria)) + "\n")
	}
	if a := k.GetAgreement(); a != nil {
		e.text.WriteString("    " + e.phrase("Si plusieurs l'évaluent : %s (règle propre).", "If several assess it: %s (a rule of its own).", e.agreement(a)) + "\n")
	}
	if shared := e.share(k.Weight, k.GetBonusAbove()); shared != "" {
		e.text.WriteString("    " + e.phrase("Dans le bloc : %s.", "In the bloc: %s.", shared) + "\n")
	}
	e.detail("Critères : %s.", "Criteria: %s.", e.criteria(k.GetCriteria()))
}

// criterion is its code, with what is special about it.
func (e *explainer) criterion(c *storepb.Criterion) string {
	var special []string
	if c.GetEliminatory() {
		special = append(special, e.phrase("éliminatoire", "eliminatory"))
	}
	if code := c.GetScale(); code != "" {
		special = append(special, e.phrase("échelle %s", "scale %s", code))
	}
	if shared := e.share(c.Weight, c.GetBonusAbove()); shared != "" {
		special = append(special, shared)
	}
	if len(special) == 0 {
		return c.GetCode()
	}
	return c.GetCode() + " (" + strings.Join(special, ", ") + ")"
}

func (e *explainer) method(m *storepb.AssessmentMethod) string {
	kinds := map[string]bilingual{
		"PROFESSIONAL_PROJECT": {"projet professionnel", "professional project"},
		"SITUATIONAL_EXERCISE": {"mise en situation", "situational exercise"},
		"REFLECTIVE_ANALYSIS":  {"analyse réflexive", "reflective analysis"},
		"PROFESSIONAL_FILE":    {"dossier professionnel", "professional file"},
	}
	if kind, ok := kinds[m.GetKind().String()]; ok && !strings.EqualFold(e.pick(kind), m.GetTitle()) {
		return e.phrase("« %s » (%s)", "“%s” (%s)", m.GetTitle(), kind)
	}
	return e.phrase("« %s »", "“%s”", m.GetTitle())
}

func (e *explainer) equivalences() {
	if len(e.r.GetReplaces()) == 0 {
		return
	}
	e.section("Équivalences", "Equivalences")
	for _, p := range e.r.GetReplaces() {
		needed := e.replaced(p)
		for _, held := range p.GetTogetherWith() {
			needed += e.phrase(", avec le bloc %s", ", together with bloc %s", e.replaced(held))
		}
		e.say("Qui détient le bloc %[2]s détient le bloc %[1]s.", "Who holds bloc %[2]s holds bloc %[1]s.", p.GetBloc(), needed)
	}
	e.say("Ce qui est cité peut aussi être détenu par une équivalence que son propre référentiel déclare.",
		"What is listed may also be held by an equivalence that its own référentiel declares.")
	if !slices.ContainsFunc(e.r.GetReplaces(), func(p *storepb.Replacement) bool { return p.GetReferentiel() == e.r.GetId() }) {
		e.say("Un bloc identique d'une révision antérieure compte sans être cité.", "An identical bloc of an earlier revision counts without being listed.")
	}
}

// replaced names a bloc that counts as another.
func (e *explainer) replaced(n named) string {
	revision := bilingual{"toutes révisions", "every revision"}
	if id := n.GetRevision(); id != "" {
		revision = bilingual{"révision " + id, "revision " + id}
	}
	return e.phrase("%s de %s (%s)", "%s of %s (%s)", n.GetReplacedBloc(), n.GetReferentiel(), revision)
}
