package referentiel

import (
	"fmt"
	"slices"
	"strings"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
)

// Maximum of items of each list, as in the API's proto files.
const (
	maxSections     = 50
	maxParagraphs   = 100
	maxBlocs        = 50
	maxActivities   = 50
	maxCompetences  = 100
	maxCriteria     = 100
	maxEpreuves     = 100
	maxVariants     = 20
	maxRoutes       = 6
	maxDeliverables = 50
	maxReplaces     = 200
	maxTogether     = 20
	maxScales       = 20
	maxLevels       = 50
	maxChoices      = 20
	maxOptions      = 20
	maxRequirements = 20
	maxQualities    = 20
	maxColleges     = 20
)

// maxProblems is how many problems are reported.
const maxProblems = 500

// Check reports everything that is wrong with a référentiel, in the order of
// its fields, or nothing if it may be published. Fields have their names in the
// proto file. If there are very many problems, it reports the first ones, and
// that there are more.
//
// Codes of blocs, activities and compétences are 1 to 32 letters, digits, dots
// and hyphens, and unique within their kind; those of épreuves likewise, and no
// compétence has the same. The code of a criterion is determined by its position:
// the code of its compétence or épreuve, a dot, its position from 1.
func Check(r *storepb.Referentiel) []Problem {
	c := &checker{shapes: newShapes(), blocs: seen{}, activities: seen{}, competences: seen{}}
	c.head(r)
	for i, s := range list(c, "preamble", r.GetPreamble(), 0, maxSections) {
		c.section(at("preamble", i), s)
	}
	for i, scale := range list(c, "scales", r.GetScales(), 0, maxScales) {
		c.scale(at("scales", i), scale)
	}
	qualities := seen{}
	for i, q := range list(c, "assessor_qualities", r.GetAssessorQualities(), 0, maxQualities) {
		item := at("assessor_qualities", i)
		c.unique(item+".code", q.GetCode(), qualities)
		c.text(item+".title", q.GetTitle(), maxTitle)
	}
	for i, b := range list(c, "blocs", r.GetBlocs(), 1, maxBlocs) {
		c.bloc(at("blocs", i), b)
	}
	c.rules(r.GetRules())
	c.award(r.GetAward())
	c.validities(r)
	if !c.tooMany {
		c.apart(r.GetBlocs())
		for _, p := range rules.CheckGates(spec(r)) {
			c.report(p.Field, p.Message)
		}
	}
	c.replaces(r)
	return c.problems
}

// checker collects problems, and the codes found so far.
type checker struct {
	shapes                         shapes
	problems                       []Problem
	blocs, activities, competences seen
	wholes                         []whole
	tooMany                        bool // some list is too long to be read
}

// seen maps a code to the field where it was first found.
type seen map[string]string

func (c *checker) report(field, message string) {
	switch len(c.problems) {
	case maxProblems + 1:
	case maxProblems:
		c.problems = append(c.problems, Problem{Message: fmt.Sprintf("there are more problems than these %d", maxProblems)})
	default:
		c.problems = append(c.problems, Problem{Field: field, Message: message})
	}
}

// at names an item of a list.
func at(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// list checks the number of items of a list and returns those to check: none if
// it is too long, because that one problem is enough.
func list[T any](c *checker, field string, items []T, fewest, most int) []T {
	switch {
	case len(items) < fewest:
		c.report(field, "must not be empty")
	case len(items) > most:
		c.tooMany = true
		c.report(field, fmt.Sprintf("has %d items; at most %d", len(items), most))
		return nil
	}
	return items
}

// unique checks a code, and that it is the first of its kind.
func (c *checker) unique(field, code string, met seen) {
	if !c.code(field, code) {
		return
	}
	if first, ok := met[code]; ok {
		c.report(field, fmt.Sprintf("%q is taken by %s", code, first))
		return
	}
	met[code] = field
}

func (c *checker) head(r *storepb.Referentiel) {
	switch id := r.GetId(); {
	case id == "":
		c.report("id", "must not be empty")
	case !c.shapes.id.MatchString(id):
		c.report("id", fmt.Sprintf("%q must have 1 to 63 lowercase letters, digits and hyphens, with no hyphen at its start or end", clip(id)))
	}
	c.text("display_name", r.GetDisplayName(), maxName)
	c.register(r.GetRegister())
	c.certificateur(r.GetCertificateur())
}

func (c *checker) section(field string, s *storepb.Section) {
	c.optionalText(field+".title", s.GetTitle(), maxTitle)
	if s.GetTitle() == "" && len(s.GetParagraphs()) == 0 {
		c.report(field, "must have a title or a paragraph")
	}
	for i, p := range list(c, field+".paragraphs", s.GetParagraphs(), 0, maxParagraphs) {
		c.text(at(field+".paragraphs", i), p, maxText)
	}
}

func (c *checker) bloc(field string, b *storepb.Bloc) {
	c.unique(field+".code", b.GetCode(), c.blocs)
	c.text(field+".title", b.GetTitle(), maxTitle)
	c.between(field+".credits", b.Credits, 1, 1000)
	for i, a := range list(c, field+".activities", b.GetActivities(), 0, maxActivities) {
		item := at(field+".activities", i)
		c.unique(item+".code", a.GetCode(), c.activities)
		c.text(item+".title", a.GetTitle(), maxTitle)
	}
	if len(b.GetEpreuves()) > 0 {
		c.byEpreuves(field, b)
		return
	}
	for i, k := range list(c, field+".competences", b.GetCompetences(), 1, maxCompetences) {
		c.competence(at(field+".competences", i), k)
	}
}

// award checks lists and texts of the award rule; what it means, the rules check.
func (c *checker) award(a *storepb.AwardRule) {
	list(c, "award.all", a.GetAll(), 0, maxBlocs)
	for i, choice := range list(c, "award.choose", a.GetChoose(), 0, maxChoices) {
		item := at("award.choose", i)
		list(c, item+".from", choice.GetFrom(), 1, maxBlocs)
		c.between(item+".at_least", choice.AtLeast, 1, maxBlocs)
		c.between(item+".at_least_credits", choice.AtLeastCredits, 1, 1000*maxBlocs)
	}
	for i, o := range list(c, "award.options", a.GetOptions(), 0, maxOptions) {
		item := at("award.options", i)
		c.code(item+".code", o.GetCode())
		c.text(item+".title", o.GetTitle(), maxTitle)
		list(c, item+".blocs", o.GetBlocs(), 1, maxBlocs)
		list(c, item+".requirements", o.GetRequirements(), 0, maxRequirements)
	}
	for i, r := range list(c, "award.requirements", a.GetRequirements(), 0, maxRequirements) {
		c.requirement(at("award.requirements", i), r)
	}
}

// requirement checks one, and that it has what its kind needs and nothing else.
func (c *checker) requirement(field string, r *storepb.AwardRule_Requirement) {
	c.unique(field+".code", r.GetCode(), c.competences)
	if first, taken := c.blocs[r.GetCode()]; taken {
		c.report(field+".code", fmt.Sprintf("%q is taken by %s", r.GetCode(), first))
	}
	c.text(field+".title", r.GetTitle(), maxTitle)
	assessed := r.GetMethod() != nil || len(r.GetCriteria()) > 0 || r.GetGate() != nil
	switch kind := r.GetKind(); {
	case kind == 0:
		c.report(field+".kind", "must not be empty")
	case kind.Descriptor().Values().ByNumber(kind.Number()) == nil:
		c.report(field+".kind", fmt.Sprintf("%d is not a kind of requirement", kind))
	case kind.String() == "PROOF" && assessed:
		c.report(field, "is a PROOF, so it must have neither a method nor criteria nor a gate")
	case kind.String() == "EPREUVE" && (r.GetMethod() == nil || len(r.GetCriteria()) == 0 || r.AtLeast != nil):
		c.report(field, "is an EPREUVE, so it must have a method and criteria, and no at_least")
	}
	if r.GetMethod() != nil {
		c.method(field+".method", r.GetMethod())
	}
	c.criteria(field+".criteria", r.GetCode(), r.GetCriteria(), 0)
	c.aboutNothingElse(field+".criteria", r.GetCriteria())
	c.between(field+".at_least", r.AtLeast, 1, 100000)
}

// scale checks the texts of a scale; what it means, the rules check.
func (c *checker) scale(field string, s *storepb.Scale) {
	c.code(field+".code", s.GetCode())
	c.text(field+".title", s.GetTitle(), maxTitle)
	for i, l := range list(c, field+".levels", s.GetLevels(), 0, maxLevels) {
		item := at(field+".levels", i)
		c.code(item+".code", l.GetCode())
		c.text(item+".label", l.GetLabel(), maxTitle)
	}
}

func (c *checker) competence(field string, k *storepb.Competence) {
	c.unique(field+".code", k.GetCode(), c.competences)
	c.text(field+".statement", k.GetStatement(), maxStatement)
	if k.GetMethod() == nil {
		c.report(field+".method", "must not be empty")
	} else {
		c.method(field+".method", k.GetMethod())
	}
	if k.GetBlocOnlyMethod() != nil {
		c.method(field+".bloc_only_method", k.GetBlocOnlyMethod())
	}
	list(c, field+".agreement.weights", k.GetAgreement().GetWeights(), 0, maxQualities)
	c.variants(field+".variants", k.GetVariants())
	c.between(field+".max_attempts", k.MaxAttempts, 1, 20)
	c.criteria(field+".criteria", k.GetCode(), k.GetCriteria(), 1)
	c.aboutNothingElse(field+".criteria", k.GetCriteria())
}

// aboutNothingElse refuses compétences of criteria that are not those of an épreuve.
func (c *checker) aboutNothingElse(field string, criteria []*storepb.Criterion) {
	for i, criterion := range criteria {
		item := at(field, i) + ".competences"
		for j, code := range list(c, item, criterion.GetCompetences(), 0, maxCompetences) {
			c.report(at(item, j), fmt.Sprintf("%q must be left out: only criteria of an épreuve name compétences", clip(code)))
		}
	}
}

// criteria checks the criteria of a compétence or an épreuve with that code.
func (c *checker) criteria(field, unit string, criteria []*storepb.Criterion, fewest int) {
	for i, criterion := range list(c, field, criteria, fewest, maxCriteria) {
		item := at(field, i)
		// A criterion is identified by its position, never by its text. A code
		// of another position would be ambiguous.
		if want := fmt.Sprintf("%s.%d", unit, i+1); criterion.GetCode() != want && unit != "" {
			c.report(item+".code", fmt.Sprintf("must be %q because of its position, not %q", clip(want), clip(criterion.GetCode())))
		}
		c.text(item+".statement", criterion.GetStatement(), maxStatement)
	}
}

func (c *checker) method(field string, m *storepb.AssessmentMethod) {
	switch {
	case m.GetKind() == 0:
		c.report(field+".kind", "must not be empty")
	case unknownValue(m.GetKind()):
		c.report(field+".kind", fmt.Sprintf("%d is not a kind of method", m.GetKind()))
	}
	c.text(field+".title", m.GetTitle(), maxTitle)
	c.optionalText(field+".instructions", m.GetInstructions(), maxText)
	for i, d := range list(c, field+".deliverables", m.GetDeliverables(), 0, maxDeliverables) {
		c.text(at(field+".deliverables", i), d, maxStatement)
	}
	c.optionalText(field+".accommodation_framework", m.GetAccommodationFramework(), maxText)
}

func (c *checker) rules(r *storepb.Rules) {
	if r == nil {
		return
	}
	c.between("rules.competence_threshold_percent", r.CompetenceThresholdPercent, 1, 100)
	c.between("rules.bloc_threshold_percent", r.BlocThresholdPercent, 1, 100)
	c.between("rules.min_assessors", r.MinAssessors, 1, 20)
	// At least two: no juror capitalises alone.
	if jury := r.GetJury(); jury != nil {
		c.between("rules.jury.min_members", jury.MinMembers, 2, 50)
		c.between("rules.jury.min_external_percent", jury.MinExternalPercent, 0, 100)
		c.jury(jury)
	}
	list(c, "rules.agreement.weights", r.GetAgreement().GetWeights(), 0, maxQualities)
}

// jury checks the texts of a jury's colleges; what they mean, the rules check.
func (c *checker) jury(j *storepb.JuryRule) {
	for i, college := range list(c, "rules.jury.colleges", j.GetColleges(), 0, maxColleges) {
		item := at("rules.jury.colleges", i)
		c.code(item+".code", college.GetCode())
		c.text(item+".title", college.GetTitle(), maxTitle)
	}
	if j.GetChair().Descriptor().Values().ByNumber(j.GetChair().Number()) == nil {
		c.report("rules.jury.chair", fmt.Sprintf("%d is neither REQUIRED nor NONE", j.GetChair()))
	}
}

func (c *checker) between(field string, n *int32, low, high int32) {
	if n != nil && (*n < low || *n > high) {
		c.report(field, fmt.Sprintf("is %d; must be %d to %d", *n, low, high))
	}
}

// replaces checks the equivalences. One that names this référentiel must also
// name the revision: "every revision" would include this one, and then
// acquiring one of its blocs would give another.
func (c *checker) replaces(r *storepb.Referentiel) {
	met := make(map[string]string)
	for i, p := range list(c, "replaces", r.GetReplaces(), 0, maxReplaces) {
		field := at("replaces", i)
		if _, known := c.blocs[p.GetBloc()]; !known {
			c.report(field+".bloc", fmt.Sprintf("%q is not a bloc of this référentiel", clip(p.GetBloc())))
		}
		c.replaced(field, p, r.GetId())
		needed := []string{spell(p)}
		for j, held := range list(c, field+".together_with", p.GetTogetherWith(), 0, maxTogether) {
			item := at(field+".together_with", j)
			c.replaced(item, held, r.GetId())
			if slices.Contains(needed, spell(held)) {
				c.report(item, "is needed already")
			}
			needed = append(needed, spell(held))
		}
		slices.Sort(needed)
		key := p.GetBloc() + " " + strings.Join(needed, " ")
		if first, ok := met[key]; ok {
			c.report(field, "says the same as "+first)
		} else {
			met[key] = field
		}
	}
}

// replaced checks the name of a bloc that is replaced.
func (c *checker) replaced(field string, n named, own string) {
	if !c.shapes.id.MatchString(n.GetReferentiel()) {
		c.report(field+".referentiel", fmt.Sprintf("%q is not the id of a référentiel", clip(n.GetReferentiel())))
	}
	switch {
	case n.GetRevision() != "" && !c.shapes.revision.MatchString(n.GetRevision()):
		c.report(field+".revision", fmt.Sprintf("%q must be 32 of 0-9 a-f", clip(n.GetRevision())))
	case n.GetRevision() == "" && n.GetReferentiel() == own:
		c.report(field+".revision", "is required if the référentiel is this one: a revision cannot replace itself")
	}
	c.code(field+".replaced_bloc", n.GetReplacedBloc())
}

// spell is a bloc that is replaced, as one text.
func spell(n named) string {
	return n.GetReferentiel() + "/" + n.GetRevision() + "/" + n.GetReplacedBloc()
}
