package requests

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	openapi2 "github.com/google/gnostic-models/openapiv2"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// A document is the OpenAPI document of a service, as its users read it:
// operations, and the schemas of requests and answers.
type document struct {
	raw         string
	definitions map[string]any
	operations  []*operation
	failure     *jsonschema.Schema // of every answer that is not 200
}

// An operation is one method on one path.
type operation struct {
	id, method, path string
	pattern          *regexp.Regexp // of paths, with its parameters as groups
	parameters       []parameter    // in the document's order
	admitted         []string       // keys of the populated world that its roles admit
	success          *jsonschema.Schema
	documentsFailure bool
}

type parameter struct {
	name, in string
	required bool
	schema   map[string]any // of a body; otherwise the parameter itself
}

const documentURL = "acquis:openapi.json"

// readDocument reads the document of a running service and makes its schemas
// strict: a property that the document does not have is an error.
func readDocument(w *world.World) *document {
	w.T.Helper()
	a := w.REST("", "GET", "/openapi.json", "")
	if a.HTTP != http.StatusOK {
		w.T.Fatalf("/openapi.json answered %d", a.HTTP)
	}
	tree, err := jsonschema.UnmarshalJSON(strings.NewReader(a.Raw))
	world.Must(w.T, err)
	top := tree.(map[string]any)
	d := &document{raw: a.Raw, definitions: top["definitions"].(map[string]any)}
	forbidUnknown(tree)
	// Required when writing a candidate; a forgotten one has none.
	candidate := d.definitions["acquis.v1.Candidate"].(map[string]any)
	candidate["required"] = slices.DeleteFunc(candidate["required"].([]any), func(field any) bool { return field == "birthDate" })
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft4) // what OpenAPI 2.0 builds on
	compiler.AssertFormat()
	registerFormats(compiler)
	world.Must(w.T, compiler.AddResource(documentURL, tree))
	d.failure = compiler.MustCompile(documentURL + "#/definitions/rpc.Status")
	for path, item := range top["paths"].(map[string]any) {
		for method, operation := range item.(map[string]any) {
			d.operations = append(d.operations, readOperation(w, compiler, path, method, operation.(map[string]any)))
		}
	}
	slices.SortFunc(d.operations, func(a, b *operation) int { return strings.Compare(a.id, b.id) })
	return d
}

func readOperation(w *world.World, compiler *jsonschema.Compiler, path, method string, o map[string]any) *operation {
	op := &operation{id: o["operationId"].(string), method: strings.ToUpper(method), path: path}
	pattern := regexp.QuoteMeta(path)
	pointer := documentURL + "#/paths/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(path) + "/" + method
	for i, p := range world.List(o, "parameters") {
		read := parameter{name: p["name"].(string), in: p["in"].(string), schema: p}
		read.required, _ = p["required"].(bool)
		switch read.in {
		case "body":
			read.schema = p["schema"].(map[string]any)
			compiler.MustCompile(fmt.Sprintf("%s/parameters/%d/schema", pointer, i)) // its references lead somewhere
		case "path":
			pattern = strings.ReplaceAll(pattern, regexp.QuoteMeta("{"+read.name+"}"), "("+patternOf(p)+")")
		}
		op.parameters = append(op.parameters, read)
	}
	op.pattern = regexp.MustCompile("^" + pattern + "$")
	op.admitted = admitted(w, op.id)
	op.success = compiler.MustCompile(pointer + "/responses/200/schema")
	op.documentsFailure = world.Get(o, "responses", "default", "schema", "$ref") == "#/definitions/rpc.Status"
	return op
}

// patternOf is the pattern of a parameter in a path; if the document has none,
// that of one segment.
func patternOf(p map[string]any) string {
	if pattern, ok := p["pattern"].(string); ok {
		return pattern
	}
	return "[^/]+"
}

// admitted lists the keys of the populated world that may make an operation.
func admitted(w *world.World, operationID string) (keys []string) {
	service, method, _ := strings.Cut(strings.TrimRight(operationID, "0123456789"), "_")
	for _, r := range w.Routes {
		if r.FullMethod != "/acquis.v1."+service+"/"+method {
			continue
		}
		for _, role := range r.Roles {
			keys = append(keys, holders[role]...)
		}
		if r.Public {
			keys = []string{"reader"}
		}
		return keys
	}
	w.T.Fatalf("the document has an operation %s that the contract does not have", operationID)
	return nil
}

// holders are the keys of the populated world, by role.
var holders = map[string][]string{
	"ADMIN": {"admin"}, "REGISTRAR": {"registrar"}, "ASSESSOR": {"assessor-1", "assessor-2"},
	"JURY": {"jury-1", "jury-2", "jury-3", "tied", "stranger"}, "DISABILITY_ADVISOR": {"advisor"},
	"READER": {"reader"}, "AUDITOR": {"auditor"},
}

// forbidUnknown closes every schema that lists its properties and does not mention
// others.
func forbidUnknown(node any) {
	switch node := node.(type) {
	case map[string]any:
		_, open := node["additionalProperties"]
		if _, lists := node["properties"].(map[string]any); lists && node["type"] == "object" && !open {
			node["additionalProperties"] = false
		}
		for _, child := range node {
			forbidUnknown(child)
		}
	case []any:
		for _, child := range node {
			forbidUnknown(child)
		}
	}
}

// registerFormats adds the formats of OpenAPI that JSON schema does not have. 64
// bit numbers are strings in proto3 JSON.
func registerFormats(compiler *jsonschema.Compiler) {
	for name, check := range map[string]func(string) error{
		"int32": func(s string) error { _, err := strconv.ParseInt(s, 10, 32); return err },
		"int64": func(s string) error { _, err := strconv.ParseInt(s, 10, 64); return err },
		"byte":  func(s string) error { _, err := base64.StdEncoding.DecodeString(s); return err },
	} {
		compiler.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(value any) error {
			switch value.(type) {
			case string, json.Number:
				return check(fmt.Sprint(value))
			}
			return errors.New("neither text nor a number")
		}})
	}
}

// find returns the operation that a call reaches, or nil, as a reader of the
// document would find it: by method and path.
func (d *document) find(method, path string) *operation {
	for _, op := range d.operations {
		if op.method == method && op.pattern.MatchString(path) {
			return op
		}
	}
	return nil
}

// TestOpenAPIDocument: the document is OpenAPI 2.0, has one operation for each
// REST path of the contract, and documents the errors of each.
func TestOpenAPIDocument(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	d := readDocument(w)
	if _, err := openapi2.ParseDocument([]byte(d.raw)); err != nil {
		t.Errorf("not OpenAPI 2.0: %v", err)
	}
	if len(d.operations) != len(w.Routes) {
		t.Errorf("%d operations, but the contract has %d paths", len(d.operations), len(w.Routes))
	}
	ids := make(map[string]bool)
	for _, op := range d.operations {
		if !op.documentsFailure {
			t.Errorf("%s does not document its error answer", op.id)
		}
		if ids[op.id] {
			t.Errorf("%s occurs twice", op.id)
		}
		ids[op.id] = true
		if strings.Count(op.path, "{") != op.pattern.NumSubexp() {
			t.Errorf("%s: %s has a parameter that is not described", op.id, op.path)
		}
	}
	if err := d.failure.Validate(map[string]any{"code": json.Number("5"), "mistake": "x"}); err == nil {
		t.Error("the strict schema accepts an unknown property")
	}
	t.Logf("%d operations, %d definitions", len(d.operations), len(d.definitions))
}
