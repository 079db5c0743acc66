package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestNamedCodeExists: the files, functions and types that the pages about the code
// name are there.
func TestNamedCodeExists(t *testing.T) {
	files, words := code(t)
	name := regexp.MustCompile(`^[A-Za-z]\w*(\.[A-Za-z]\w*)*$`)
	named := 0
	for _, page := range []string{"architecture.md", "invariants.md"} {
		for _, found := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(read(t, page), -1) {
			text := found[1]
			switch {
			case strings.HasSuffix(text, ".go"):
				named++
				if !slices.ContainsFunc(files, func(f string) bool { return strings.HasSuffix(f, "/"+text) }) {
					t.Errorf("%s names the file %s, which does not exist", page, text)
				}
			case name.MatchString(text):
				named++
				last := text[strings.LastIndex(text, ".")+1:]
				if !words[last] {
					t.Errorf("%s names %s, which no code has", page, text)
				}
			case strings.Contains(text, "/") && !strings.Contains(text, " "):
				if _, err := os.Stat(filepath.Join("..", text)); err != nil {
					t.Errorf("%s names the folder %s, which does not exist", page, text)
				}
			}
		}
	}
	if named < 100 {
		t.Errorf("only %d names: does this test still find them?", named)
	}
}

// code returns the files of the tree, and the words of its Go and proto files.
func code(t *testing.T) (files []string, words map[string]bool) {
	t.Helper()
	words = make(map[string]bool)
	word := regexp.MustCompile(`\w+`)
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			words[entry.Name()] = true // a package
			if entry.Name() == ".git" || entry.Name() == "gen" {
				return filepath.SkipDir
			}
			return nil
		}
		files = append(files, filepath.ToSlash(path))
		if ext := filepath.Ext(path); ext != ".go" && ext != ".proto" {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, w := range word.FindAllString(string(text), -1) {
			words[w] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, words
}

// TestErrorsPage: rules.md says of each error what the contract says.
func TestErrorsPage(t *testing.T) {
	page, compared := read(t, "rules.md"), 0
	var comment []string
	for line := range strings.Lines(read(t, "../proto/acquis/v1/errors.proto")) {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, "// "); ok {
			comment = append(comment, text)
			continue
		}
		reason, _, isValue := strings.Cut(line, " = ")
		says := strings.Join(comment, " ")
		comment = nil
		if row := "\n| `" + reason + "` | "; isValue && strings.Contains(page[strings.Index(page, "## Other errors"):], row) {
			compared++
			if !strings.Contains(page, row+says+" |\n") {
				t.Errorf("rules.md does not say of %s what the contract says: %s", reason, says)
			}
		}
	}
	if compared < 40 {
		t.Errorf("only %d errors are compared", compared)
	}
}
