package words

import (
	"os"
	"regexp"
	"testing"
)

// TestRefusalsAreDocumented: docs/rules.md and the contract say of each refusal what
// the service says; the contract may say more.
func TestRefusalsAreDocumented(t *testing.T) {
	for file, row := range map[string]func(name, kind, sentence string) string{
		"../../docs/rules.md": func(name, kind, sentence string) string {
			return "\n\\| `" + name + "` \\| " + kind + " \\| " + sentence + " \\|\n"
		},
		"../../proto/acquis/v1/errors.proto": func(name, kind, sentence string) string {
			return "// " + kind + ": it " + sentence + `\.[^=]*\n    ` + name + " = "
		},
	} {
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range refusalSentences {
			want := row(string(r.rule), string(r.kind), regexp.QuoteMeta(r.sentence))
			if !regexp.MustCompile(want).Match(page) {
				t.Errorf("%s does not have %s", file, want)
			}
		}
	}
}
