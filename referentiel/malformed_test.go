package referentiel

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A slip is a mistake that authors make at any place of a kind. The places come from
// the descriptors, so that a new field is broken in each of these ways too.
type slip struct {
	name   string
	at     func(spot) bool
	write  func(spot) string // what the file has there
	beyond string            // why the schema for editors accepts it; empty: it refuses
}

// Why a schema accepts what the checker refuses.
const (
	parserSees   = "the editor's YAML parser reports it or resolves it" // and what it resolves to may still be refused
	unicodeKnows = "patterns know too little of Unicode"
)

// always writes the same.
func always(text string) func(spot) string { return func(spot) string { return text } }

func anywhere(spot) bool  { return true }
func isKey(p spot) bool   { return !p.isItem }
func isLine(p spot) bool  { return p.isText() && longest(p) > 0 }
func isShape(p spot) bool { return p.isText() && longest(p) == 0 }

func isNumber(p spot) bool { return p.field.Kind() == protoreflect.Int32Kind }
func isBool(p spot) bool   { return p.field.Kind() == protoreflect.BoolKind }
func isEnum(p spot) bool   { return p.field.Kind() == protoreflect.EnumKind }

func matches(pattern, text string) bool { return regexp.MustCompile(pattern).MatchString(text) }

// longest is how many characters a text may have; 0 if its pattern says it.
func longest(p spot) int { return int(p.limits().GetString().GetMaxLen()) }

func slips() []slip {
	return []slip{
		{"left out", func(p spot) bool { return isKey(p) && required(p) }, always(leftOut), ""},
		{"no value", anywhere, always(""), ""},
		{"given twice", isKey, always(twice), parserSees},
		{"an anchor", func(p spot) bool { return !p.isList() && !p.isGroup() }, func(p spot) string { return "&a " + sample(p) }, parserSees},

		{"a number for text", func(p spot) bool { return p.isText() }, always("12"), ""},
		{"a boolean for text", func(p spot) bool { return p.isText() }, always("true"), ""},
		{"a list for text", func(p spot) bool { return p.isText() }, always("[a]"), ""},
		{"a group for text", func(p spot) bool { return p.isText() }, always("{a: b}"), ""},
		{"an empty text", func(p spot) bool { return p.isText() && (p.isItem || required(p)) }, always(`""`), ""},
		{"two lines", func(p spot) bool { return p.isText() }, always(`"a\nb"`), ""},
		{"a blank at the end", func(p spot) bool { return p.isText() }, always(`"a "`), ""},
		{"a blank at the start", func(p spot) bool { return p.isText() }, always(`" a"`), ""},
		{"a letter that nobody sees", isLine, always(`"a\u200bb"`), unicodeKnows},
		{"text that reads backwards", isLine, always(`"a\u202eb"`), unicodeKnows},
		{"an accent beside its letter", isLine, always(`"e\u0301"`), unicodeKnows},
		{"a symbol of a private font", isLine, always(`"\uf0b7 a"`), unicodeKnows},
		{"too long", isLine, func(p spot) string { return strings.Repeat("é", longest(p)+1) }, ""},
		{"another form", isShape, always(`"é/"`), ""},

		{"a word for a number", isNumber, always("deux"), ""},
		{"a fraction", isNumber, always("1.5"), ""},
		{"a quoted number", isNumber, always(`"2"`), ""},
		{"a number too large to read", isNumber, always("99999999999"), ""},
		{"too few", isNumber, func(p spot) string { return fmt.Sprint(p.limits().GetInt32().GetGte() - 1) }, ""},
		{"too many", isNumber, func(p spot) string { return fmt.Sprint(p.limits().GetInt32().GetLte() + 1) }, ""},
		{"oui", isBool, always("oui"), ""},
		{"a number for a boolean", isBool, always("1"), ""},
		{"an unknown value", isEnum, always("EXAM"), ""},
		{"a value by its number", isEnum, always("2"), ""},

		{"a text for a list", spot.isList, always("a"), ""},
		{"a group for a list", spot.isList, always("{a: b}"), ""},
		{"an empty list", func(p spot) bool { return p.isList() && required(p) }, always("[]"), ""},
		{"too many items", spot.isList, tooManyItems, ""},
		{"a text for a group", spot.isGroup, always("a"), ""},
		{"a list for a group", spot.isGroup, always("[a]"), ""},
	}
}

// sample is a value that can be read.
func sample(p spot) string {
	switch {
	case isEnum(p):
		return "OTHER"
	case isBool(p):
		return "true"
	default:
		return "1"
	}
}

func tooManyItems(p spot) string {
	item := "a"
	if p.field.Message() != nil {
		item = "{}"
	}
	return "[" + strings.Repeat(item+", ", int(p.limits().GetRepeated().GetMaxItems())) + item + "]"
}

// TestMalformed: each slip at each place is one malformed file. Each is refused, with
// the field and its line, and the schema refuses it too unless the slip says why not.
func TestMalformed(t *testing.T) {
	r, before := filled(), make(map[string]bool)
	for _, p := range problemsOf(t, fileOf(r, nil)) {
		before[p.Field+p.Message] = true // of values that contradict each other
	}
	schema, tried, met := compiledSchema(t), 0, make(map[protoreflect.FullName]bool)
	for _, p := range spots(r.ProtoReflect(), apiReferentiel(), "") {
		met[p.field.FullName()] = true
		for _, s := range slips() {
			if !s.at(p) {
				continue
			}
			tried++
			f := fileOf(r, map[string]string{p.path: s.write(p)})
			found := slices.DeleteFunc(problemsOf(t, f), func(p Problem) bool { return before[p.Field+p.Message] })
			wantProblem(t, s.name, f, p.path, found)
			if refused := schemaProblem(schema, f.text.String()) != nil; refused != (s.beyond == "") && s.beyond != parserSees {
				t.Errorf("%s, %s: the schema refuses it: %t; it is beyond it: %q", p.path, s.name, refused, s.beyond)
			}
		}
	}
	for _, m := range messages(r.ProtoReflect().Descriptor()) {
		for i := range m.Fields().Len() {
			if name := m.Fields().Get(i).FullName(); !met[name] {
				t.Errorf("%s was never broken", name)
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d malformed files", tried)
	}
}

// A key that no group has is refused in each of them.
func TestMalformedKeys(t *testing.T) {
	r, schema := filled(), compiledSchema(t)
	groups := []string{""}
	for _, p := range spots(r.ProtoReflect(), apiReferentiel(), "") {
		if p.isGroup() {
			groups = append(groups, p.path)
		}
	}
	for _, group := range groups {
		f := fileOf(r, map[string]string{join(group, unknown): "1"})
		wantProblem(t, "an unknown key", f, join(group, unknown), problemsOf(t, f))
		if schemaProblem(schema, f.text.String()) == nil {
			t.Errorf("%s: the schema accepts an unknown key", group)
		}
	}
}

// rulesBroken are mistakes that one rule about one place is there for: what a file has
// there, and the field at which the rule is broken.
func rulesBroken() []struct{ path, text, field string } {
	const twoActivities, twoReplaced = "[{code: A1, title: a}, {code: A1, title: b}]",
		"[{bloc: B1, referentiel: a, replaced_bloc: B1}, {bloc: B1, referentiel: a, replaced_bloc: B1}]"
	const twiceNeeded = "[{bloc: B1, referentiel: a, replaced_bloc: B1, together_with: [{referentiel: a, replaced_bloc: B1}]}]"
	return []struct{ path, text, field string }{
		{"preamble[0]", "{}", "preamble[0]"},
		{"blocs[0].activities", twoActivities, "blocs[0].activities[1].code"},
		{"blocs[0].competences[0].criteria[1].code", "C1.1.3", "blocs[0].competences[0].criteria[1].code"},
		{"register.number", "35340", "register.number"},
		{"register.kind", "RS", "register.level"},
		{"register.rome", "[M1705, M1705]", "register.rome[1]"},
		{"register.decision_date", `"2027-12-31"`, "register.decision_date"},
		{"register.registration_date", `"2027-12-31"`, "register.registration_date"},
		{"register.delivery_deadline", `"2026-12-31"`, "register.delivery_deadline"},
		{"certificateur.siret", `"73282932000075"`, "certificateur.siret"},
		{"blocs[0].competences[0]", "{code: C1.1, statement: a}", "blocs[0].competences[0].method"},
		{"blocs[1].competences[0]", "{code: C2.1, statement: a, weight: 2}", "blocs[1].competences[0].weight"},
		{"blocs[0].competences[0].variants[0].when", "{single_bloc: false}", "blocs[0].competences[0].variants[0].when"},
		{"blocs[0].competences[0].variants[0].when.access_routes", "[INITIAL_TRAINING, INITIAL_TRAINING]", "blocs[0].competences[0].variants[0].when.access_routes[1]"},
		{"blocs[1].epreuves[0].variants", "[{when: {attempt: RESIT}, method: {kind: OTHER, title: a}}, {when: {attempt: RESIT}, method: {kind: OTHER, title: a}}]", "blocs[1].epreuves[0].variants[1].when"},
		{"blocs[1].epreuves[0].competences", "[C2.1, C2.1]", "blocs[1].epreuves[0].competences[1]"},
		{"blocs[1].epreuves[0].criteria[0].competences", "[C2.2]", "blocs[1].epreuves[0].criteria[0].competences[0]"},
		{"blocs[1].epreuves[1]", "{code: E2, title: a, method: {kind: OTHER, title: a}}", "blocs[1].competences[1]"},
		{"blocs[1].epreuves[1]", "{code: C2.1, title: a, method: {kind: OTHER, title: a}}", "blocs[1].epreuves[1].code"},
		{"blocs[1].epreuves[1]", "{code: C1.1.1, title: a, method: {kind: OTHER, title: a}}", "blocs[1].epreuves[1].code"},
		{"replaces[0].bloc", "B9", "replaces[0].bloc"},
		{"replaces[0].referentiel", "Vente", "replaces[0].referentiel"},
		{"replaces[0].revision", "latest", "replaces[0].revision"},
		{"replaces[0]", "{bloc: B1, referentiel: vente, replaced_bloc: B1}", "replaces[0].revision"},
		{"replaces", twoReplaced, "replaces[1]"},
		{"replaces", twiceNeeded, "replaces[0].together_with[0]"},
		{"award.requirements[0].kind", "PROOF", "award.requirements[0]"},
	}
}

// unbreakable are rules that no file breaks, and why.
func unbreakable() map[string]string {
	return map[string]string{
		"%d is not a kind of method":      "files name kinds, and the decoder refuses what is none",
		"%d is not a kind of register":    "files name kinds, and the decoder refuses what is none",
		"%d is not a kind of requirement": "files name kinds, and the decoder refuses what is none",
		"%d is not an access route":       "so it is with routes",
		"%d is not an attempt":            "and with attempts",
		"%d is neither REQUIRED nor NONE": "files name it, and the decoder refuses anything else",
	}
}

// TestEveryRuleIsBroken: each message of the checker and of the decoder is reported of
// some malformed file.
func TestEveryRuleIsBroken(t *testing.T) {
	r, said := filled(), []string{}
	report := func(instead map[string]string) []Problem {
		found := problemsOf(t, fileOf(r, instead))
		for _, p := range found {
			said = append(said, p.Message)
		}
		return found
	}
	for _, p := range spots(r.ProtoReflect(), apiReferentiel(), "") {
		for _, s := range slips() {
			if s.at(p) {
				report(map[string]string{p.path: s.write(p)})
			}
		}
	}
	report(map[string]string{unknown: "1"})
	for _, b := range rulesBroken() {
		wantProblem(t, b.text, fileOf(r, map[string]string{b.path: b.text}), b.field, report(map[string]string{b.path: b.text}))
	}
	verb := regexp.MustCompile(`%[a-z]`)
	for _, rule := range ruleTexts(t) {
		form := regexp.MustCompile("^" + verb.ReplaceAllString(regexp.QuoteMeta(rule), ".*"))
		broken, why := slices.ContainsFunc(said, form.MatchString), unbreakable()[rule]
		if broken == (why != "") {
			t.Errorf("rule %q is broken by a malformed file: %t; unbreakable: %q", rule, broken, why)
		}
	}
}

// ruleTexts are the messages that the product reports, as it has them: texts and formats
// among the last arguments of report and refuse.
func ruleTexts(t *testing.T) (texts []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if called, ok := call.Fun.(*ast.SelectorExpr); ok && (called.Sel.Name == "report" || called.Sel.Name == "refuse") {
				texts = append(texts, firstText(call.Args[len(call.Args)-1])...)
			}
			return true
		})
	}
	if len(texts) < 20 {
		t.Fatalf("only %q", texts)
	}
	return texts
}

// firstText is the first text in an expression; nothing if it has none.
func firstText(e ast.Expr) (texts []string) {
	ast.Inspect(e, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(texts) == 0 {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				texts = append(texts, text)
			}
		}
		return true
	})
	return texts
}

// wantProblem wants one of the problems at a field and its line, and the others
// somewhere in the file too.
func wantProblem(t *testing.T, name string, f *file, path string, found []Problem) {
	t.Helper()
	told := false
	for _, p := range found {
		told = told || p.Field == path && p.Line == f.line(path) && p.Message != ""
		if p.Line < 1 || p.Line > strings.Count(f.text.String(), "\n") || p.File != "f.yaml" {
			t.Errorf("%s, %s: no line of the file has %q", path, name, p)
		}
	}
	if !told {
		t.Errorf("%s, %s: want a problem on line %d, got %v", path, name, f.line(path), Problems(found))
	}
}

// problemsOf parses a file; nothing if it has no problem.
func problemsOf(t *testing.T, f *file) []Problem {
	t.Helper()
	_, err := Parse("f.yaml", []byte(f.text.String()))
	problems, ok := errors.AsType[Problems](err)
	if err != nil && !ok {
		t.Fatal(err)
	}
	return problems
}

// inFiles wants the problems that the checker reports of a référentiel in its file
// too, each with the line of its field. If the file reports something else of the same
// field, because the value cannot even be read, that is enough.
func inFiles(t *testing.T, r *storepb.Referentiel, want []string) {
	t.Helper()
	f := fileOf(r, nil)
	found := problemsOf(t, f)
	for _, problem := range want {
		field, _, _ := strings.Cut(problem, ": ")
		wantProblem(t, "in a file", f, field, found)
	}
}
