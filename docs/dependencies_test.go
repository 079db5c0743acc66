package docs_test

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheImageIsMadeOfAllItNeeds: what the binary is built from of ours is let into
// the image's build.
func TestTheImageIsMadeOfAllItNeeds(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if .Main}}{{$.ImportPath}}{{end}}{{end}}", "../cmd/acquis").Output()
	if err != nil {
		t.Fatal(err)
	}
	let := read(t, "../.dockerignore")
	for path := range strings.FieldsSeq(string(out)) {
		folder, _, _ := strings.Cut(strings.TrimPrefix(path, "github.com/acquis-eval/acquis/"), "/")
		if !strings.Contains(let, "\n!"+folder+"\n") {
			t.Errorf(".dockerignore keeps %s out, which the binary is built from", folder)
		}
	}
}

// TestDependenciesPage: the page names every module that is linked into the
// binary, and no other.
func TestDependenciesPage(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "../cmd/acquis").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := slices.Compact(slices.Sorted(strings.FieldsSeq(string(out))))
	var named []string
	for _, row := range regexp.MustCompile(`(?m)^\| ?(`+"`[^|]*`"+`) ?\|`).FindAllStringSubmatch(read(t, "dependencies.md"), -1) {
		for _, module := range strings.Split(row[1], ", ") {
			named = append(named, strings.Trim(module, "`"))
		}
	}
	slices.Sort(named)
	for _, module := range linked {
		if !slices.Contains(named, module) {
			t.Errorf("dependencies.md does not name %s, which is linked into the binary", module)
		}
	}
	for _, module := range named {
		if !slices.Contains(linked, module) {
			t.Errorf("dependencies.md names %s, which is not linked into the binary", module)
		}
	}
}
