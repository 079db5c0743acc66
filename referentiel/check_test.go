package referentiel

import (
	"strings"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
)

func TestCheckAccepts(t *testing.T) {
	for name, r := range map[string]*storepb.Referentiel{"small": small(), "marketing": marketing(t)} {
		if problems := Check(r); len(problems) > 0 {
			t.Errorf("%s: %v", name, Problems(problems))
		}
	}
}

// Each rule of the checker has a line in one of the tables below: a change to the
// small référentiel, and all problems that the checker then reports.
type checkCase struct {
	name   string
	change func(r *storepb.Referentiel)
	want   []string
}

func runChecks(t *testing.T, tests []checkCase) {
	t.Helper()
	schema := compiledSchema(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := small()
			test.change(r)
			var got []string
			for _, p := range Check(r) {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			inFiles(t, r, test.want)
			if len(test.want) > 0 {
				inSchema(t, schema, test.name, r)
			}
		})
	}
}

// The head: id, name, opening page.
func TestCheckHead(t *testing.T) {
	runChecks(t, []checkCase{
		{"no id", func(r *storepb.Referentiel) { r.Id = "" },
			[]string{"id: must not be empty"}},
		{"id in capitals", func(r *storepb.Referentiel) { r.Id = "Vente" },
			[]string{`id: "Vente" must have 1 to 63 lowercase letters, digits and hyphens, with no hyphen at its start or end`}},
		{"id that ends in a hyphen", func(r *storepb.Referentiel) { r.Id = "vente-" },
			[]string{`id: "vente-" must have 1 to 63 lowercase letters, digits and hyphens, with no hyphen at its start or end`}},
		{"id of 64", func(r *storepb.Referentiel) { r.Id = strings.Repeat("v", 64) },
			[]string{`id: "` + strings.Repeat("v", 64) + `" must have 1 to 63 lowercase letters, digits and hyphens, with no hyphen at its start or end`}},
		{"no name", func(r *storepb.Referentiel) { r.DisplayName = "" },
			[]string{"display_name: must not be empty"}},
		{"name too long", func(r *storepb.Referentiel) { r.DisplayName = long()[:602] },
			[]string{"display_name: has 301 characters; at most 300"}},

		{"empty section", func(r *storepb.Referentiel) { r.Preamble[0] = &storepb.Section{} },
			[]string{"preamble[0]: must have a title or a paragraph"}},
		{"empty paragraph", func(r *storepb.Referentiel) { r.Preamble[0].Paragraphs[0] = "" },
			[]string{"preamble[0].paragraphs[0]: must not be empty"}},
		{"too many sections", func(r *storepb.Referentiel) { r.Preamble = make([]*storepb.Section, 51) },
			[]string{"preamble: has 51 items; at most 50"}},
	})
}

// Blocs and activities: how many, and their codes.
func TestCheckBlocs(t *testing.T) {
	runChecks(t, []checkCase{
		{"no bloc", func(r *storepb.Referentiel) { r.Blocs, r.Replaces = nil, nil },
			[]string{"blocs: must not be empty"}},
		{"too many blocs", func(r *storepb.Referentiel) { r.Blocs, r.Replaces = make([]*storepb.Bloc, 51), nil },
			[]string{"blocs: has 51 items; at most 50"}},
		{"bloc without anything", func(r *storepb.Referentiel) { r.Blocs = append(r.Blocs, &storepb.Bloc{}) },
			[]string{"blocs[1].code: must not be empty", "blocs[1].title: must not be empty", "blocs[1].competences: must not be empty"}},
		{"bloc code with a slash", func(r *storepb.Referentiel) { r.Blocs[0].Code, r.Replaces = "B/1", nil },
			[]string{`blocs[0].code: "B/1" must have 1 to 32 letters without accents, digits, dots and hyphens, with a letter or digit at its start and end`}},
		{"bloc code that is a path", func(r *storepb.Referentiel) { r.Blocs[0].Code, r.Replaces = "..", nil },
			[]string{`blocs[0].code: ".." must have 1 to 32 letters without accents, digits, dots and hyphens, with a letter or digit at its start and end`}},
		{"bloc code twice", func(r *storepb.Referentiel) { r.Blocs = append(r.Blocs, bloc("B1", "A2", "C1.2")) },
			[]string{`blocs[1].code: "B1" is taken by blocs[0].code`}},
		{"activity code twice, in two blocs", func(r *storepb.Referentiel) { r.Blocs = append(r.Blocs, bloc("B2", "A1", "C1.2")) },
			[]string{`blocs[1].activities[0].code: "A1" is taken by blocs[0].activities[0].code`}},
		{"competence code twice, in two blocs", func(r *storepb.Referentiel) { r.Blocs = append(r.Blocs, bloc("B2", "A2", "C1.1")) },
			[]string{`blocs[1].competences[0].code: "C1.1" is taken by blocs[0].competences[0].code`}},
		{"activity without title", func(r *storepb.Referentiel) { r.Blocs[0].Activities[0].Title = "" },
			[]string{"blocs[0].activities[0].title: must not be empty"}},
	})
}

// Texts, using a statement as the example.
func TestCheckTexts(t *testing.T) {
	runChecks(t, []checkCase{
		{"no competence code", func(r *storepb.Referentiel) { competence(r).Code = "" },
			[]string{"blocs[0].competences[0].code: must not be empty"}},
		{"no statement", func(r *storepb.Referentiel) { competence(r).Statement = "" },
			[]string{"blocs[0].competences[0].statement: must not be empty"}},
		{"statement too long", func(r *storepb.Referentiel) { competence(r).Statement = long()[:8002] },
			[]string{"blocs[0].competences[0].statement: has 4001 characters; at most 4000"}},
		{"statement not trimmed", func(r *storepb.Referentiel) { competence(r).Statement = "Vendre " },
			[]string{"blocs[0].competences[0].statement: must not begin or end with white space"}},
		{"statement ends in a no-break space", func(r *storepb.Referentiel) { competence(r).Statement = "Vendre\u00a0" },
			[]string{"blocs[0].competences[0].statement: must not begin or end with white space"}},
		{"statement not in NFC", func(r *storepb.Referentiel) { competence(r).Statement = "e\u0301couter" },
			[]string{"blocs[0].competences[0].statement: must be in Unicode normal form NFC: accents composed with their letters"}},
		{"statement of two lines", func(r *storepb.Referentiel) { competence(r).Statement = "a\nb" },
			[]string{"blocs[0].competences[0].statement: must not contain U+000A, a control character or line break"}},
		{"statement that reads backwards", func(r *storepb.Referentiel) { competence(r).Statement = "a\u202eb" },
			[]string{"blocs[0].competences[0].statement: must not contain U+202E, which changes the order in which text is shown"}},
		{"statement with a byte order mark", func(r *storepb.Referentiel) { competence(r).Statement = "a\ufeffb" },
			[]string{"blocs[0].competences[0].statement: must not contain U+FEFF, which cannot be seen"}},
		{"statement not UTF-8", func(r *storepb.Referentiel) { competence(r).Statement = "\xff" },
			[]string{"blocs[0].competences[0].statement: must be valid UTF-8"}},
	})
}

// Methods and criteria.
func TestCheckMethods(t *testing.T) {
	runChecks(t, []checkCase{
		{"no method", func(r *storepb.Referentiel) { competence(r).Method = nil },
			[]string{"blocs[0].competences[0].method: must not be empty"}},
		{"empty method", func(r *storepb.Referentiel) { competence(r).Method = &storepb.AssessmentMethod{} },
			[]string{"blocs[0].competences[0].method.kind: must not be empty", "blocs[0].competences[0].method.title: must not be empty"}},
		{"kind unknown", func(r *storepb.Referentiel) { competence(r).BlocOnlyMethod.Kind = 6 },
			[]string{"blocs[0].competences[0].bloc_only_method.kind: 6 is not a kind of method"}},
		{"negative kind", func(r *storepb.Referentiel) { competence(r).Method.Kind = -1 },
			[]string{"blocs[0].competences[0].method.kind: -1 is not a kind of method"}},
		{"instructions too long", func(r *storepb.Referentiel) { competence(r).Method.Instructions = long() },
			[]string{"blocs[0].competences[0].method.instructions: has 8001 characters; at most 8000"}},
		{"framework too long", func(r *storepb.Referentiel) { competence(r).Method.AccommodationFramework = long() },
			[]string{"blocs[0].competences[0].method.accommodation_framework: has 8001 characters; at most 8000"}},
		{"empty deliverable", func(r *storepb.Referentiel) { competence(r).Method.Deliverables[0] = "" },
			[]string{"blocs[0].competences[0].method.deliverables[0]: must not be empty"}},

		{"no criterion", func(r *storepb.Referentiel) { competence(r).Criteria = nil },
			[]string{"blocs[0].competences[0].criteria: must not be empty"}},
		{"too many criteria", func(r *storepb.Referentiel) { competence(r).Criteria = make([]*storepb.Criterion, 101) },
			[]string{"blocs[0].competences[0].criteria: has 101 items; at most 100"}},
		{"criterion code of another place", func(r *storepb.Referentiel) { competence(r).Criteria[1].Code = "C1.1.3" },
			[]string{`blocs[0].competences[0].criteria[1].code: must be "C1.1.2" because of its position, not "C1.1.3"`}},
		{"criterion code with a zero", func(r *storepb.Referentiel) { competence(r).Criteria[1].Code = "C1.1.02" },
			[]string{`blocs[0].competences[0].criteria[1].code: must be "C1.1.2" because of its position, not "C1.1.02"`}},
		{"criterion without statement", func(r *storepb.Referentiel) { competence(r).Criteria[1].Statement = "" },
			[]string{"blocs[0].competences[0].criteria[1].statement: must not be empty"}},
	})
}

// Gates: what is wrong with one is said where it stands. What can be wrong, package
// rules has a table of.
func TestCheckGates(t *testing.T) {
	runChecks(t, []checkCase{
		{"gate without a condition", func(r *storepb.Referentiel) { r.Blocs[0].Gate = &storepb.Gate{} },
			[]string{"blocs[0].gate: must have a mean, a count, a floor, an at_most or a shortfall"}},
		{"replaces the same bloc twice together", func(r *storepb.Referentiel) {
			r.Replaces[0].TogetherWith = []*storepb.Replacement_Held{{Referentiel: "vente-2019", ReplacedBloc: "CCP1"}}
		}, []string{"replaces[0].together_with[0]: is needed already"}},
		{"replaces the same blocs in another order", func(r *storepb.Referentiel) {
			r.Replaces[0].TogetherWith = []*storepb.Replacement_Held{{Referentiel: "vente-2019", ReplacedBloc: "CCP2"}}
			r.Replaces = append(r.Replaces, &storepb.Replacement{
				Bloc: "B1", Referentiel: "vente-2019", ReplacedBloc: "CCP2",
				TogetherWith: []*storepb.Replacement_Held{{Referentiel: "vente-2019", ReplacedBloc: "CCP1"}},
			})
		}, []string{"replaces[1]: says the same as replaces[0]"}},
		{"replaces itself together with another", func(r *storepb.Referentiel) {
			r.Replaces[0].TogetherWith = []*storepb.Replacement_Held{{Referentiel: "vente", ReplacedBloc: "B1"}}
		}, []string{"replaces[0].together_with[0].revision: is required if the référentiel is this one: a revision cannot replace itself"}},
		{"replaces something unnamed together with another", func(r *storepb.Referentiel) {
			r.Replaces[0].TogetherWith = []*storepb.Replacement_Held{{Referentiel: "Vente", ReplacedBloc: "?"}}
		}, []string{
			`replaces[0].together_with[0].referentiel: "Vente" is not the id of a référentiel`,
			`replaces[0].together_with[0].replaced_bloc: "?" must have 1 to 32 letters without accents, digits, dots and hyphens, with a letter or digit at its start and end`,
		}},
		{"replaces one bloc alone and another together with it", func(r *storepb.Referentiel) {
			r.Replaces = append(r.Replaces, &storepb.Replacement{
				Bloc: "B1", Referentiel: "vente-2019", ReplacedBloc: "CCP1",
				TogetherWith: []*storepb.Replacement_Held{{Referentiel: "vente-2018", ReplacedBloc: "CCP2"}},
			})
		}, nil},
		{"validity of years and months", func(r *storepb.Referentiel) {
			r.Blocs[0].Validity = &storepb.Validity{Years: new(int32(5)), Months: new(int32(6))}
		}, []string{"blocs[0].validity: must have exactly one of years, months and unlimited: true"}},
		{"validity without a period", func(r *storepb.Referentiel) {
			r.Rules.Validity = &storepb.Validities{Blocs: &storepb.Validity{}, Award: &storepb.Validity{}}
		}, []string{
			"rules.validity.blocs: must have exactly one of years, months and unlimited: true",
			"rules.validity.award: must have exactly one of years, months and unlimited: true",
		}},
		{"validity that has an end and none", func(r *storepb.Referentiel) {
			r.Rules.Validity = &storepb.Validities{Award: &storepb.Validity{Months: new(int32(12)), Unlimited: true}}
		}, []string{"rules.validity.award: must have exactly one of years, months and unlimited: true"}},
		{"validity of an age", func(r *storepb.Referentiel) {
			r.Blocs[0].Validity = &storepb.Validity{Years: new(int32(101))}
		}, []string{"blocs[0].validity.years: is 101; must be 1 to 100"}},
		{"validities", func(r *storepb.Referentiel) {
			r.Blocs[0].Validity = &storepb.Validity{Unlimited: true}
			r.Rules.Validity = &storepb.Validities{Blocs: &storepb.Validity{Months: new(int32(18))}, Award: &storepb.Validity{Years: new(int32(5))}}
		}, nil},
		{"gate beside a threshold", func(r *storepb.Referentiel) { r.Rules.BlocGate = &storepb.Gate{Floor: "10"} },
			[]string{"rules.bloc_gate: must be left out if bloc_threshold_percent is given, which is a gate in short form"}},
		{"weight 0", func(r *storepb.Referentiel) { competence(r).Criteria[1].Weight = new(int32(0)) },
			[]string{"blocs[0].competences[0].criteria[1].weight: is 0; must be 1 to 1000"}},
		{"scale without texts", func(r *storepb.Referentiel) {
			r.Scales = []*storepb.Scale{{Code: "n/", Levels: []*storepb.Scale_Level{{}, {Code: "A", Label: "Acquis", Points: new(int32(0))}}}}
		}, []string{
			`scales[0].code: "n/" must have 1 to 32 letters without accents, digits, dots and hyphens, with a letter or digit at its start and end`,
			"scales[0].title: must not be empty", "scales[0].levels[0].code: must not be empty", "scales[0].levels[0].label: must not be empty",
			"scales[0].levels[0].points: must not be empty"}},
		{"unknown scale", func(r *storepb.Referentiel) { r.Rules.Scale = "n" },
			[]string{`rules.scale: "n" is not a scale of this référentiel`}},
		{"all that a gate can have", func(r *storepb.Referentiel) {
			competence(r).Gate = full().Rules.CompetenceGate
			competence(r).Gate.Count.Percent = nil
		}, nil},
	})
}

// Rules and equivalences.
func TestCheckRules(t *testing.T) {
	runChecks(t, []checkCase{
		{"thresholds of 0", func(r *storepb.Referentiel) {
			r.Rules.CompetenceThresholdPercent, r.Rules.BlocThresholdPercent = new(int32(0)), new(int32(0))
		}, []string{
			"rules.competence_threshold_percent: is 0; must be 1 to 100",
			"rules.bloc_threshold_percent: is 0; must be 1 to 100"}},
		{"threshold above 100", func(r *storepb.Referentiel) { r.Rules.BlocThresholdPercent = new(int32(101)) },
			[]string{"rules.bloc_threshold_percent: is 101; must be 1 to 100"}},
		{"no assessor", func(r *storepb.Referentiel) { r.Rules.MinAssessors = new(int32(0)) },
			[]string{"rules.min_assessors: is 0; must be 1 to 20"}},
		{"a jury of one", func(r *storepb.Referentiel) { r.Rules.Jury.MinMembers = new(int32(1)) },
			[]string{"rules.jury.min_members: is 1; must be 2 to 50"}},
		{"negative share", func(r *storepb.Referentiel) { r.Rules.Jury.MinExternalPercent = new(int32(-1)) },
			[]string{"rules.jury.min_external_percent: is -1; must be 0 to 100"}},

		{"replaces without anything", func(r *storepb.Referentiel) { r.Replaces[0] = &storepb.Replacement{} },
			[]string{
				`replaces[0].bloc: "" is not a bloc of this référentiel`,
				`replaces[0].referentiel: "" is not the id of a référentiel`,
				"replaces[0].replaced_bloc: must not be empty"}},
		{"replaces at a bad revision", func(r *storepb.Referentiel) { r.Replaces[0].Revision = "latest" },
			[]string{`replaces[0].revision: "latest" must be 32 of 0-9 a-f`}},
		{"replaces itself", func(r *storepb.Referentiel) { r.Replaces[0].Referentiel = "vente" },
			[]string{"replaces[0].revision: is required if the référentiel is this one: a revision cannot replace itself"}},
		{"replaces twice", func(r *storepb.Referentiel) { r.Replaces = append(r.Replaces, r.Replaces[0]) },
			[]string{"replaces[1]: says the same as replaces[0]"}},
	})
}

func TestCheckAcceptsOddities(t *testing.T) {
	for name, change := range oddities() {
		r := small()
		change(r)
		if problems := Check(r); len(problems) > 0 {
			t.Errorf("%s: %v", name, Problems(problems))
		}
	}
}

// All problems are reported at once, in the order of the fields.
func TestCheckReportsAll(t *testing.T) {
	r := proto.CloneOf(marketing(t))
	want := 0
	for _, b := range r.GetBlocs() {
		for _, k := range b.GetCompetences() {
			for _, c := range k.GetCriteria() {
				c.Statement, c.Code = "", ""
				want += 2
			}
		}
	}
	if got := len(Check(r)); got != want {
		t.Errorf("%d problems, want %d", got, want)
	}
}

// TestManyProblems: if there are very many problems, the first ones are reported,
// and that there are more.
func TestManyProblems(t *testing.T) {
	for n, want := range map[int]int{499: 499, 500: 500, 501: 501, 3000: 501} {
		c := new(checker)
		for range n {
			c.report("f", "m")
		}
		last := c.problems[len(c.problems)-1].String()
		if len(c.problems) != want || strings.Contains(last, "more problems") != (n > 500) {
			t.Errorf("of %d problems %d are reported, the last one %q", n, len(c.problems), last)
		}
	}
}
