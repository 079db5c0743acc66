package stories

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/acquis-eval/acquis/systemtest/model"
)

// publish publishes a revision, which has a label in the story.
type publish struct {
	Label, ID string
	Blocs     []model.Bloc
	Numbers   map[model.Number]int
	Replaces  []replacement

	CompetenceGate, BlocGate *model.Gate
	Scale                    string // of all criteria that have none of their own
	Register                 *model.Register
	Award                    *model.AwardRule

	Agreement *model.Agreement
	Colleges  []model.College
	NoChair   bool

	BlocValidity, AwardValidity *model.Validity
}

// A replacement names the other revision by its label; without a label it means
// every revision.
type replacement struct {
	Bloc, ID, Label, ReplacedBloc string
	And                           *replacement // another bloc that is needed besides it
}

func (a publish) touches() touched { return touched{} }

func (a publish) revision(s *stage) *model.Revision {
	r := &model.Revision{
		ID: s.prefix + a.ID, Blocs: a.Blocs, Numbers: a.Numbers, CompetenceGate: a.CompetenceGate, BlocGate: a.BlocGate,
		Scales: scales, Scale: a.Scale, Award: a.Award, Register: a.Register,
	}
	r.Agreement, r.Colleges, r.NoChair = a.Agreement, a.Colleges, a.NoChair
	r.BlocValidity, r.AwardValidity = a.BlocValidity, a.AwardValidity
	for _, p := range a.Replaces {
		made, ok := s.replaced(p)
		if !ok {
			return nil
		}
		if p.And != nil {
			and, ok := s.replaced(*p.And)
			if !ok {
				return nil
			}
			if and.Bloc = made.Bloc; reflect.DeepEqual(and, made) { // two labels may be of one revision
				continue
			}
			and.Bloc = ""
			made.Together = []model.Replacement{and}
		}
		if !slices.ContainsFunc(r.Replaces, func(other model.Replacement) bool { return sameBlocs(other, made) }) {
			r.Replaces = append(r.Replaces, made)
		}
	}
	return r
}

// replaced is the bloc that a replacement names.
func (s *stage) replaced(p replacement) (made model.Replacement, ok bool) {
	made = model.Replacement{Bloc: p.Bloc, Referentiel: s.prefix + p.ID, ReplacedBloc: p.ReplacedBloc}
	if p.Label == "" {
		return made, true
	}
	other := s.labels[p.Label]
	if other != nil {
		made.Revision = other.Name
	}
	return made, other != nil
}

// sameBlocs tells whether two replacements need the same, in whatever order.
func sameBlocs(a, b model.Replacement) bool {
	spell := func(p model.Replacement) string {
		needed := []string{p.Referentiel + p.Revision + "/" + p.ReplacedBloc}
		for _, also := range p.Together {
			needed = append(needed, also.Referentiel+also.Revision+"/"+also.ReplacedBloc)
		}
		slices.Sort(needed)
		return p.Bloc + fmt.Sprint(needed)
	}
	return spell(a) == spell(b)
}

// String writes blocs as "B1[C1.1: C1.1.1 C1.1.2!]": ! is eliminatory, and
// "C1.1 dossier" has a method for a single bloc. Codes of épreuves begin with E.
func (a publish) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s of %s:", a.Label, a.ID)
	for _, b := range a.Blocs {
		fmt.Fprintf(&text, " %s %q %v[", b.Code, b.Title, b.Activities)
		for _, c := range b.Competences {
			text.WriteString(" " + c.Code + " " + c.Method)
			if c.BlocOnlyMethod != "" {
				text.WriteString(" dossier")
			}
			text.WriteString(":")
			for _, k := range c.Criteria {
				text.WriteString(" " + k.Code + map[bool]string{true: "!"}[k.Eliminatory])
			}
		}
		text.WriteString(" ]")
	}
	gates, _ := json.Marshal([]any{a.CompetenceGate, a.BlocGate, a.BlocValidity, a.AwardValidity, a.Blocs, a.Award, a.Register, a.Agreement, a.Colleges, a.NoChair})
	fmt.Fprintf(&text, " %v %s %s", a.Numbers, gates, a.Scale)
	for _, p := range a.Replaces {
		fmt.Fprintf(&text, ", %s replaces %s of %s %s", p.Bloc, p.ReplacedBloc, p.ID, p.Label)
		if p.And != nil {
			fmt.Fprintf(&text, " and %s of %s %s", p.And.ReplacedBloc, p.And.ID, p.And.Label)
		}
	}
	return text.String()
}

func (a publish) call(s *stage) (call, bool) {
	r := a.revision(s)
	if r == nil {
		return call{}, false
	}
	rules, jury := fields{}, fields{}
	for number, value := range r.Numbers {
		switch number {
		case model.MinMembers, model.MinExternal:
			jury[string(number)] = value
			rules["jury"] = jury
		default:
			rules[string(number)] = value
		}
	}
	rules["scale"] = r.Scale
	addSides(rules, jury, r)
	addGate(rules, "competenceGate", r.CompetenceGate)
	addGate(rules, "blocGate", r.BlocGate)
	rules["validity"] = fields{"blocs": r.BlocValidity, "award": r.AwardValidity}
	content := fields{"displayName": "Référentiel", "rules": rules, "blocs": blocFields(r.Blocs)}
	if r.Register != nil {
		content["register"] = r.Register
	}
	if r.Award != nil {
		content["award"] = r.Award
	}
	var replaces []fields
	for _, p := range r.Replaces {
		line := replacedFields(p)
		line["bloc"] = p.Bloc
		var together []fields
		for _, also := range p.Together {
			together = append(together, replacedFields(also))
		}
		line["togetherWith"] = together
		replaces = append(replaces, line)
	}
	content["replaces"], content["scales"], content["assessorQualities"] = replaces, r.Scales, qualities
	return post("admin", "referentiels:publish", fields{"referentielId": r.ID, "referentiel": content}), true
}

func replacedFields(p model.Replacement) fields {
	name := p.Revision
	if name == "" {
		name = "referentiels/" + p.Referentiel
	}
	return fields{"replacedReferentiel": name, "replacedBloc": p.ReplacedBloc}
}

func blocFields(blocs []model.Bloc) (shown []fields) {
	for _, b := range blocs {
		var activities, competences, epreuves []fields
		for _, code := range b.Activities {
			activities = append(activities, fields{"code": code, "title": "Activité"})
		}
		for _, c := range b.Competences {
			var criteria []fields
			for _, k := range c.Criteria {
				criterion := fields{"code": k.Code, "statement": k.Statement, "eliminatory": k.Eliminatory, "bonusAbove": k.BonusAbove, "scale": k.Scale}
				addWeight(criterion, k.Weight)
				criteria = append(criteria, criterion)
			}
			competence := fields{"code": c.Code, "statement": c.Statement, "method": methodFields(c.Method), "criteria": criteria, "bonusAbove": c.BonusAbove}
			addWeight(competence, c.Weight)
			addGate(competence, "gate", c.Gate)
			if c.Agreement != nil {
				competence["agreement"] = c.Agreement
			}
			if c.BlocOnlyMethod != "" {
				competence["blocOnlyMethod"] = methodFields(c.BlocOnlyMethod)
			}
			competence["variants"] = variantFields(c.Variants)
			if c.MaxAttempts > 0 {
				competence["maxAttempts"] = c.MaxAttempts
			}
			if b.ByEpreuves {
				epreuves = append(epreuves, epreuveFields(c, competence))
			} else {
				competences = append(competences, competence)
			}
		}
		bloc := fields{"code": b.Code, "title": b.Title, "activities": activities, "competences": competences, "epreuves": epreuves}
		addGate(bloc, "gate", b.Gate)
		bloc["validity"] = b.Validity
		if b.Credits > 0 {
			bloc["credits"] = b.Credits
		}
		shown = append(shown, bloc)
	}
	return shown
}

// epreuveFields makes fields of a compétence those of an épreuve.
func epreuveFields(c model.Competence, shown fields) fields {
	delete(shown, "statement")
	shown["title"] = c.Statement
	if c.AsWhole {
		delete(shown, "criteria")
		shown["scale"], shown["eliminatory"] = c.Criteria[0].Scale, c.Criteria[0].Eliminatory
	}
	if c.Assessors > 0 {
		shown["minAssessors"] = c.Assessors
	}
	return shown
}

func variantFields(variants []model.Variant) (shown []fields) {
	for _, v := range variants {
		when := fields{"singleBloc": v.SingleBloc, "accessRoutes": v.Routes}
		if v.Attempt != "" {
			when["attempt"] = v.Attempt
		}
		shown = append(shown, fields{"when": when, "method": methodFields(v.Method)})
	}
	return shown
}

// scales are declared by every référentiel of a story.
var scales = []model.Scale{
	{Code: "note", Title: "Note", Marks: &model.Marks{Min: "0", Max: "20", Step: "0.5"}, Pass: "10"},
	{Code: "abc", Title: "Niveau", Levels: []model.Level{{Code: "A", Label: "A", Points: 100}, {Code: "B", Label: "B", Points: 60}, {Code: "C", Label: "C", Points: 10}}},
}

// qualities are declared by every référentiel of a story.
var qualities = []fields{{"code": "tutor", "title": "Tuteur"}, {"code": "evaluator", "title": "Évaluateur"}, {"code": "arbiter", "title": "Arbitre"}}

// addSides adds what a référentiel says of several assessors and of the sides of its jury.
func addSides(rules, jury fields, r *model.Revision) {
	if r.Agreement != nil {
		rules["agreement"] = r.Agreement
	}
	if r.NoChair {
		jury["chair"] = "NONE"
	}
	if jury["colleges"] = r.Colleges; len(r.Colleges) > 0 || r.NoChair {
		rules["jury"] = jury
	}
}

func addGate(to fields, name string, g *model.Gate) {
	if g != nil {
		to[name] = g
	}
}

func addWeight(to fields, weight int) {
	if weight > 0 {
		to["weight"] = weight
	}
}

func methodFields(kind string) fields { return fields{"kind": kind, "title": "Modalité"} }

func (a publish) predict(s *stage) model.Answer {
	r := a.revision(s)
	before := s.model.Current[r.ID]
	if same := s.model.Publish(r); same != nil {
		r = same
	}
	s.labels[a.Label] = r
	return model.Answer{Code: "OK", Idle: r == before}
}

// learn takes the name of the revision: the existing one if the content is the
// same, otherwise a new one.
func (a publish) learn(s *stage, body map[string]any) error {
	name, published := fmt.Sprint(body["revision"]), s.labels[a.Label]
	if published.Name == "" {
		for _, other := range s.model.Revisions {
			if other.Name == name {
				return fmt.Errorf("published as %s, whose content is another", name)
			}
		}
		published.Name = name
	}
	if published.Name != name {
		return fmt.Errorf("published as %s, though it was %s before", name, published.Name)
	}
	return nil
}
