package visibility

import "testing"

// TestExcluded: JURY excludes three roles, with any other roles and in any order;
// no other two roles exclude each other.
func TestExcluded(t *testing.T) {
	all := []Role{RoleAdmin, RoleRegistrar, RoleAssessor, RoleJury, RoleDisabilityAdvisor, RoleReader, RoleAuditor}
	for _, a := range all {
		for _, b := range all {
			want := a == RoleJury && b.ExcludesJury() || b == RoleJury && a.ExcludesJury()
			for _, roles := range [][]Role{{a, b}, {"READER", a, "ASSESSOR", b, a}} {
				if e := Excluded(roles); e != nil != want || e != nil && (e.Because == "" || e.Role == RoleJury) {
					t.Errorf("%v: %v, want %t", roles, e, want)
				}
			}
		}
	}
	excluding := 0
	for _, r := range all {
		if r.ExcludesJury() {
			excluding++
		}
	}
	if excluding != 3 || Excluded(nil) != nil || Excluded([]Role{RoleJury}) != nil {
		t.Errorf("%d roles exclude JURY", excluding)
	}
}
