package authn

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/rules/visibility"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/cache"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// Roles that exclude each other (visibility.Excluded) are checked over all
// credentials of a subject. Keys are compared when one is created, in the same
// Update. Tokens are known only when they are sent, so each is compared with
// the keys of its subject. Two tokens of one subject are never compared.

// keysBySubject are the keys that name one of those roles, by their subject as folded
// writes it.
type keysBySubject = map[string][]*storepb.Key

// folded writes subjects that are one person (rules.SameSubject) the same way.
func folded(subject string) string { return strings.ToLower(subject) }

// conflicts tells whether a caller has roles that exclude each other.
type conflicts struct {
	keys *cache.Cache[struct{}, keysBySubject]
}

func newConflicts(s store.Store) *conflicts {
	return &conflicts{cache.New[struct{}, keysBySubject](s, store.KindKey)}
}

// check refuses a caller whose roles exclude each other. Of two such keys, the
// one with JURY is refused, so that nobody can lock out an administrator by
// creating a key. A token is refused whichever role it has, because keys cannot
// be compared with tokens.
func (c *conflicts) check(ctx context.Context, caller *call.Caller, now time.Time) error {
	if err := Excluded(caller.Roles); err != nil {
		return err
	}
	jury := caller.Has(acquispb.Role_JURY)
	if !jury && (caller.KeyID != "" || !slices.ContainsFunc(caller.Roles, excludesJury)) {
		return nil
	}
	keys, err := c.keys.Get(ctx, struct{}{}, readKeysBySubject)
	if err != nil {
		return err
	}
	roles := slices.Clone(caller.Roles)
	for _, key := range keys[folded(caller.Subject)] {
		if key.GetId() != caller.KeyID && Usable(key, now) {
			roles = append(roles, key.GetRoles()...)
		}
	}
	return Excluded(roles)
}

func readKeysBySubject(r store.Reader) (keysBySubject, error) {
	all, err := store.Keys.All(r, nil)
	if err != nil {
		return nil, err
	}
	bySubject := make(keysBySubject)
	for _, key := range all {
		if roles := key.GetRoles(); slices.Contains(roles, acquispb.Role_JURY) || slices.ContainsFunc(roles, excludesJury) {
			subject := folded(key.GetSubject())
			bySubject[subject] = append(bySubject[subject], key)
		}
	}
	return bySubject, nil
}

// CheckNewKey refuses a key if its roles and those of its subject's usable keys
// exclude each other, or if one of them writes the subject otherwise. If two such
// keys are created at once, the second sees the first, because Updates run one after
// another.
func CheckNewKey(r store.Reader, key *storepb.Key, now time.Time) error {
	if err := checkSpelling(r, key, now); err != nil {
		return err
	}
	keys, err := readKeysBySubject(r)
	if err != nil {
		return err
	}
	roles := slices.Clone(key.GetRoles())
	for _, other := range keys[folded(key.GetSubject())] {
		if Usable(other, now) {
			roles = append(roles, other.GetRoles()...)
		}
	}
	return Excluded(roles)
}

// checkSpelling refuses a subject that a usable key writes with other capitals: as an
// assessor, who is known by the subject alone, one person would count as two.
func checkSpelling(r store.Reader, key *storepb.Key, now time.Time) error {
	all, err := store.Keys.All(r, nil)
	if err != nil {
		return err
	}
	for _, other := range all {
		if known := other.GetSubject(); known != key.GetSubject() && rules.SameSubject(known, key.GetSubject()) && Usable(other, now) {
			return apierr.InvalidField("key.subject", fmt.Sprintf("is %s in another key: write it as there", known))
		}
	}
	return nil
}

// CheckPresent refuses jury members to whom a usable key gives a role that
// excludes JURY, because members present need no key with JURY. Roles by tokens
// are not known here.
func CheckPresent(r store.Reader, members []string, now time.Time) error {
	keys, err := readKeysBySubject(r)
	if err != nil {
		return err
	}
	for _, member := range members {
		for _, key := range keys[folded(member)] {
			roles := append(slices.Clone(key.GetRoles()), acquispb.Role_JURY)
			if Usable(key, now) && Excluded(roles) != nil {
				return Excluded(roles)
			}
		}
	}
	return nil
}

// Excluded refuses roles of one subject that exclude each other.
func Excluded(roles []acquispb.Role_Enum) error {
	named := make([]visibility.Role, len(roles))
	for i, role := range roles {
		named[i] = visibility.Role(role.String())
	}
	if e := visibility.Excluded(named); e != nil {
		return apierr.Denied(acquispb.ErrorReason_ROLES_EXCLUDED, fmt.Sprintf(
			"a subject cannot have both JURY and %s, counting its token and all its usable keys: %s", e.Role, e.Because))
	}
	return nil
}

func excludesJury(role acquispb.Role_Enum) bool { return visibility.Role(role.String()).ExcludesJury() }

// Usable tells whether a key is neither revoked nor expired.
func Usable(key *storepb.Key, now time.Time) bool {
	return key.GetRevokeTime() == nil && !Expired(key, now)
}
