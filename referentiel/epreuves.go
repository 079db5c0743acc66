package referentiel

import (
	"fmt"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// byEpreuves checks a bloc that is assessed by épreuves: its compétences are only listed.
func (c *checker) byEpreuves(field string, b *storepb.Bloc) {
	listed := make(map[string]bool)
	for i, k := range list(c, field+".competences", b.GetCompetences(), 0, maxCompetences) {
		c.listed(at(field+".competences", i), k)
		listed[k.GetCode()] = true
	}
	covered := make(map[string]bool)
	for i, e := range list(c, field+".epreuves", b.GetEpreuves(), 1, maxEpreuves) {
		item := at(field+".epreuves", i)
		c.epreuve(item, e, listed)
		for _, code := range e.GetCompetences() {
			covered[code] = true
		}
	}
	for i, k := range b.GetCompetences() {
		if len(covered) > 0 && !covered[k.GetCode()] {
			c.report(at(field+".competences", i), fmt.Sprintf("%q is covered by no épreuve: name it in the competences of one, or leave them out of all", clip(k.GetCode())))
		}
	}
}

// listed checks a compétence that is not assessed by itself.
func (c *checker) listed(field string, k *storepb.Competence) {
	c.unique(field+".code", k.GetCode(), c.competences)
	c.text(field+".statement", k.GetStatement(), maxStatement)
	fields := k.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if name := fields.Get(i).Name(); name != "code" && name != "statement" && k.ProtoReflect().Has(fields.Get(i)) {
			c.report(field+"."+string(name), "must be left out: the bloc has épreuves, which are assessed instead of its compétences")
		}
	}
}

func (c *checker) epreuve(field string, e *storepb.Epreuve, listed map[string]bool) {
	c.unique(field+".code", e.GetCode(), c.competences)
	c.text(field+".title", e.GetTitle(), maxTitle)
	if e.GetMethod() == nil {
		c.report(field+".method", "must not be empty")
	} else {
		c.method(field+".method", e.GetMethod())
	}
	c.variants(field+".variants", e.GetVariants())
	c.covers(field+".competences", e.GetCompetences(), "a compétence of its bloc", listed)
	ofEpreuve := listed
	if len(e.GetCompetences()) > 0 {
		ofEpreuve = make(map[string]bool)
		for _, code := range e.GetCompetences() {
			ofEpreuve[code] = true
		}
	}
	c.criteria(field+".criteria", e.GetCode(), e.GetCriteria(), 0)
	for i, k := range e.GetCriteria() {
		c.covers(at(field+".criteria", i)+".competences", k.GetCompetences(), "a compétence that its épreuve covers", ofEpreuve)
	}
	c.between(field+".min_assessors", e.MinAssessors, 1, 20)
	list(c, field+".agreement.weights", e.GetAgreement().GetWeights(), 0, maxQualities)
	c.between(field+".max_attempts", e.MaxAttempts, 1, 20)
	c.asWhole(field, e)
}

// variants checks methods that replace the normal one.
func (c *checker) variants(field string, variants []*storepb.Variant) {
	for i, v := range list(c, field, variants, 0, maxVariants) {
		item := at(field, i)
		when := v.GetWhen()
		if !when.GetSingleBloc() && len(when.GetAccessRoutes()) == 0 && when.GetAttempt() == 0 {
			c.report(item+".when", "must say when it applies: single_bloc, access_routes or attempt")
		}
		met := make(map[protoreflect.EnumNumber]bool)
		for j, route := range list(c, item+".when.access_routes", when.GetAccessRoutes(), 0, maxRoutes) {
			switch {
			case met[route.Number()]:
				c.report(at(item+".when.access_routes", j), fmt.Sprintf("%s is named twice", route))
			case route == 0 || unknownValue(route):
				c.report(at(item+".when.access_routes", j), fmt.Sprintf("%d is not an access route", route))
			}
			met[route.Number()] = true
		}
		if unknownValue(when.GetAttempt()) {
			c.report(item+".when.attempt", fmt.Sprintf("%d is not an attempt", when.GetAttempt()))
		}
		for j := range i {
			if proto.Equal(variants[j].GetWhen(), when) {
				c.report(item+".when", "never applies: it says the same as "+at(field, j))
			}
		}
		if v.GetMethod() == nil {
			c.report(item+".method", "must not be empty")
			continue
		}
		c.method(item+".method", v.GetMethod())
	}
}

func unknownValue(of protoreflect.Enum) bool {
	return of.Descriptor().Values().ByNumber(of.Number()) == nil
}

// covers checks the codes of compétences that an épreuve or a criterion names.
func (c *checker) covers(field string, codes []string, what string, known map[string]bool) {
	met := make(map[string]bool)
	for i, code := range list(c, field, codes, 0, maxCompetences) {
		switch {
		case met[code]:
			c.report(at(field, i), fmt.Sprintf("%q is named twice", clip(code)))
		case !known[code]:
			c.report(at(field, i), fmt.Sprintf("%q is not %s", clip(code), what))
		}
		met[code] = true
	}
}

// asWhole checks what belongs to épreuves without criteria only. Such an épreuve takes the
// place of a criterion, so it must not have the code of one.
func (c *checker) asWhole(field string, e *storepb.Epreuve) {
	if len(e.GetCriteria()) == 0 {
		c.wholes = append(c.wholes, whole{field + ".code", e.GetCode()})
		return
	}
	if e.GetScale() != "" {
		c.report(field+".scale", fmt.Sprintf("%q must be left out: the épreuve has criteria, which have scales", clip(e.GetScale())))
	}
	if e.GetEliminatory() {
		c.report(field+".eliminatory", "must be left out: the épreuve has criteria, which can be eliminatory")
	}
}

// whole is the code of an épreuve that is assessed as a whole.
type whole struct{ field, code string }

// apart checks that no épreuve assessed as a whole has the code of a criterion.
func (c *checker) apart(blocs []*storepb.Bloc) {
	criteria := make(map[string]bool)
	for _, b := range blocs {
		for _, k := range b.GetCompetences() {
			for _, criterion := range k.GetCriteria() {
				criteria[criterion.GetCode()] = true
			}
		}
		for _, e := range b.GetEpreuves() {
			for _, criterion := range e.GetCriteria() {
				criteria[criterion.GetCode()] = true
			}
		}
	}
	for _, w := range c.wholes {
		if criteria[w.code] {
			c.report(w.field, fmt.Sprintf("%q is the code of a criterion, and the épreuve is assessed under its own code", clip(w.code)))
		}
	}
}
