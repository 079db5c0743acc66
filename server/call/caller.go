package call

import (
	"context"
	"slices"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// A Caller is the caller according to the key or token of the call, and not to
// any other header.
type Caller struct {
	KeyID    string // of a key
	Issuer   string // of a token
	Subject  string
	Roles    []acquispb.Role_Enum
	Delegate bool
	Centre   string // only its sessions and candidates exist for the caller; empty: all centres
}

// Has tells whether the caller has a role.
func (c *Caller) Has(role acquispb.Role_Enum) bool { return slices.Contains(c.Roles, role) }

// CallerOf returns the caller, as recorded by the transport. Without one it
// returns a caller without roles, who may do nothing.
func CallerOf(ctx context.Context) *Caller {
	if c := From(ctx).Caller; c != nil {
		return c
	}
	return new(Caller)
}

// With returns the caller with only those of their roles for which keep is true.
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

// Sees tells whether the caller may see a centre.
func (c *Caller) Sees(centre string) bool { return c.Centre == "" || c.Centre == centre }
