package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/registration"
	"github.com/acquis-eval/acquis/rules/words"
)

// TestRulesPageIsComplete: rules.md names every reason, refusal and error reason,
// and no other; and every refusal is an error reason of the contract.
func TestRulesPageIsComplete(t *testing.T) {
	page, err := os.ReadFile("rules.md")
	if err != nil {
		t.Fatal(err)
	}
	named := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		named[row[1]] = false
	}
	expect := func(name string) {
		if _, ok := named[name]; !ok {
			t.Errorf("rules.md does not name %s", name)
		}
		named[name] = true
	}
	for _, r := range words.ReasonRules() {
		expect(string(r))
	}
	for _, r := range registration.Rules() {
		expect(string(r))
	}
	for _, r := range words.RefusalRules() {
		expect(string(r))
		if acquispb.ErrorReason_Enum_value[string(r)] == 0 {
			t.Errorf("the contract has no error reason %s", r)
		}
	}
	for number, name := range acquispb.ErrorReason_Enum_name {
		if number != 0 {
			expect(name)
		}
	}
	for name, exists := range named {
		if !exists {
			t.Errorf("rules.md names %s, which does not exist", name)
		}
	}
}

// TestWhoSeesWhat: the table of concepts.md is that of the rules' cases.
func TestWhoSeesWhat(t *testing.T) {
	table := func(page string) (lines []string) {
		_, rest, _ := strings.Cut(read(t, page), "\n| of a | field |")
		for line := range strings.SplitSeq(rest, "\n") {
			if len(lines) > 0 && !strings.HasPrefix(line, "|") {
				break
			}
			lines = append(lines, line)
		}
		return lines
	}
	want := table("../rules/testdata/visibility.md")
	if got := table("concepts.md"); len(want) < 10 || !slices.Equal(got, want) {
		t.Errorf("concepts.md has %d lines, other than the %d of rules/testdata/visibility.md", len(got), len(want))
	}
}

// TestNamedTestsExist: where a page says which test shows something, that test is
// there.
func TestNamedTestsExist(t *testing.T) {
	exists := make(map[string]bool)
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range declared.FindAllStringSubmatch(string(text), -1) {
			exists[found[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, page := range pages(t) {
		for _, found := range regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)`").FindAllStringSubmatch(read(t, "../"+page), -1) {
			named++
			if !exists[found[1]] {
				t.Errorf("%s names %s, which does not exist", page, found[1])
			}
		}
	}
	if named < 30 {
		t.Errorf("only %d tests are named: does this test still find them?", named)
	}
}

// headings lists the headings of a page as links name them.
func headings(t *testing.T, page string) (all []string) {
	t.Helper()
	for _, line := range regexp.MustCompile("(?m)^#+ (.*)$").FindAllStringSubmatch(read(t, page), -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(line[1]), "")
		all = append(all, "#"+strings.ReplaceAll(name, " ", "-"))
	}
	return all
}

// TestREADMENamesEveryCommand: those of the configuration page.
func TestREADMENamesEveryCommand(t *testing.T) {
	readme := read(t, "../README.md")
	commands := regexp.MustCompile("(?m)^## (acquis .*)$").FindAllStringSubmatch(read(t, "configuration.md"), -1)
	for _, command := range commands {
		if !strings.Contains(readme, "`"+command[1]+"`") {
			t.Errorf("README.md does not name %s", command[1])
		}
	}
	if len(commands) < 9 {
		t.Errorf("only %d commands were found", len(commands))
	}
}

// TestLinksLeadSomewhere: every link from one of our pages to another file, or to
// a heading, does.
func TestLinksLeadSomewhere(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"*.md", "adr/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal("no pages", pattern, err)
		}
		pages = append(pages, found...)
	}
	code := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	link := regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`)
	for _, page := range append(pages, "../README.md", "../CHANGELOG.md", "../CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range link.FindAllStringSubmatch(code.ReplaceAllString(string(text), ""), -1) {
			if strings.Contains(l[1], "://") {
				continue
			}
			target := page
			if l[1] != "" {
				target = filepath.Join(filepath.Dir(page), l[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, l[1])
			} else if l[2] != "" && !slices.Contains(headings(t, target), l[2]) {
				t.Errorf("%s links to %s%s, and there is no such heading", page, l[1], l[2])
			}
		}
	}
}

// TestFindingsExist: every row of the table of first findings in verify.md is of what
// verify prints.
func TestFindingsExist(t *testing.T) {
	files, err := filepath.Glob("../verify/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var printed strings.Builder // every string in the source, one a line
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			for _, literal := range regexp.MustCompile(`"[^"\n]+"`).FindAllString(read(t, file), -1) {
				printed.WriteString(literal + "\n")
			}
		}
	}
	_, table, _ := strings.Cut(read(t, "verify.md"), "| the first finding |")
	table, _, _ = strings.Cut(table, "\n\n")
	checked := 0
	for line := range strings.SplitSeq(table, "\n") {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		for _, row := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
			said := row[1]
			if _, problem, ok := strings.Cut(said, ": "); ok { // after the kind of the record
				said = problem
			}
			for _, part := range regexp.MustCompile(`…|\bN\b|, `).Split(said, -1) { // what varies, or is put together
				if part = strings.Trim(part, " "); part == "" {
					continue
				}
				if checked++; !strings.Contains(printed.String(), part) {
					t.Errorf("verify.md explains %q; verify prints no %q", row[1], part)
				}
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d parts were found", checked)
	}
}
