package referentiel

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
	"google.golang.org/protobuf/reflect/protoreflect"
)

var update = flag.Bool("update", false, "write data/referentiel.schema.json from the descriptors")

// A form is what the API cannot say of a field, because the field is not there or has
// another form.
type form struct {
	pattern  string
	required bool
	says     string
}

func forms() map[protoreflect.FullName]form {
	shapes := newShapes()
	return map[protoreflect.FullName]form{
		"acquis.store.v1.Referentiel.id": {shapes.id.String(), true,
			"Short name for programs: 1–63 of a–z, 0–9 and hyphens. It never changes, and the file is named after it."},
		"acquis.store.v1.Replacement.referentiel": {shapes.id.String(), true,
			"Id of the other référentiel."},
		"acquis.store.v1.Replacement.revision": {"^(" + strings.Trim(shapes.revision.String(), "^$") + ")?$", false,
			"Its revision, 32 characters; if left out, every revision. Required if the référentiel is this one."},
		"acquis.store.v1.Replacement.Held.referentiel": {shapes.id.String(), true, "Id of its référentiel."},
		"acquis.store.v1.Replacement.Held.revision": {"^(" + strings.Trim(shapes.revision.String(), "^$") + ")?$", false,
			"Its revision, 32 characters; if left out, every revision. Required if the référentiel is this one."},
	}
}

// required tells whether an author must write a key: its limits allow no empty value.
func required(p spot) bool {
	if p.of == nil {
		return forms()[p.field.FullName()].required
	}
	rules := p.limits()
	text := rules.GetString()
	return rules.GetRequired() || text.GetMinLen() > 0 || rules.GetRepeated().GetMinItems() > 0 ||
		slices.Contains(rules.GetEnum().GetNotIn(), 0) || text.GetPattern() != "" && !matches(text.GetPattern(), "")
}

// TestSchema: the schema is what the descriptors and their limits say. With -update it
// is written.
func TestSchema(t *testing.T) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(newSchemaWriter(t).schema()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("data/referentiel.schema.json", text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(text.String(), Schema()); diff != "" {
		t.Errorf("run this test with -update:\n-want +got:\n%s", diff)
	}
}

// schemaWriter makes a schema of messages. What it says of a field is what the API's
// document says.
type schemaWriter struct {
	t     *testing.T
	defs  map[string]any
	forms map[protoreflect.FullName]form
	api   map[string]struct {
		Description string
		Properties  map[string]struct{ Description string }
	}
}

func newSchemaWriter(t *testing.T) *schemaWriter {
	t.Helper()
	text, err := os.ReadFile("../gen/openapi/acquis.swagger.json")
	if err != nil {
		t.Fatal(err)
	}
	w := &schemaWriter{t: t, defs: make(map[string]any), forms: forms()}
	if err := json.Unmarshal(text, &struct{ Definitions any }{&w.api}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *schemaWriter) schema() map[string]any {
	s := w.group(new(storepb.Referentiel).ProtoReflect().Descriptor(), apiReferentiel())
	s["$schema"], s["$defs"] = "https://json-schema.org/draft/2020-12/schema", w.defs
	s["title"] = "Référentiel d'Acquis"
	for name := range w.forms {
		w.t.Errorf("the API has limits of %s, or it is gone: remove its form", name)
	}
	return s
}

// group is the schema of a message, with those of the messages in it among the
// definitions.
func (w *schemaWriter) group(m, api protoreflect.MessageDescriptor) map[string]any {
	properties, needed := make(map[string]any), []string{}
	for i := range m.Fields().Len() {
		p := spot{field: m.Fields().Get(i), of: api.Fields().ByName(m.Fields().Get(i).Name())}
		s := w.spot(p)
		s["description"] = w.says(p)
		properties[string(p.field.Name())] = s
		if required(p) {
			needed = append(needed, string(p.field.Name()))
		}
		delete(w.forms, p.field.FullName())
	}
	s := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(needed) > 0 {
		s["required"] = needed
	}
	if m.Name() == "Section" { // the one rule about two fields that the descriptors do not say
		s["anyOf"] = []any{map[string]any{"required": []string{"title"}}, map[string]any{"required": []string{"paragraphs"}}}
	}
	return s
}

// spot is the schema of a value.
func (w *schemaWriter) spot(p spot) map[string]any {
	limits := p.limits()
	switch {
	case p.isList():
		item := p
		item.isItem = true
		s := map[string]any{"type": "array", "items": w.spot(item), "maxItems": limits.GetRepeated().GetMaxItems()}
		if fewest := limits.GetRepeated().GetMinItems(); fewest > 0 {
			s["minItems"] = fewest
		}
		return s
	case p.isGroup():
		name := strings.TrimPrefix(string(p.field.Message().FullName()), "acquis.store.v1.")
		if _, ok := w.defs[name]; !ok {
			w.defs[name] = w.group(p.field.Message(), p.of.Message())
		}
		return map[string]any{"$ref": "#/$defs/" + name}
	case p.isText():
		return w.text(p)
	case isBool(p):
		return map[string]any{"type": "boolean"}
	case isEnum(p):
		return map[string]any{"type": "string", "enum": namesOf(p.field.Enum().Values())}
	default:
		numbers := limits.GetInt32()
		return map[string]any{"type": "integer", "minimum": numbers.GetGte(), "maximum": numbers.GetLte()}
	}
}

// text is the schema of a text: its length and that it is one line, or its pattern.
func (w *schemaWriter) text(p spot) map[string]any {
	pattern := p.limits().GetString().GetPattern()
	switch {
	case p.of == nil:
		pattern = w.forms[p.field.FullName()].pattern
	case longest(p) > 0 && (p.isItem || required(p)):
		return map[string]any{"type": "string", "maxLength": longest(p), "pattern": `^\S(.*\S)?$`}
	case longest(p) > 0:
		return map[string]any{"type": "string", "maxLength": longest(p), "pattern": `^(\S(.*\S)?)?$`}
	}
	if pattern == "^[A-Za-z0-9.-]{1,32}$" { // the checker knows better where a code begins and ends
		pattern = newShapes().code.String()
	}
	if pattern == "" {
		w.t.Errorf("%s has no limit in the API: give it one, or a form", p.field.FullName())
	}
	return map[string]any{"type": "string", "pattern": pattern}
}

// says is what an editor shows of a key.
func (w *schemaWriter) says(p spot) string {
	if p.of == nil {
		return w.forms[p.field.FullName()].says
	}
	message := string(p.of.ContainingMessage().FullName())
	definition, ok := w.api[message]
	if !ok {
		definition = w.api[strings.TrimPrefix(message, "acquis.v1.")]
	}
	text := definition.Properties[p.of.JSONName()].Description
	if text == "" {
		w.t.Errorf("the API's document says nothing of %s", p.of.FullName())
	}
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), " Empty in lists.", "") // of the API
}

func compiledSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	tree, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", tree); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// schemaProblem is what an editor would show of a file because of the schema; nil if
// nothing, as of a file that is not YAML, which its parser reports.
func schemaProblem(schema *jsonschema.Schema, text string) error {
	if tree, ok := treeOf(text); ok {
		return schema.Validate(tree)
	}
	return nil
}

func treeOf(text string) (tree any, isYAML bool) {
	err := yaml.Load([]byte(text), &tree)
	return tree, err == nil
}

// beyondSchema are the cases of the checker's tables that a schema cannot refuse, and
// why.
func beyondSchema() map[string]string {
	const elsewhere = "it depends on what else the file has"
	const computed = "patterns do not compute"
	return map[string]string{
		"RNCP number without letters":                         elsewhere,
		"RNCP number in the RS":                               elsewhere,
		"levels in the RS":                                    elsewhere,
		"code twice":                                          elsewhere,
		"days in the wrong order":                             elsewhere,
		"a day that does not exist":                           computed,
		"SIRET with a wrong digit":                            computed,
		"SIRET with two swapped digits":                       computed,
		"SIRET of La Poste with a wrong digit":                computed,
		"no method":                                           elsewhere,
		"no criterion":                                        elsewhere,
		"no competence":                                       elsewhere,
		"bloc code twice":                                     elsewhere,
		"activity code twice, in two blocs":                   elsewhere,
		"competence code twice, in two blocs":                 elsewhere,
		"criterion code of another place":                     elsewhere,
		"criterion code with a zero":                          elsewhere,
		"gate without a condition":                            elsewhere,
		"gate beside a threshold":                             elsewhere,
		"unknown scale":                                       elsewhere,
		"replaces itself":                                     elsewhere,
		"replaces twice":                                      elsewhere,
		"statement ends in a no-break space":                  unicodeKnows,
		"statement not in NFC":                                unicodeKnows,
		"statement that reads backwards":                      unicodeKnows,
		"statement with a byte order mark":                    unicodeKnows,
		"statement not UTF-8":                                 unicodeKnows,
		"award: what there is not":                            elsewhere,
		"award: in two places":                                elsewhere,
		"award: in an option too":                             elsewhere,
		"award: two options, one code":                        elsewhere,
		"award: neither number":                               elsewhere,
		"award: more than there are":                          elsewhere,
		"award: no credits":                                   elsewhere,
		"award: a requirement of an option that there is not": elsewhere,
		"award: a requirement with the code of a bloc":        elsewhere,
		"award: a proof with a method":                        elsewhere,
		"award: an épreuve without criteria":                  elsewhere,
		"weights that are not 100":                            elsewhere,
		"no weights":                                          elsewhere,
		"a weight of a quality that is not declared":          elsewhere,
		"two weights of a quality":                            elsewhere,
		"a gap of what has none":                              elsewhere,
		"a gap larger than the scale":                         elsewhere,
		"a gap larger than the marks":                         elsewhere,
		"a third reading without a gap":                       elsewhere,
		"a third reading of an unknown quality":               elsewhere,
		"weights of what has none":                            elsewhere,
		"together, but one is enough":                         elsewhere,
		"together, but one is enough for an épreuve":          elsewhere,
		"a quality twice":                                     elsewhere,
		"parity of one":                                       elsewhere,
		"a college twice":                                     elsewhere,
		"a casting vote of no chair":                          elsewhere,
		"a gap below 0":                                       "points of a scale may be below 0, and have the same pattern",
		"validity of years and months":                        elsewhere,
		"validity without a period":                           elsewhere,
		"validity that has an end and none":                   elsewhere,
		"replaces the same bloc twice together":               elsewhere,
		"replaces the same blocs in another order":            elsewhere,
		"replaces itself together with another":               elsewhere,
	}
}

// inSchema wants the schema to refuse what the checker refuses, or a reason why it
// cannot.
func inSchema(t *testing.T, schema *jsonschema.Schema, name string, r *storepb.Referentiel) {
	t.Helper()
	refused := schemaProblem(schema, fileOf(r, nil).text.String()) != nil
	if why := beyondSchema()[name]; refused == (why != "") {
		t.Errorf("the schema refuses it: %t; beyondSchema: %q", refused, why)
	}
}

// TestSchemaAccepts: the schema refuses no file that passes the checker.
func TestSchemaAccepts(t *testing.T) {
	schema := compiledSchema(t)
	readme, err := os.ReadFile("data/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(readme), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	marketing, err := os.ReadFile("data/marketing.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"README.md": example, "marketing.yaml": string(marketing), "small": smallFile}
	for name, change := range oddities() {
		r := small()
		change(r)
		files[name] = fileOf(r, nil).text.String()
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := schemaProblem(schema, files[name]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each limit may be reached.
func TestSchemaAtItsLimits(t *testing.T) {
	r, schema := filled(), compiledSchema(t)
	for _, p := range spots(r.ProtoReflect(), apiReferentiel(), "") {
		var values []string
		switch {
		case isNumber(p):
			values = []string{scalarText(protoreflect.ValueOfInt32(p.limits().GetInt32().GetGte()), p.field), scalarText(protoreflect.ValueOfInt32(p.limits().GetInt32().GetLte()), p.field)}
		case isLine(p):
			values = []string{"a", strings.Repeat("é", longest(p))}
		}
		for _, value := range values {
			if err := schemaProblem(schema, fileOf(r, map[string]string{p.path: value}).text.String()); err != nil {
				t.Errorf("%s: %.20s: %v", p.path, value, err)
			}
		}
	}
}
