package stories

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/acquis-eval/acquis/systemtest/model"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// publish publishes a small référentiel, another revision with a small change, or
// an existing one.
func (a *author) publish() act {
	p := publish{Label: a.newID("r"), ID: world.Pick(a.Rand, []string{"a", "a", "b", "b", "c"})}
	last := a.s.model.Current[a.s.prefix+p.ID]
	if last == nil {
		for b := range 1 + a.IntN(3) {
			p.Blocs = append(p.Blocs, a.newBloc(b+1))
		}
		p.Numbers = a.numbers()
		a.ruleByGates(&p)
		p.BlocValidity, p.AwardValidity = a.validity(), a.validity()
		p.Register = a.register()
		p.Award = a.awardRule(p.Blocs)
		a.bySides(&p)
		p.Replaces = a.replacements(p)
		return p
	}
	p.Blocs, p.Numbers = slices.Clone(last.Blocs), last.Numbers
	p.BlocValidity, p.AwardValidity = a.validity(), a.validity()
	p.CompetenceGate, p.BlocGate, p.Award, p.Register = last.CompetenceGate, last.BlocGate, last.Award, last.Register
	p.Agreement, p.Colleges, p.NoChair = last.Agreement, last.Colleges, last.NoChair
	switch a.IntN(6) {
	case 5:
		p.Award = a.awardRule(p.Blocs)
	case 0:
		p.Numbers = a.numbers()
		a.ruleByGates(&p)
		a.bySides(&p)
	case 1:
		i := a.IntN(len(p.Blocs))
		p.Blocs[i] = a.changed(p.Blocs[i], i+1)
	case 2:
		if n := len(p.Blocs); n < 3 {
			p.Blocs = append(p.Blocs, a.newBloc(n+1))
			a.bySides(&p)
		}
	case 3:
		p.Register = a.register()
	}
	p.Replaces = a.replacements(p)
	return p
}

// register is none, or one that ended yesterday or ends today, if it says when.
func (a *author) register() *model.Register {
	if a.chance(25) {
		return nil
	}
	today := a.s.model.Today
	now, err := time.Parse(time.DateOnly, today)
	world.Must(a.s.T, err)
	yesterday := now.AddDate(0, 0, -1).Format(time.DateOnly)
	r := &model.Register{
		Kind: world.Pick(a.Rand, []string{"RNCP", "RS", "OTHER"}), ExpiryDate: world.Pick(a.Rand, []string{"", yesterday, today}),
		Divisible: world.Pick(a.Rand, []*bool{nil, nil, new(true), new(false)}),
	}
	r.DeliveryDeadline = world.Pick(a.Rand, []string{"", max(yesterday, r.ExpiryDate), today})
	return r
}

var routes = []string{"", "EXPERIENCE_VALIDATION", "APPRENTICESHIP"}

// variants are other methods of a compétence or an épreuve.
func (a *author) variants() (made []model.Variant) {
	for _, v := range []model.Variant{
		{Routes: []string{"EXPERIENCE_VALIDATION"}},
		{Attempt: "RESIT", Routes: []string{"APPRENTICESHIP", "EXPERIENCE_VALIDATION"}},
		{SingleBloc: true, Attempt: "FIRST"},
		{Attempt: "RESIT"},
	} {
		if v.Method = world.Pick(a.Rand, methods); a.chance(20) {
			made = append(made, v)
		}
	}
	return made
}

// awardRule is one over some blocs, perhaps with requirements, or none.
func (a *author) awardRule(blocs []model.Bloc) *model.AwardRule {
	rule := a.pathRule(blocs)
	if a.chance(25) {
		if rule == nil {
			rule = new(model.AwardRule)
		}
		rule.Requirements = []model.Requirement{{Code: "DAYS", Title: "Jours", Kind: "PROOF", AtLeast: a.IntN(4)}}
	}
	return rule
}

func (a *author) pathRule(blocs []model.Bloc) *model.AwardRule {
	switch n := len(blocs); {
	case n < 2 || a.chance(40):
		return nil
	case a.chance(30):
		return &model.AwardRule{All: []string{blocs[0].Code}}
	case a.chance(40):
		c := model.Choice{From: []string{blocs[n-2].Code, blocs[n-1].Code}, AtLeast: 1 + a.IntN(2)}
		if a.chance(50) {
			c.AtLeast, c.AtLeastCredits = 0, 1+a.IntN(blocs[n-2].Credits+blocs[n-1].Credits)
		}
		return &model.AwardRule{Choose: []model.Choice{c}}
	default:
		rule := &model.AwardRule{Options: []model.Option{{Code: "A", Title: "Option A", Blocs: []string{blocs[n-1].Code}}}}
		second := model.Option{Code: "B", Title: "Option B", Blocs: []string{blocs[n-2].Code}}
		if a.chance(30) {
			second.Blocs = append(second.Blocs, blocs[n-1].Code)
		}
		rule.Options = append(rule.Options, second)
		return rule
	}
}

var methods = []string{"PROFESSIONAL_PROJECT", "SITUATIONAL_EXERCISE", "REFLECTIVE_ANALYSIS"}

func (a *author) newBloc(b int) model.Bloc {
	bloc := model.Bloc{Code: fmt.Sprintf("B%d", b), Title: "Bloc", Activities: []string{fmt.Sprintf("A%d", b)}, Credits: 5 * b}
	bloc.ByEpreuves = a.chance(33)
	for c := range 1 + a.IntN(3) {
		competence := model.Competence{Code: fmt.Sprintf("C%d.%d", b, c+1), Statement: "Savoir", Method: world.Pick(a.Rand, methods)}
		switch {
		case bloc.ByEpreuves:
			competence.Code = fmt.Sprintf("E%d.%d", b, c+1)
			competence.AsWhole, competence.Assessors = a.chance(50), a.IntN(3)
		case a.chance(50):
			competence.BlocOnlyMethod = "PROFESSIONAL_FILE"
		}
		competence.Variants, competence.MaxAttempts = a.variants(), world.Pick(a.Rand, []int{0, 0, 0, 1, 2})
		scale := world.Pick(a.Rand, [][]string{{""}, {""}, {"note"}, {"abc"}, {"", "note", "abc"}})
		for k := range 1 + a.IntN(4) {
			competence.Criteria = append(competence.Criteria, model.Criterion{
				Code: fmt.Sprintf("%s.%d", competence.Code, k+1), Statement: "Critère", Eliminatory: a.chance(12),
				Scale: world.Pick(a.Rand, scale),
			})
		}
		if competence.AsWhole {
			competence.Criteria = competence.Criteria[:1]
			competence.Criteria[0].Code, competence.Criteria[0].Statement = competence.Code, competence.Statement
		}
		if a.chance(20) {
			competence.Agreement = a.agreement(false)
		}
		bloc.Competences = append(bloc.Competences, competence)
	}
	a.giveGates(&bloc)
	bloc.Validity = a.validity()
	return bloc
}

// validity is how long something is valid, or nil if nothing says it.
func (a *author) validity() *model.Validity {
	return world.Pick(a.Rand, []*model.Validity{nil, nil, {Months: 1}, {Months: 2}, {Years: 1}, {Unlimited: true}})
}

// ruleByGates has gates instead of thresholds, or no longer.
func (a *author) ruleByGates(p *publish) {
	p.CompetenceGate, p.BlocGate = nil, nil
	if a.chance(25) {
		p.CompetenceGate = &model.Gate{Mean: &model.Mean{Threshold: "62.5"}, Floor: "10", InPercent: true}
		delete(p.Numbers, model.CompetenceThreshold)
	}
	if a.chance(25) {
		p.BlocGate = &model.Gate{Mean: &model.Mean{Threshold: "50"}, AtMost: &model.AtMost{Number: 1, Below: "40"}, InPercent: true}
		delete(p.Numbers, model.BlocThreshold)
	}
}

// bySides has several assessors agree in some way, and the jury sides.
func (a *author) bySides(p *publish) {
	p.Agreement, p.Colleges, p.NoChair = nil, nil, a.chance(15)
	if a.chance(50) {
		alone := slices.ContainsFunc(p.Blocs, func(b model.Bloc) bool {
			return slices.ContainsFunc(b.Competences, func(k model.Competence) bool { return k.Assessors == 1 })
		})
		p.Agreement = a.agreement(p.Numbers[model.MinAssessors] > 1 && !alone)
	}
	if a.chance(30) {
		parity := a.chance(40)
		p.Colleges = []model.College{
			{Code: "E", Title: "Employeurs", AtLeast: a.IntN(2), Parity: parity}, {Code: "S", Title: "Salariés", AtLeast: a.IntN(2), Parity: parity},
		}
	}
}

// agreement is one of all kinds, or none if assessors cannot assess together.
func (a *author) agreement(together bool) *model.Agreement {
	weights := []model.Weight{{Quality: "tutor", Percent: 33}, {Quality: "evaluator", Percent: 67}}
	if a.chance(30) {
		weights = []model.Weight{{Quality: "tutor", Percent: 20}, {Quality: "evaluator", Percent: 30}, {Quality: "arbiter", Percent: 50}}
	}
	made := world.Pick(a.Rand, []model.Agreement{
		{Kind: "UNANIMOUS"}, {Kind: "MEAN"}, {Kind: "MEAN", MaxGap: "12.5"}, {Kind: "MEAN", MaxGap: "4", ThirdReading: "arbiter"},
		{Kind: "WEIGHTED", Weights: weights}, {Kind: "JOINT"},
	})
	if made.Kind == "JOINT" && !together {
		return nil
	}
	return &made
}

// giveGates gives some of a bloc gates of their own, and weights and bonuses below those
// that read them.
func (a *author) giveGates(bloc *model.Bloc) {
	if a.chance(40) {
		bloc.Gate = a.newGate(len(bloc.Competences))
	}
	for i := range bloc.Competences {
		c := &bloc.Competences[i]
		if bloc.Gate != nil && bloc.Gate.Mean != nil {
			c.Weight = a.IntN(4)
			if i > 0 && bloc.Gate.Count == nil && a.chance(25) && !slices.ContainsFunc(c.Criteria, func(k model.Criterion) bool { return k.Eliminatory }) {
				c.BonusAbove = world.Pick(a.Rand, []string{"0", "50", "60.5"})
			}
		}
		if a.chance(40) {
			c.Gate = a.newGate(len(c.Criteria))
		}
		if allMarks(c.Criteria) && a.chance(50) { // in marks
			c.Gate = &model.Gate{Mean: &model.Mean{Threshold: world.Pick(a.Rand, []string{"9.5", "10", "11.25"}), RoundTo: world.Pick(a.Rand, []string{"", "0.5"})}, Floor: "7"}
		}
		for k := range c.Criteria {
			if c.Gate != nil && c.Gate.Mean == nil || c.AsWhole {
				continue
			}
			c.Criteria[k].Weight = a.IntN(4)
			if k > 0 && (c.Gate == nil || c.Gate.InPercent) && (c.Gate == nil || c.Gate.Count == nil) && a.chance(20) && !c.Criteria[k].Eliminatory {
				c.Criteria[k].BonusAbove = world.Pick(a.Rand, []string{"0", "50"})
			}
		}
	}
}

func allMarks(criteria []model.Criterion) bool {
	return !slices.ContainsFunc(criteria, func(k model.Criterion) bool { return k.Scale != "note" || k.BonusAbove != "" })
}

// newGate is a gate above so many children, in percent, since they may be on any scale.
func (a *author) newGate(children int) *model.Gate {
	g := &model.Gate{InPercent: true}
	if a.chance(70) {
		g.Mean = &model.Mean{Threshold: world.Pick(a.Rand, []string{"0", "50", "62.5", "66.667", "75"}), RoundTo: world.Pick(a.Rand, []string{"", "", "0.5", "10"})}
	}
	if g.Mean == nil || a.chance(20) {
		g.Count = &model.Count{AtLeast: 1 + a.IntN(children)}
		if a.chance(50) {
			g.Count = &model.Count{Percent: 1 + a.IntN(100)}
		}
	}
	if a.chance(30) {
		g.Floor = world.Pick(a.Rand, []string{"20", "50", "50.5"})
	}
	if a.chance(20) {
		g.AtMost = &model.AtMost{Number: a.IntN(children), Below: "60"}
	}
	if a.chance(20) {
		g.Shortfall = &model.Shortfall{Below: "80", AtMost: "60"}
	}
	return g
}

// changed is a bloc with the same code and other content.
func (a *author) changed(bloc model.Bloc, b int) model.Bloc {
	switch a.IntN(5) {
	case 0:
		bloc.Title += " modifié"
	case 1:
		bloc.Activities = append(slices.Clone(bloc.Activities), fmt.Sprintf("A%d.%d", b, len(bloc.Activities)))
	case 2:
		bloc.Competences = slices.Clone(bloc.Competences)
		bloc.Competences[0].Method = world.Pick(a.Rand, methods)
	case 3:
		bloc.Competences = slices.Clone(bloc.Competences)
		c := &bloc.Competences[0]
		c.Criteria = slices.Clone(c.Criteria)
		c.Criteria[0].Eliminatory = !c.Criteria[0].Eliminatory
	default:
		return a.newBloc(b)
	}
	return bloc
}

func (a *author) numbers() map[model.Number]int {
	numbers := make(map[model.Number]int)
	for _, n := range []struct {
		number model.Number
		likely []int
	}{
		{model.CompetenceThreshold, []int{1, 33, 50, 50, 51, 60, 67, 75, 100}},
		{model.BlocThreshold, []int{1, 34, 50, 66, 67, 100}},
		{model.MinAssessors, []int{1, 2, 2, 3}},
		{model.MinMembers, []int{2, 2, 3}},
		{model.MinExternal, []int{0, 34, 50, 67}},
	} {
		if a.chance(60) {
			numbers[n.number] = world.Pick(a.Rand, n.likely)
		}
	}
	return numbers
}

// replacements make blocs of other revisions and référentiels count as one of
// this.
func (a *author) replacements(p publish) (all []replacement) {
	labels := slices.Sorted(maps.Keys(a.s.labels))
	for range a.IntN(3) {
		if len(labels) == 0 {
			return nil
		}
		made := a.replaced(p, labels)
		made.Bloc = world.Pick(a.Rand, p.Blocs).Code
		if a.chance(30) {
			and := a.replaced(p, labels)
			made.And = &and
		}
		if !slices.Contains(all, made) {
			all = append(all, made)
		}
	}
	return all
}

// replaced names a bloc of some revision, or of every one.
func (a *author) replaced(p publish, labels []string) replacement {
	label := world.Pick(a.Rand, labels)
	other := a.s.labels[label]
	made := replacement{ID: strings.TrimPrefix(other.ID, a.s.prefix), Label: label, ReplacedBloc: world.Pick(a.Rand, other.Blocs).Code}
	if made.ID != p.ID && a.chance(50) {
		made.Label = ""
	}
	return made
}
