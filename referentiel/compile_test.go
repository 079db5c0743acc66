package referentiel

import (
	"fmt"
	"strings"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/calendar"
	"github.com/google/go-cmp/cmp"
)

// compiled compiles a référentiel after a change.
func compiled(t testing.TB, r *storepb.Referentiel, changes ...func(*storepb.Referentiel)) *Compiled {
	t.Helper()
	for _, change := range changes {
		change(r)
	}
	c, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCompile(t *testing.T) {
	c := compiled(t, marketing(t))
	if got, want := c.Revision(), (rules.Revision{Referentiel: "marketing", ID: ID(marketing(t))}); got != want {
		t.Errorf("revision %v, want %v", got, want)
	}
	if len(c.Scheme().Criteria()) != 58 {
		t.Errorf("%d criteria", len(c.Scheme().Criteria()))
	}
	for _, code := range c.Scheme().Criteria() {
		if place, ok := c.Scheme().Place(code); !ok || !strings.HasPrefix(code, place.Unit+".") {
			t.Errorf("the scheme has criterion %s at %v", code, place)
		}
	}
	if got := c.Scheme().CompetenceThreshold(); !got.Default || got.Value != 100 {
		t.Errorf("threshold %v, want the default of 100", got)
	}
	if got := c.Bloc("B3").GetTitle(); got != "Mise en œuvre du plan marketing" {
		t.Errorf("bloc B3 is %q", got)
	}
	if got := c.Competence("C2.4").GetCriteria()[1].GetStatement(); got != "Les canaux de distributions ont été identifiés" {
		t.Errorf("criterion C2.4.2 is %q", got)
	}
	if c.Bloc("B5") != nil || c.Competence("C9.9") != nil {
		t.Error("finds codes that do not exist")
	}
}

// The rules' numbers are compiled, and a number that is set is not a default.
func TestCompileRules(t *testing.T) {
	s := compiled(t, small()).Scheme()
	for name, test := range map[string]struct{ got, want rules.Number }{
		"competence threshold": {s.CompetenceThreshold(), rules.Number{Value: 70}},
		"bloc threshold":       {s.BlocThreshold(), rules.Number{Value: 100}},
		"assessors":            {s.MinAssessors(), rules.Number{Value: 2}},
		"members":              {s.Jury().MinMembers, rules.Number{Value: 3}},
		"externals":            {s.Jury().MinExternalPercent, rules.Number{Value: 0}},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %v, want %v", name, test.got, test.want)
		}
	}
	if place, ok := s.Place("C1.1.2"); !ok || !place.Eliminatory || place.Bloc != "B1" {
		t.Errorf("criterion C1.1.2 is at %v", place)
	}
}

// Later changes of the caller to its référentiel have no effect.
func TestCompiledKeepsItsOwn(t *testing.T) {
	r := small()
	c := compiled(t, r)
	r.Blocs[0].Title = "Acheter"
	if got := c.Bloc("B1").GetTitle(); got != "Vendre" {
		t.Errorf("title %q", got)
	}
}

func TestCompileRefuses(t *testing.T) {
	if _, err := Compile(&storepb.Referentiel{Id: "vide"}); err == nil {
		t.Error("a référentiel without blocs was compiled")
	}
}

func catalogueOf(revisions ...*Compiled) Catalogue {
	c := make(Catalogue, len(revisions))
	for _, r := range revisions {
		c[r.Revision()] = r
	}
	return c
}

// inEpreuves has the first bloc assessed by an épreuve.
func inEpreuves(r *storepb.Referentiel) {
	for _, c := range r.Blocs[0].Competences {
		u := &storepb.Epreuve{Code: c.GetCode() + ".E", Title: "Épreuve", Method: c.Method}
		for i, k := range c.Criteria {
			u.Criteria = append(u.Criteria, &storepb.Criterion{Code: fmt.Sprintf("%s.%d", u.Code, i+1), Statement: k.GetStatement()})
		}
		r.Blocs[0].Epreuves = append(r.Blocs[0].Epreuves, u)
		c.Method, c.BlocOnlyMethod, c.Criteria = nil, nil, nil
	}
}

// When a bloc of another revision counts.
func TestCounts(t *testing.T) {
	is := func(changes ...func(*storepb.Referentiel)) *Compiled { return compiled(t, small(), changes...) }
	now := is()
	sameBloc := is(func(r *storepb.Referentiel) { r.DisplayName, r.Rules = "Vente 2", nil })
	otherWords := is(func(r *storepb.Referentiel) { competence(r).Criteria[0].Statement = "Il sourit" })
	eliminatory := is(func(r *storepb.Referentiel) { competence(r).Criteria[0].Eliminatory = true })
	longer := is(func(r *storepb.Referentiel) { r.Blocs[0].Validity = &storepb.Validity{Years: new(int32(9))} })
	credited := is(func(r *storepb.Referentiel) { r.Blocs[0].Credits = new(int32(9)) })
	oftener := is(func(r *storepb.Referentiel) { competence(r).MaxAttempts = new(int32(3)) })
	byEpreuve := is(inEpreuves)
	oftenerByEpreuve := is(inEpreuves, func(r *storepb.Referentiel) { r.Blocs[0].Epreuves[0].MaxAttempts = new(int32(3)) })
	judged := is(func(r *storepb.Referentiel) {
		r.Blocs[0].Gate = &storepb.Gate{Count: &storepb.Gate_Count{AtLeast: new(int32(1))}}
	})
	otherHouse := is(func(r *storepb.Referentiel) { r.Id = "negoce" })
	ancestor := is(func(r *storepb.Referentiel) {
		r.Id, r.Replaces, r.Blocs = "vente-2019", nil, []*storepb.Bloc{bloc("CCP1", "A1", "C1"), bloc("CCP2", "A2", "C2")}
	})
	pinned := is(func(r *storepb.Referentiel) {
		competence(r).Statement = "Accueillir chacun"
		r.Replaces = []*storepb.Replacement{{Bloc: "B1", Referentiel: "vente", Revision: now.Revision().ID, ReplacedBloc: "B1"}}
	})
	tests := []struct {
		name   string
		wanted *Compiled
		bloc   string
		held   *Compiled
		other  string
		counts bool
	}{
		{"same bloc, other revision", now, "B1", sameBloc, "B1", true},
		{"the same, the other way round", sameBloc, "B1", now, "B1", true},
		{"other words", now, "B1", otherWords, "B1", false},
		{"a criterion became eliminatory", now, "B1", eliminatory, "B1", false},
		{"the same, valid longer", now, "B1", longer, "B1", true},
		{"the same, with credits", now, "B1", credited, "B1", true},
		{"the same, presented more often", now, "B1", oftener, "B1", true},
		{"the same épreuves, presented more often", byEpreuve, "B1", oftenerByEpreuve, "B1", true},
		{"épreuves instead of compétences", now, "B1", byEpreuve, "B1", false},
		{"another gate", now, "B1", judged, "B1", false},
		{"same bloc, other référentiel", now, "B1", otherHouse, "B1", false},
		{"declared, whatever the revision", now, "B1", ancestor, "CCP1", true},
		{"declared for another bloc", now, "B1", ancestor, "CCP2", false},
		{"declarations go one way", ancestor, "CCP1", now, "B1", false},
		{"declared for that revision", pinned, "B1", now, "B1", true},
		{"declared for another revision, although identical", pinned, "B1", sameBloc, "B1", false},
		{"no such bloc here", now, "B9", ancestor, "CCP1", false},
		{"no such bloc there", now, "B1", sameBloc, "B9", false},
		{"no such bloc on either side", now, "B9", sameBloc, "B9", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var catalogue rules.Catalogue = catalogueOf(test.wanted, test.held)
			got := catalogue.Counts(rules.BlocRef{Revision: test.wanted.Revision(), Bloc: test.bloc},
				rules.BlocRef{Revision: test.held.Revision(), Bloc: test.other})
			if got != test.counts {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestEquivalences: what a revision declares, and through which earlier revisions of other
// référentiels each bloc may be held.
func TestEquivalences(t *testing.T) {
	at := func(order uint64, id string, changes ...func(*storepb.Referentiel)) *Compiled {
		r := small()
		r.Id, r.Replaces = id, nil
		for _, change := range changes {
			change(r)
		}
		c, err := CompilePublished(r, order)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	later := func(r *storepb.Referentiel) { r.DisplayName = "Vente 2" }
	first, second, third := at(1, "mid"), at(3, "mid", later), at(9, "mid", func(r *storepb.Referentiel) { r.DisplayName = "Vente 3" })
	other := at(2, "old", func(r *storepb.Referentiel) { r.Blocs = []*storepb.Bloc{bloc("B9", "A9", "C9")} })
	own := at(4, "own")
	asks := at(5, "own", func(r *storepb.Referentiel) {
		r.Replaces = []*storepb.Replacement{
			{Bloc: "B1", Referentiel: "mid", ReplacedBloc: "B1", TogetherWith: []*storepb.Replacement_Held{
				{Referentiel: "mid", Revision: second.Revision().ID, ReplacedBloc: "B1"}, {Referentiel: "old", ReplacedBloc: "B1"},
			}},
			{Bloc: "B1", Referentiel: "own", Revision: own.Revision().ID, ReplacedBloc: "B1"},
		}
	})
	b1 := func(of *Compiled) rules.BlocRef { return rules.BlocRef{Revision: of.Revision(), Bloc: "B1"} }
	want := [][]rules.Needed{
		{
			{Referentiel: "mid", Bloc: "B1", Through: []rules.BlocRef{b1(first), b1(second)}},
			{Referentiel: "mid", Revision: second.Revision().ID, Bloc: "B1", Through: []rules.BlocRef{b1(second)}},
			{Referentiel: "old", Bloc: "B1"},
		},
		{{Referentiel: "own", Revision: own.Revision().ID, Bloc: "B1"}},
	}
	catalogue := catalogueOf(first, second, third, other, own, asks)
	if diff := cmp.Diff(want, catalogue.Equivalences(b1(asks))); diff != "" {
		t.Error(diff)
	}
	if got := catalogue.Equivalences(rules.BlocRef{Revision: asks.Revision(), Bloc: "B2"}); got != nil {
		t.Errorf("another bloc: %v", got)
	}
	if catalogue.Counts(b1(asks), b1(first)) || !catalogue.Counts(b1(asks), b1(own)) {
		t.Error("what is needed together counts alone, or what is needed alone does not")
	}
	if got := asks.Replaces(); len(got) != 2 || got[0] != "mid" || got[1] != "old" {
		t.Errorf("it names blocs of %v", got)
	}
}

// How long what was decided is valid: as the bloc says, else as the rules do, else without
// end.
func TestValidity(t *testing.T) {
	bare := compiled(t, small())
	r := compiled(t, small(), func(r *storepb.Referentiel) {
		r.Blocs = append(r.Blocs, bloc("B2", "A8", "C8"), bloc("B3", "A9", "C9"))
		r.Blocs[1].Validity = &storepb.Validity{Years: new(int32(2))}
		r.Blocs[2].Validity = &storepb.Validity{Unlimited: true}
		r.Rules.Validity = &storepb.Validities{Blocs: &storepb.Validity{Months: new(int32(18))}, Award: &storepb.Validity{Years: new(int32(5))}}
	})
	catalogue := catalogueOf(bare, r)
	for of, want := range map[rules.BlocRef]calendar.Period{
		{Revision: bare.Revision(), Bloc: "B1"}:                               {},
		{Revision: bare.Revision()}:                                           {},
		{Revision: r.Revision(), Bloc: "B1"}:                                  calendar.Months(18),
		{Revision: r.Revision(), Bloc: "B2"}:                                  calendar.Years(2),
		{Revision: r.Revision(), Bloc: "B3"}:                                  {},
		{Revision: r.Revision()}:                                              calendar.Years(5),
		{Revision: rules.Revision{Referentiel: "vente", ID: "?"}}:             {},
		{Revision: rules.Revision{Referentiel: "vente", ID: "?"}, Bloc: "B1"}: {},
	} {
		if got := catalogue.Scheme(of.Revision).Validity(of.Bloc); got != want {
			t.Errorf("%v is valid for %v, not %v", of, got, want)
		}
	}
}

// A bloc of an unknown revision counts only if that is declared.
func TestCatalogueOfUnknown(t *testing.T) {
	now := compiled(t, small())
	catalogue := catalogueOf(now)
	unknown := rules.BlocRef{Revision: rules.Revision{Referentiel: "vente-2019", ID: "?"}, Bloc: "CCP1"}
	wanted := rules.BlocRef{Revision: now.Revision(), Bloc: "B1"}
	if !catalogue.Counts(wanted, unknown) {
		t.Error("a declared bloc of an unknown revision must count")
	}
	if catalogue.Counts(unknown, wanted) || catalogue.Scheme(unknown.Revision).BlocCodes() != nil {
		t.Error("an unknown revision counts")
	}
	if got := catalogue.Scheme(now.Revision()).BlocCodes(); len(got) != 1 || got[0] != "B1" {
		t.Errorf("blocs %v", got)
	}
}
