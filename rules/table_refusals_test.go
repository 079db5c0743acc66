package rules

import (
	"os"
	"strings"
	"testing"
)

// TestRefusalsAreDocumented: docs/rules.md and the contract say of each refusal what
// the service says.
func TestRefusalsAreDocumented(t *testing.T) {
	for file, row := range map[string]func(name, kind, sentence string) string{
		"../docs/rules.md": func(name, kind, sentence string) string {
			return "| `" + name + "` | " + kind + " | " + sentence + " |\n"
		},
		"../proto/acquis/v1/errors.proto": func(name, kind, sentence string) string {
			return "// " + kind + ": it " + sentence + ".\n    " + name + " = "
		},
	} {
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range refusalSentences {
			if want := row(string(r.rule), string(r.kind), r.sentence); !strings.Contains(string(page), want) {
				t.Errorf("%s does not have %q", file, want)
			}
		}
	}
}
