package visibility

import "slices"

// Role is what a caller may do, by its name in the API.
type Role string

// The roles.
const (
	RoleAdmin             Role = "ADMIN"
	RoleRegistrar         Role = "REGISTRAR"
	RoleAssessor          Role = "ASSESSOR"
	RoleJury              Role = "JURY"
	RoleDisabilityAdvisor Role = "DISABILITY_ADVISOR"
	RoleReader            Role = "READER"
	RoleAuditor           Role = "AUDITOR"
)

// An Exclusion is a role that no member of a jury may have, and why.
type Exclusion struct {
	Role    Role
	Because string
}

// offTheJury lists the roles that exclude RoleJury.
var offTheJury = [...]Exclusion{
	{RoleAdmin, "somebody who creates keys could put together a jury alone"},
	{RoleRegistrar, "somebody who enrols candidates and appoints the jury does not decide on them"},
	{RoleDisabilityAdvisor, "somebody who advises on an exemption does not decide on it"},
}

// ExcludesJury tells whether no member of a jury may have the role.
func (r Role) ExcludesJury() bool {
	return slices.ContainsFunc(offTheJury[:], func(e Exclusion) bool { return e.Role == r })
}

// Excluded returns the first two roles of one subject, over all its keys and
// tokens, that exclude each other, and why; nil if none do.
func Excluded(roles []Role) *Exclusion {
	if !slices.Contains(roles, RoleJury) {
		return nil
	}
	for _, e := range offTheJury {
		if slices.Contains(roles, e.Role) {
			return &e
		}
	}
	return nil
}
