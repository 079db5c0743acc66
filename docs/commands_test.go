package docs_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A house is what runs commands: the Makefile and the scripts that .ci/run leads to.
type house struct {
	ci      string              // the text of .ci/run
	recipes map[string][]string // of each target of the Makefile
	scripts map[string]string   // text of each script that .ci/run runs, by its path
	typed   []string            // blocks of the pages that are run
}

func readHouse(t *testing.T) house {
	t.Helper()
	h := house{ci: read(t, "../.ci/run"), recipes: map[string][]string{}, scripts: map[string]string{}}
	target := ""
	for line := range strings.Lines(read(t, "../Makefile")) {
		if name := regexp.MustCompile(`^([a-z.-]+):`).FindStringSubmatch(line); name != nil {
			target = name[1]
			if target != ".PHONY" {
				h.recipes[target] = nil
			}
		} else if command, ok := strings.CutPrefix(line, "\t"); ok {
			h.recipes[target] = append(h.recipes[target], strings.TrimSpace(command))
		}
	}
	for target, recipe := range h.recipes {
		if len(recipe) == 1 && strings.HasPrefix(recipe[0], ".ci/") && h.inCI("make "+target) {
			h.scripts[recipe[0]] = read(t, "../"+recipe[0])
		}
	}
	return h
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var stepName = regexp.MustCompile(`^\s*(step "[^"]*" )?`)

// inCI tells whether .ci/run runs the command, as a step or within one.
func (h house) inCI(command string) bool {
	for line := range strings.Lines(h.ci) {
		line = strings.TrimSpace(stepName.ReplaceAllString(line, ""))
		if line == command || strings.HasPrefix(line, command+" ") {
			return true
		}
	}
	return false
}

// said tells whether a script or a block that is run gives the command, word by word.
func (h house) said(command string) bool {
	says := func(text string) bool { return strings.Contains(text, command) }
	return slices.ContainsFunc(slices.Collect(maps.Values(h.scripts)), says) || slices.ContainsFunc(h.typed, says)
}

// runsBlock tells whether something runs the page's blocks that begin with that word.
func (h house) runsBlock(page, word string) bool {
	call := regexp.MustCompile(`\.ci/blocks (\S+\.md)((?: [a-z0-9]+)*)`)
	for _, text := range h.scripts {
		for _, c := range call.FindAllStringSubmatch(text, -1) {
			words := strings.Fields(c[2])
			if c[1] == page && (len(words) == 0 || slices.Contains(words, word)) {
				return true
			}
		}
	}
	return false
}

// pages are those that tell their readers to type something.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		found[i] = "docs/" + found[i]
	}
	return append(found, "README.md", "CONTRIBUTING.md", "rules/testdata/README.md", "referentiel/data/README.md", "referentiel/examples/README.md")
}

var (
	fenced  = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	inline  = regexp.MustCompile("`([^`\n]+)`|(?m)^    (\\S.*)$")
	command = regexp.MustCompile(`^((make|go|acquis|docker|curl|grpcurl|npm|npx|buf|git|node|python3|protoc) \S|\.ci/|make$)`)
)

// TestEveryCommandIsRun: whatever a page gives to be typed, something that .ci/run
// runs has typed it.
func TestEveryCommandIsRun(t *testing.T) {
	h := readHouse(t)
	for _, page := range pages(t) {
		for _, block := range fenced.FindAllStringSubmatch(read(t, "../"+page), -1) {
			switch first := strings.Fields(block[2])[0]; {
			case block[1] == "sh" && h.runsBlock(page, first):
				h.typed = append(h.typed, block[2])
			case block[1] == "sh":
				t.Errorf("%s: nothing runs this block:\n%s", page, block[2])
			case command.MatchString(strings.TrimSpace(block[2])):
				t.Errorf("%s: a command in a block that is not sh, so that nothing runs it:\n%s", page, block[2])
			}
		}
	}
	others := 0
	for _, page := range pages(t) {
		for _, found := range inline.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, "../"+page), ""), -1) {
			if typed := found[1] + found[2]; command.MatchString(typed) {
				others++
				if why := h.lacks(typed); why != "" {
					t.Errorf("%s: %s: %s", page, typed, why)
				}
			}
		}
	}
	t.Logf("%d blocks, %d commands in text", len(h.typed), others)
	if len(h.typed) < 35 || others < 20 {
		t.Error("these are too few: does the test still find them?")
	}
	for target, recipe := range h.recipes {
		if !h.runsTarget(target, recipe) {
			t.Errorf("nothing runs make %s", target)
		}
	}
}

// lacks says why a command that stands in a text is not run; "" if it is.
func (h house) lacks(typed string) string {
	target, isMake := strings.CutPrefix(typed, "make ")
	recipe, exists := h.recipes[target]
	_, isScript := h.scripts[typed]
	switch {
	case isMake && !exists:
		return "the Makefile has no such target"
	case isMake && h.runsTarget(target, recipe), isScript, typed == ".ci/run", h.said(typed):
		return ""
	case typed == "buf breaking" && h.inCI("$BUF breaking --against"): // against what, only the script knows
		return ""
	}
	return "no script that .ci/run runs says so"
}

// runsTarget tells whether the target is run: by its name, or because its recipe is
// one command that is run as such. make alone runs help.
func (h house) runsTarget(target string, recipe []string) bool {
	return h.inCI("make "+target) || h.said("make "+target) || target == "help" && h.said("'make'") ||
		len(recipe) == 1 && (recipe[0] == ".ci/run" || h.said(recipe[0]+"\n"))
}

// TestGoOfTheImage: the Dockerfile builds with the Go of go.mod.
func TestGoOfTheImage(t *testing.T) {
	want := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))[1]
	if !strings.Contains(read(t, "../Dockerfile"), "FROM golang:"+want+" AS build\n") {
		t.Errorf("the Dockerfile does not build with Go %s", want)
	}
}
