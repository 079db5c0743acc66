package referentiel

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
)

// smallFile is the small référentiel as a file.
const smallFile = `id: vente
display_name: Vente
register: {kind: RNCP, number: RNCP35340}
preamble:
  - title: Loi
    paragraphs: [Article 1]
blocs:
  - code: B1
    title: Vendre
    activities:
      - code: A1
        title: Accueil
    competences:
      - code: C1.1
        statement: Accueillir le client
        method:
          kind: SITUATIONAL_EXERCISE
          title: Mise en situation
          instructions: >-
            Le candidat
            accueille :
          deliverables:
            - un client
          accommodation_framework: Un tiers aide
        bloc_only_method:
          kind: PROFESSIONAL_FILE
          title: Dossier
        criteria:
          - code: C1.1.1
            statement: Il salue
          - code: C1.1.2
            statement: Il écoute
            eliminatory: true
rules:
  competence_threshold_percent: 70
  bloc_threshold_percent: 100
  min_assessors: 2
  jury:
    min_members: 3
    min_external_percent: 0
replaces:
  - bloc: B1
    referentiel: vente-2019
    replaced_bloc: CCP1
`

func TestParse(t *testing.T) {
	got, err := Parse("vente.yaml", []byte(smallFile))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(small(), got, protocmp.Transform()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

const (
	topKeys        = "id, display_name, preamble, blocs, rules, replaces, scales, register, certificateur, award, assessor_qualities"
	blocKeys       = "code, title, activities, competences, gate, credits, epreuves, validity"
	methodKeys     = "kind, title, instructions, deliverables, accommodation_framework"
	competenceKeys = "code, statement, method, bloc_only_method, criteria, gate, weight, bonus_above, variants, max_attempts, agreement"
)

// Errors in a file, and the line that is reported: a change to the small file,
// and all problems reported.
type parseCase struct {
	name     string
	old, new string // replaced once
	want     []string
}

func runParses(t *testing.T, tests []parseCase) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if strings.Count(smallFile, test.old) == 0 {
				t.Fatalf("%q is not in the file", test.old)
			}
			r, err := Parse("vente.yaml", []byte(strings.Replace(smallFile, test.old, test.new, 1)))
			checkProblems(t, r, err, test.want)
		})
	}
}

// Keys that are missing, unknown or given twice.
func TestParseRefusesKeys(t *testing.T) {
	runParses(t, []parseCase{
		{"missing text", "        statement: Accueillir le client\n", "",
			[]string{"vente.yaml:14: blocs[0].competences[0].statement: must not be empty"}},
		{"empty text", "Accueillir le client", `""`,
			[]string{"vente.yaml:15: blocs[0].competences[0].statement: must not be empty"}},
		{"key without value", " Accueillir le client", "",
			[]string{"vente.yaml:15: blocs[0].competences[0].statement: must not be empty: write a value or leave it out"}},
		{"unknown key at the top", "id: vente", "id: vente\nlevel: 6",
			[]string{"vente.yaml:2: level: is not a valid key here; valid keys: " + topKeys}},
		{"misspelt key", "        statement: Accueillir", "        statment: Accueillir",
			[]string{
				"vente.yaml:14: blocs[0].competences[0].statement: must not be empty",
				"vente.yaml:15: blocs[0].competences[0].statment: is not a valid key here; valid keys: " + competenceKeys}},
		{"key of several lines", "id: vente", "id: vente\n\"a\\nb\": 1",
			[]string{`vente.yaml:2: a\nb: is not a valid key here; valid keys: ` + topKeys}},
		{"key that is a list", "id: vente", "id: vente\n[a]: 1",
			[]string{"vente.yaml:2: is not a valid key here; valid keys: " + topKeys}},
		{"merge key", "title: Vendre", "<<: {title: Vendre}",
			[]string{"vente.yaml:8: blocs[0].title: must not be empty", "vente.yaml:9: blocs[0].<<: is not a valid key here; valid keys: " + blocKeys}},
		{"key twice", "title: Vendre", "title: Vendre\n    title: Acheter",
			[]string{"vente.yaml:10: blocs[0].title: is given twice, first on line 9"}},
	})
}

// Invalid texts and lists.
func TestParseRefusesTexts(t *testing.T) {
	runParses(t, []parseCase{
		{"number for text", "title: Vendre", "title: 12",
			[]string{"vente.yaml:9: blocs[0].title: must be text; put it in quotes if it looks like a number, date or boolean"}},
		{"yes for text", "title: Vendre", "title: true",
			[]string{"vente.yaml:9: blocs[0].title: must be text; put it in quotes if it looks like a number, date or boolean"}},
		{"list for text", "title: Vendre", "title: [Vendre]",
			[]string{"vente.yaml:9: blocs[0].title: must be text; put it in quotes if it looks like a number, date or boolean"}},
		{"tagged text", "title: Vendre", "title: !!binary Vendre",
			[]string{"vente.yaml:9: blocs[0].title: must be text; put it in quotes if it looks like a number, date or boolean"}},
		{"text for list", "paragraphs: [Article 1]", "paragraphs: Article 1",
			[]string{"vente.yaml:6: preamble[0].paragraphs: must be a list: each item on a line that begins with -"}},
		{"number in a list of texts", "[Article 1]", "[Article 1, 2]",
			[]string{"vente.yaml:6: preamble[0].paragraphs[1]: must be text; put it in quotes if it looks like a number, date or boolean"}},
		{"empty item", "[Article 1]", "[Article 1, ~]",
			[]string{"vente.yaml:6: preamble[0].paragraphs[1]: must not be empty: write a value or leave it out"}},
	})
}

// Invalid groups, numbers, booleans and kinds.
func TestParseRefusesValues(t *testing.T) {
	runParses(t, []parseCase{
		{"text for group", "jury:\n    min_members: 3\n    min_external_percent: 0", "jury: 3",
			[]string{"vente.yaml:38: rules.jury: must be a group of keys: min_members, min_external_percent, colleges, chair, casting_vote"}},
		{"text for number", "min_assessors: 2", "min_assessors: deux",
			[]string{"vente.yaml:37: rules.min_assessors: must be a whole number"}},
		{"fraction", "min_assessors: 2", "min_assessors: 1.5",
			[]string{"vente.yaml:37: rules.min_assessors: must be a whole number"}},
		{"quoted number", "min_assessors: 2", `min_assessors: "2"`,
			[]string{"vente.yaml:37: rules.min_assessors: must be a whole number"}},
		{"number too large", "min_assessors: 2", "min_assessors: 99999999999",
			[]string{"vente.yaml:37: rules.min_assessors: must be a whole number"}},
		{"number out of range", "min_assessors: 2", "min_assessors: 0",
			[]string{"vente.yaml:37: rules.min_assessors: is 0; must be 1 to 20"}},
		{"text for yes", "eliminatory: true", "eliminatory: oui",
			[]string{"vente.yaml:33: blocs[0].competences[0].criteria[1].eliminatory: must be true or false"}},
		{"yes in capitals", "eliminatory: true", "eliminatory: True",
			[]string{"vente.yaml:33: blocs[0].competences[0].criteria[1].eliminatory: must be true or false"}},
		{"unknown kind", "kind: SITUATIONAL_EXERCISE", "kind: EXAM",
			[]string{"vente.yaml:17: blocs[0].competences[0].method.kind: must be one of PROFESSIONAL_PROJECT, SITUATIONAL_EXERCISE, REFLECTIVE_ANALYSIS, PROFESSIONAL_FILE, OTHER"}},
		{"kind by number", "kind: SITUATIONAL_EXERCISE", "kind: 2",
			[]string{"vente.yaml:17: blocs[0].competences[0].method.kind: must be one of PROFESSIONAL_PROJECT, SITUATIONAL_EXERCISE, REFLECTIVE_ANALYSIS, PROFESSIONAL_FILE, OTHER"}},
		{"unknown key of a method", "title: Dossier", "title: Dossier\n          duration: 2 h",
			[]string{"vente.yaml:28: blocs[0].competences[0].bloc_only_method.duration: is not a valid key here; valid keys: " + methodKeys}},
	})
}

// YAML features that are not supported, and invalid YAML.
func TestParseRefusesYAML(t *testing.T) {
	runParses(t, []parseCase{
		{"anchor", "title: Vendre", "title: &a Vendre",
			[]string{"vente.yaml:9: blocs[0].title: must not use anchors (&) or aliases (*): write the text out"}},
		{"anchor and alias", "title: Vendre\n    activities:\n      - code: A1\n        title: Accueil", "title: &a Vendre\n    activities:\n      - code: A1\n        title: *a",
			[]string{
				"vente.yaml:9: blocs[0].title: must not use anchors (&) or aliases (*): write the text out",
				"vente.yaml:12: blocs[0].activities[0].title: must not use anchors (&) or aliases (*): write the text out"}},
		{"text with a line break", "instructions: >-", "instructions: |",
			[]string{"vente.yaml:19: blocs[0].competences[0].method.instructions: must not contain U+000A, a control character or line break"}},
		{"two documents", "replaces:", "---\nreplaces:",
			[]string{"vente.yaml:41: must be one document: remove everything after ---"}},
		{"a broken second document", "replaces:", "---\n]",
			[]string{"vente.yaml:42: " + notYAML + "did not find expected node content"}},
		{"a tab for indentation", "    title: Vendre", "\ttitle: Vendre",
			[]string{"vente.yaml:9: " + notYAML + "found a tab character that violates indentation"}},
		{"colon in plain text", "Accueillir le client", "Accueillir : le client",
			[]string{"vente.yaml:15: " + notYAML + "mapping values are not allowed in this context"}},
		{"nothing but problems", smallFile, "level: 6\nblocs:\n  - code: B1\n",
			[]string{
				"vente.yaml:1: level: is not a valid key here; valid keys: " + topKeys,
				"vente.yaml:1: id: must not be empty",
				"vente.yaml:1: display_name: must not be empty",
				"vente.yaml:3: blocs[0].title: must not be empty",
				"vente.yaml:3: blocs[0].competences: must not be empty"}},
	})
}

// Files that are not a référentiel.
func TestParseRefusesFiles(t *testing.T) {
	for name, test := range map[string]struct{ content, want string }{
		"empty":         {"", "f.yaml:1: is empty"},
		"only comments": {"# rien\n", "f.yaml:1: is empty"},
		"null":          {"~", "f.yaml:1: must not be empty: write a value or leave it out"},
		"a list":        {"- a", "f.yaml:1: must be a group of keys: " + topKeys},
		"not UTF-8":     {"id: \xff", "f.yaml:1: is not UTF-8: save the file as UTF-8"},
		"Latin-1":       {"id: a\r\n\r\nname: Comp\xe9tences\r\n", "f.yaml:3: is not UTF-8: save the file as UTF-8"},
		"UTF-16":        {"\xff\xfei\x00d\x00", "f.yaml:1: is not UTF-8: save the file as UTF-8"},
		"too large":     {strings.Repeat("#", MaxFile+1), "f.yaml: is larger than 4 MiB"},
		"deep":          {strings.Repeat("[", 100_000), "f.yaml:1: " + notYAML + "exceeded max depth of 10000"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Parse("f.yaml", []byte(test.content))
			checkProblems(t, r, err, []string{test.want})
		})
	}
}

func checkProblems(t *testing.T, r *storepb.Referentiel, err error, want []string) {
	t.Helper()
	problems, ok := errors.AsType[Problems](err)
	if !ok {
		t.Fatalf("got %v, want Problems", err)
	}
	if r != nil {
		t.Error("a référentiel was returned with the problems")
	}
	if diff := cmp.Diff(want, strings.Split(problems.Error(), "\n")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "vente.yaml")
	if _, err := Load(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: got %v, want os.ErrNotExist", err)
	}
	if err := os.WriteFile(file, []byte(smallFile), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Load(file)
	if err != nil || ID(r) != ID(small()) {
		t.Errorf("got %v, %v", r, err)
	}
	if err := os.WriteFile(file, make([]byte, MaxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); err == nil || !strings.HasSuffix(err.Error(), "is larger than 4 MiB") {
		t.Errorf("large file: got %v", err)
	}
}

// The example that people copy from data/README.md passes.
func TestReadmeExample(t *testing.T) {
	readme, err := os.ReadFile("data/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(readme), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	if _, err := Parse("README.md", []byte(example)); err != nil {
		t.Error(err)
	}
	for _, m := range messages(new(storepb.Referentiel).ProtoReflect().Descriptor()) {
		for i := range m.Fields().Len() {
			if key := "`" + string(m.Fields().Get(i).Name()) + "`"; !strings.Contains(string(readme), key) {
				t.Errorf("the README does not explain %s", key)
			}
		}
	}
}

// The decoder knows these types and no others: a field of another type needs a
// case in decoder.scalar.
func TestDecoderKnowsEveryType(t *testing.T) {
	for _, m := range messages(new(storepb.Referentiel).ProtoReflect().Descriptor()) {
		for i := range m.Fields().Len() {
			field := m.Fields().Get(i)
			switch field.Kind() {
			case protoreflect.StringKind, protoreflect.BoolKind, protoreflect.Int32Kind, protoreflect.EnumKind, protoreflect.MessageKind:
			default:
				t.Errorf("%s is %s, which the decoder cannot read", field.FullName(), field.Kind())
			}
			if field.IsMap() {
				t.Errorf("%s is a map, which the decoder cannot read", field.FullName())
			}
		}
	}
}

// messages lists a message and those in it, each once.
func messages(m protoreflect.MessageDescriptor) []protoreflect.MessageDescriptor {
	var all []protoreflect.MessageDescriptor
	met := make(map[protoreflect.FullName]bool)
	var visit func(protoreflect.MessageDescriptor)
	visit = func(m protoreflect.MessageDescriptor) {
		if met[m.FullName()] {
			return
		}
		met[m.FullName()] = true
		all = append(all, m)
		for i := range m.Fields().Len() {
			if inner := m.Fields().Get(i).Message(); inner != nil {
				visit(inner)
			}
		}
	}
	visit(m)
	return all
}
