package call

import (
	"context"
	"slices"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// A Caller is who calls: what the key or token that came with the call says, and
// nothing that the caller put into any other header.
type Caller struct {
	KeyID    string // of a key
	Issuer   string // of a token
	Subject  string
	Roles    []acquispb.Role_Enum
	Delegate bool
	Centre   string // the only one whose sessions and candidates exist for the caller; empty: all
}

// Has tells whether the caller has a role.
func (c *Caller) Has(role acquispb.Role_Enum) bool { return slices.Contains(c.Roles, role) }

// CallerOf returns who calls. Handlers run behind the door that notes it, so
// without one nothing is allowed: a caller without roles.
func CallerOf(ctx context.Context) *Caller {
	if c := From(ctx).Caller; c != nil {
		return c
	}
	return new(Caller)
}

// With returns the caller with those of their roles that keep names.
func (c *Caller) With(keep func(acquispb.Role_Enum) bool) *Caller {
	kept := *c
	kept.Roles = nil
	for _, role := range c.Roles {
		if keep(role) {
			kept.Roles = append(kept.Roles, role)
		}
	}
	return &kept
}

// Sees tells whether a centre lies within the caller's.
func (c *Caller) Sees(centre string) bool { return c.Centre == "" || c.Centre == centre }
