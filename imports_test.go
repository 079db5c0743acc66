package acquis_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/acquis-eval/acquis/"

// importRules say which of our own packages a package may import. Arrows point
// inward, so that what decides knows nothing of what serves.
var importRules = []struct {
	prefix  string // the longest that fits a package counts
	allowed []string
	because string
}{
	{"rules", []string{"rules/exact", "rules/agreement", "rules/registration", "rules/visibility", "rules/gate", "rules/words", "rules/calendar"}, "whoever holds the records recomputes a decision with nothing but this package and those below it"},
	{"rules/exact", nil, "it is arithmetic"},
	{"rules/agreement", []string{"rules/exact"}, "it is arithmetic on what assessors find"},
	{"rules/registration", nil, "what follows from a registration hangs on its days and its register only"},
	{"rules/words", []string{"rules/calendar"}, "names and sentences of reasons and refusals are the same whatever decides"},
	{"rules/gate", []string{"rules/exact"}, "it is arithmetic on what children bring, whatever they and their parent are"},
	{"rules/visibility", nil, "who sees what is one table, of whatever object"},
	{"rules/calendar", nil, "it counts days, whatever they are of"},
	{"rules/retention", []string{"rules/calendar"}, "what may be erased hangs on periods, holds and whether a person is live, and on nothing that was decided"},
	{"legible", nil, "what people can read is the same for the API, files and flags"},
	{"referentiel", []string{"rules", "legible", "gen/acquis/store"}, "it compiles stored référentiels for the rules, and knows no store"},
	{"referentiel/examples", []string{"referentiel", "gen/acquis/store", "gen/acquis/v1"}, "it plays cases as any client does, over the contract alone"},
	{"casefile", []string{"gen", "rules", "referentiel"}, "server and verifier read records the same way, whatever engine held them"},
	{"store", []string{"gen/acquis/store"}, "records are bytes and private messages to it: neither rules nor API"},
	{"store/bolt", []string{"store", "gen/acquis/store"}, "engines are unaware of each other"},
	{"store/memstore", []string{"store"}, "engines are unaware of each other"},
	{"store/storetest", []string{"store", "gen/acquis/store"}, "the suite must fit every engine"},
	{"verify", []string{"gen", "rules", "referentiel", "casefile", "store", "checkpoint"}, "it reads what any engine stored, and decides again by the same rules as the server, which it never asks"},
	{"backup", []string{"store"}, "it copies what any engine holds, and reads what a backup says of itself, whatever made it"},
	{"checkpoint", nil, "whoever signs, checks or compares checkpoints reads them the same way"},
	{"notary", []string{"gen/acquis/store", "store", "checkpoint"}, "it signs a journal, whatever is written there"},
	{"credential", []string{"gen/acquis/v1"}, "what it makes is checked outside, by who has no store"},
	{"server", []string{"gen/openapi", "rules", "store", "backup", "notary", "credential", "server"}, "it puts the rooms together over any engine, and never names one"},
	{"server/services", []string{"gen", "rules", "referentiel", "casefile", "store", "backup", "notary", "credential", "server/apierr", "server/authn", "server/cache", "server/call", "server/contract", "server/filter", "server/show"}, "what calls do hangs on neither how they came nor which engine holds the records"},
	{"server/show", []string{"gen/acquis/v1", "rules"}, "it shows what it is given: who may see it, and where it comes from, is decided before"},
	{"server/apierr", []string{"gen/acquis/v1", "rules", "store"}, "an error that callers see is made here, whoever finds it: it knows nobody above it"},
	{"server/call", []string{"gen/acquis/v1", "proto/answers", "store"}, "transport, authentication and services share what it says of a call, so it knows none of them"},
	{"server/contract", []string{"gen/acquis/v1", "legible", "server/apierr", "server/call"}, "it reads descriptors, and nothing that is stored"},
	{"server/filter", nil, "it reads texts of callers, whatever the resources are"},
	{"server/cache", []string{"store"}, "it keeps what was read of any kind, whatever it means"},
	{"server/authn", []string{"gen", "rules", "store", "server/apierr", "server/cache", "server/call"}, "who calls is found out the same way, however the call came"},
	{"server/transport", []string{"gen", "proto/answers", "store", "server/apierr", "server/authn", "server/call", "server/contract", "server/admission", "server/listen"}, "it lets calls in and knows no service: what they do is not its concern"},
	{"server/listen", nil, "connections are bounded before anything is known of what they ask for"},
	{"server/admission", nil, "who is served when there is too much hangs on who calls and how often, never on what for"},
	{"gen", []string{"gen", "proto/answers"}, "generated code depends on generated code, and on what writes an answer's values"},
	{"proto", []string{"gen"}, "the contract is checked over its own descriptors"},
	{"proto/answers", nil, "generated code calls it, so it knows no message of ours; what generates that reads descriptors only"},
	{"docs", []string{""}, "checks that pages are true may look at everything"},
	{"cmd", []string{""}, "the wiring sees everything"},
	{"systemtest", []string{""}, "it tests the whole"},
	{"systemtest/world", []string{""}, "it starts the whole for tests, which alone import it"},
	{"systemtest/rig", []string{""}, "it starts the whole in a process of its own, for tests, which alone import it"},
	{"systemtest/attack", nil, "it attacks the binary that is shipped, by the doors that everybody has"},
	{"systemtest/mutants", nil, "it changes the code and has the go command test it, and calls none of it"},
	{"systemtest/model", nil, "what a second implementation shared with the first could be wrong in both and seem right"},
}

// boltRules say which files may name the engine that is shipped. All others go by
// store.Engine, and tests of packages open stores in memory.
var boltRules = []struct{ files, because string }{
	{"cmd/acquis/main.go", "the wiring says which engine keeps the stores"},
	{"cmd/acquis/engine_test.go", "its commands are tested on what they are wired with, and on its file"},
	{"systemtest/world/engine.go", "a whole server is tested on the engine that it is shipped with, and on its file"},
	{"bench/*.go", "figures are of the engine that is shipped"},
}

type goPackage struct {
	ImportPath, Dir string
	GoFiles         []string
	Imports         []string
}

// A package that grows beyond this has become two. The handlers of one API share
// too much to be told apart by noun.
const (
	mostFiles, mostLines = 25, 4000
	mostFilesOfServices  = 40
)

// TestPackagesAreSmall bounds the production code of each package, in files and
// lines.
func TestPackagesAreSmall(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if within(name, "gen") {
			continue
		}
		lines := 0
		for _, file := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			lines += bytes.Count(text, []byte("\n"))
		}
		switch files := len(p.GoFiles); {
		case name == "server/services" && files > mostFilesOfServices:
			t.Errorf("%s has %d files, more than %d", name, files, mostFilesOfServices)
		case name != "server/services" && (files > mostFiles || lines > mostLines):
			t.Errorf("%s has %d files and %d lines: more than %d or %d", name, files, lines, mostFiles, mostLines)
		}
	}
}

// forTests are packages that only tests import.
var forTests = []string{"store/storetest", "systemtest/world", "systemtest/rig"}

// TestImportsPointInward reads the imports of production code from the go command.
// A rule that no package goes by any more is as wrong as a package without rule.
func TestImportsPointInward(t *testing.T) {
	used := make(map[int]bool)
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if name == p.ImportPath {
			continue // the root, which holds this test only
		}
		rule := ruleOf(name)
		if rule < 0 {
			t.Errorf("%s: no rule says what it may import: add one, with its reason", name)
			continue
		}
		used[rule] = true
		checkImports(t, name, p.Imports, rule)
	}
	for i, r := range importRules {
		if !used[i] {
			t.Errorf("no package goes by the rule of %s", r.prefix)
		}
	}
}

// TestWhoNamesAnEngine reads the imports of every file, tests included.
func TestWhoNamesAnEngine(t *testing.T) {
	used := make(map[string]bool)
	for name, imports := range files(t) {
		for _, path := range imports {
			switch own := strings.TrimPrefix(path, module); {
			case own == "store/memstore" && !strings.HasSuffix(name, "_test.go"):
				t.Errorf("%s imports %s, which is for tests", name, own)
			case own == "store/bolt":
				rule := boltRule(name)
				used[rule] = true
				if rule == "" {
					t.Errorf("%s imports %s: let it go by store.Engine, or open a store in memory", name, own)
				}
			}
		}
	}
	for _, r := range boltRules {
		if !used[r.files] {
			t.Errorf("no file goes by the rule of %s", r.files)
		}
	}
}

func boltRule(name string) string {
	for _, r := range boltRules {
		if ok, _ := filepath.Match(r.files, name); ok {
			return r.files
		}
	}
	return ""
}

// files returns what every Go file of the repository imports.
func files(t *testing.T) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all[filepath.ToSlash(name)] = append(all[filepath.ToSlash(name)], path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// ruleOf finds the rule that a package goes by, -1 where there is none.
func ruleOf(name string) int {
	rule := -1
	for i, r := range importRules {
		if within(name, r.prefix) && (rule < 0 || len(r.prefix) > len(importRules[rule].prefix)) {
			rule = i
		}
	}
	return rule
}

func checkImports(t *testing.T, name string, imports []string, rule int) {
	t.Helper()
	r := importRules[rule]
	for _, path := range imports {
		if path == "testing" && !slices.Contains(forTests, r.prefix) {
			t.Errorf("%s imports testing: production code must not", name)
		}
		own, ok := strings.CutPrefix(path, module)
		if within(r.prefix, "rules") && !ok && strings.Contains(path, ".") {
			t.Errorf("%s imports %s: of others only the standard library, since %s", name, path, r.because)
		} else if ok && !allowed(own, r.allowed) {
			t.Errorf("%s imports %s, which it must not, since %s", name, own, r.because)
		}
	}
}

// allowed takes a name of the list for the package and all below it; but "store"
// for the package alone, since engines lie below it, and "" for any.
func allowed(path string, list []string) bool {
	for _, a := range list {
		if a == "" || path == a || a != "store" && within(path, a) {
			return true
		}
	}
	return false
}

func within(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}
