package rules

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/acquis-eval/acquis/rules/agreement"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var allRoles = []Role{RoleRegistrar, RoleAssessor, RoleJury, RoleDisabilityAdvisor, RoleReader, RoleAuditor, RoleAdmin}

// factWords are the facts as testdata/visibility.md names them.
var factWords = map[Fact]string{
	Always: "always", Own: "their own", Granted: "once granted", NoFile: "except for accommodations and exemptions",
	Together: "assessed together",
}

// TestVisibility compares the table with testdata/visibility.md, cell by cell:
// each field has its line, and each role sees it in the cases that its cell names
// and in no other.
func TestVisibility(t *testing.T) {
	lines := rows(t, "testdata/visibility.md", "field")
	if len(lines) != len(fields) {
		t.Errorf("%d lines for %d fields", len(lines), len(fields))
	}
	for i, f := range fields {
		at := slices.IndexFunc(lines, func(r row) bool { return r.cell("of a") == f.of && r.cell("field") == f.what })
		if at < 0 {
			t.Errorf("no line for %s: %s", f.of, f.what)
			continue
		}
		for _, role := range allRoles {
			if got, want := seenIf(Field(i), role), lines[at].cell(string(role)); got != want {
				t.Errorf("%s: %s sees %s: %s; the cell says %s", f.of, role, f.what, got, want)
			}
		}
	}
}

// seenIf says in which cases a role sees a field.
func seenIf(field Field, role Role) string {
	view := ViewOf("eve", []Role{role})
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
		one := slices.ContainsFunc(roles, func(r Role) bool { return ViewOf("eve", []Role{r}).Sees(field, facts) })
		if together := ViewOf("eve", roles).Sees(field, facts); together != one {
			t.Fatalf("together: %t, one of them: %t", together, one)
		}
		if ViewOf("eve", roles).Sees(field, Always) && !ViewOf("eve", roles).Sees(field, facts) {
			t.Fatal("an additional fact hides a field")
		}
	})
}

// blind: an assessor's view and its version are the same as if the other
// assessors had done nothing, but on criteria that they assess together.
func (s *story) blind(k *candidacyFile, grid Grid) {
	for _, assessor := range assessors {
		view := ViewOf(assessor, []Role{RoleAssessor})
		scheme := s.world.schemes[k.Revision]
		alone := Acts{Assessments: slices.DeleteFunc(slices.Clone(k.acts.Assessments), func(a Assessment) bool {
			return a.Assessor != assessor && scheme.places[a.Criterion].agreement.Kind != agreement.Joint
		})}
		seen, want := grid.Seen(view), Assess(scheme, k.Candidacy, alone).Seen(view)
		if !reflect.DeepEqual(want, seen) {
			s.Fatalf("%s sees of %s what follows from others: %s", assessor, k.ID, cmp.Diff(want, seen))
		}
		if got, want := scheme.Version(k.acts, view), scheme.Version(alone, view); got != want {
			s.Fatalf("%s could tell of %s that others did something: %d, alone %d", assessor, k.ID, got, want)
		}
	}
}

// seen looks at the grids that the last act changed: as long as the version of a
// view stays, so does what it shows; and looking changes nothing.
func (s *story) seen(before snapshot) {
	for i, k := range s.world.candidacies[:len(before.candidacies)] {
		version := s.world.schemes[k.Revision].Version
		if version(k.acts, ViewOf("", allRoles)) == version(before.acts[i], ViewOf("", allRoles)) {
			continue
		}
		grid := s.world.caseOf(k.ID).Grid()
		s.blind(k, grid)
		for _, role := range allRoles {
			view := ViewOf(assessors[0], []Role{role})
			if version(before.acts[i], view) != version(k.acts, view) {
				continue
			}
			if was, is := before.grids[i].Seen(view), grid.Seen(view); !reflect.DeepEqual(was, is) {
				s.Fatalf("%s changed what %s sees of %s, but its version is the same: %s", s.last, role, k.ID, cmp.Diff(was, is))
			}
		}
		if again := s.world.caseOf(k.ID).Grid(); !reflect.DeepEqual(again, grid) {
			s.Fatalf("looking at a grid changed it: %s", cmp.Diff(again, grid))
		}
	}
}
