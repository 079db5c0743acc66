package rules

import (
	"reflect"
	"slices"

	"github.com/acquis-eval/acquis/rules/agreement"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/google/go-cmp/cmp"
)

var allRoles = []visibility.Role{
	visibility.RoleRegistrar, visibility.RoleAssessor, visibility.RoleJury, visibility.RoleDisabilityAdvisor,
	visibility.RoleReader, visibility.RoleAuditor, visibility.RoleAdmin,
}

// blind: an assessor's view and its version are the same as if the other
// assessors had done nothing, but on criteria that they assess together.
func (s *story) blind(k *candidacyFile, grid Grid) {
	for _, assessor := range assessors {
		view := visibility.Of(assessor, []visibility.Role{visibility.RoleAssessor})
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
		if version(k.acts, visibility.Of("", allRoles)) == version(before.acts[i], visibility.Of("", allRoles)) {
			continue
		}
		grid := s.world.caseOf(k.ID).Grid()
		s.blind(k, grid)
		for _, role := range allRoles {
			view := visibility.Of(assessors[0], []visibility.Role{role})
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
