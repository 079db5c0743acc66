package referentiel

import (
	"slices"
	"testing"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	"google.golang.org/protobuf/proto"
)

// Parse returns for any file; a file that it accepts passes the checker and the schema,
// compiles, and has the same id before and after it is stored.
func FuzzParse(f *testing.F) {
	f.Add([]byte(smallFile))
	f.Add([]byte(fileOf(filled(), nil).text.String())) // every key that there is
	marketing, err := data.ReadFile("data/marketing.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(marketing)
	for _, s := range []string{"", "~", "- a", "a: &a [*a]", "id: \xff", "--- a\n--- b", "blocs: [{}]", "? [a]\n: b", "id: !x y", "%YAML 1.2\n---\nid: a", "rules: {min_assessors: 0x10}"} {
		f.Add([]byte(s))
	}
	schema := compiledSchema(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := Parse("f.yaml", file)
		if err != nil {
			if r != nil {
				t.Error("a référentiel was returned with an error")
			}
			return
		}
		if problems := Check(r); len(problems) > 0 {
			t.Errorf("parsed, but does not pass: %v", Problems(problems))
		}
		if err := schemaProblem(schema, string(file)); err != nil {
			t.Errorf("parsed, but editors underline it: %v", err)
		}
		if _, err := Compile(r); err != nil {
			t.Errorf("parsed, but does not compile: %v", err)
		}
		stored, err := proto.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		back := new(storepb.Referentiel)
		if err := proto.Unmarshal(stored, back); err != nil {
			t.Fatal(err)
		}
		if ID(back) != ID(r) {
			t.Error("the id did not survive the store")
		}
	})
}

// Folding words twice changes nothing, so a query made of words that were found
// finds them again.
func FuzzWords(f *testing.F) {
	for _, s := range []string{"L'Œuvre à l'Été", "C1.1", "ﬁ ǅ İ ß ẞ ﷺ", "\xff\xfe", "e\u0301", "....", "Ⅻ ½ ㎏"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, word := range wordsOf(text) {
			if got := wordsOf(word); !slices.Equal(got, []string{word}) {
				t.Errorf("%q of %q folds to %q", word, text, got)
			}
		}
	})
}
