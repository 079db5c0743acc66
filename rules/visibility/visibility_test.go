package visibility

import (
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var allRoles = []Role{RoleRegistrar, RoleAssessor, RoleJury, RoleDisabilityAdvisor, RoleReader, RoleAuditor, RoleAdmin}

// factWords are the facts as rules/testdata/visibility.md names them.
var factWords = map[Fact]string{
	Always: "always", Own: "their own", Granted: "once granted", NoFile: "except for accommodations and exemptions",
	Together: "assessed together",
}

// TestVisibility compares the table with rules/testdata/visibility.md, cell by cell: each
// field has its line, in this order, and each role sees it in the cases that its cell names
// and in no other.
func TestVisibility(t *testing.T) {
	page, err := os.ReadFile("../testdata/visibility.md")
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]string
	for line := range strings.SplitSeq(string(page), "\n") {
		if cells := strings.Split(strings.Trim(line, "| "), " | "); strings.HasPrefix(line, "| ") {
			lines = append(lines, cells)
		}
	}
	head, lines := lines[0], lines[1:]
	if len(lines) != len(fields) || len(head) != 2+len(allRoles) {
		t.Fatalf("%d lines for %d fields, under %q", len(lines), len(fields), head)
	}
	for i, f := range fields {
		want := []string{f.of, f.what}
		for _, role := range head[2:] {
			want = append(want, seenIf(Field(i), Role(role)))
		}
		if !slices.Equal(lines[i], want) {
			t.Errorf("the page says %q, and the table %q", lines[i], want)
		}
	}
}

// seenIf says in which cases a role sees a field.
func seenIf(field Field, role Role) string {
	view := Of("eve", []Role{role})
	var cases []string
	for _, fact := range []Fact{Always, Own, Together, Granted, NoFile} {
		if view.Sees(field, fact) {
			cases = append(cases, factWords[fact])
		}
	}
	switch {
	case len(cases) == 0:
		return "–"
	case cases[0] == factWords[Always]:
		return cases[0] // it includes all others
	}
	return strings.Join(cases, ", ")
}

// TestSeveralRolesSeeTogether: a view of several roles sees what one of them does.
func TestSeveralRolesSeeTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roles := rapid.SliceOfDistinct(rapid.SampledFrom(allRoles), rapid.ID).Draw(t, "roles")
		field, facts := Field(rapid.IntRange(0, len(fields)-1).Draw(t, "field")), Fact(rapid.IntRange(0, 15).Draw(t, "facts"))
		one := slices.ContainsFunc(roles, func(r Role) bool { return Of("eve", []Role{r}).Sees(field, facts) })
		if together := Of("eve", roles).Sees(field, facts); together != one {
			t.Fatalf("together: %t, one of them: %t", together, one)
		}
		if Of("eve", roles).Sees(field, Always) && !Of("eve", roles).Sees(field, facts) {
			t.Fatal("an additional fact hides a field")
		}
	})
}
