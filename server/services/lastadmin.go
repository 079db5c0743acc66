package services

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/contract"
	"github.com/acquis-eval/acquis/store"
)

// Operator is the actor of acts on a store without a server, and the creator of
// its keys. No subject has this form, so nobody can act under that name over the
// network.
const Operator = "(operator)"

// keepsAdmin refuses to revoke the last admin key that has no end: after the
// others have ended, nobody could create a key.
func (t *tx) keepsAdmin(revoked *storepb.Key) error {
	if !slices.Contains(revoked.GetRoles(), acquispb.Role_ADMIN) {
		return nil
	}
	keys, err := store.Keys.All(t, nil)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(keys, func(k *storepb.Key) bool { return k.GetId() != revoked.GetId() && lastingAdmin(k) }) {
		return nil
	}
	return apierr.New(codes.FailedPrecondition, acquispb.ErrorReason_LAST_ADMIN_KEY,
		"this is the last admin key that never expires: create another one first, for another subject and without expireTime")
}

// lastingAdmin tells whether a key can manage keys until it is revoked: it has no
// end, no centre, and no role for which its calls would be refused.
func lastingAdmin(key *storepb.Key) bool {
	roles := key.GetRoles()
	return slices.Contains(roles, acquispb.Role_ADMIN) && authn.Excluded(roles) == nil &&
		key.GetRevokeTime() == nil && key.GetExpireTime() == nil && key.GetCentre() == ""
}

// ErrNoFirstKey refuses a key in a store that has none: its first key is created
// at the first start, and only if the journal is empty.
var ErrNoFirstKey = errors.New("the store is empty: its first key is created when the server first starts")

// MakeKey creates a key in a store that no server uses, by the rules of
// CreateKey; its event has the actor Operator.
func MakeKey(ctx context.Context, s store.Store, key *acquispb.Key, now time.Time) (authn.Secret, error) {
	validate, err := contract.NewValidator()
	if err != nil {
		return authn.Secret{}, err
	}
	now = now.UTC().Truncate(time.Microsecond)
	if err := validate.Resource(ctx, "key", key); err != nil {
		return authn.Secret{}, err
	}
	if err := checkExpiry(key.GetExpireTime(), now); err != nil {
		return authn.Secret{}, err
	}
	secret := authn.NewSecret()
	act := store.Act{
		Actor: Operator, RPC: "acquis key create", Resource: keyName(secret.ID), Kind: storepb.EventBody_Kind_KEY, Time: now,
	}
	return secret, s.Update(ctx, act, func(w store.Writer) error {
		if events, err := w.Events(0, 1); err != nil || len(events) == 0 {
			return cmp.Or(err, ErrNoFirstKey)
		}
		stored := keyOf(key, secret)
		if err := authn.CheckNewKey(w, stored, now); err != nil {
			return err
		}
		uid, err := w.NewUID()
		if err != nil {
			return err
		}
		stored.Uid, stored.CreateTime, stored.Creator = uid, timestamppb.New(now), Operator
		return store.Keys.Put(w, []byte(stored.GetId()), stored)
	})
}

// warnOfOperator logs at every start the keys that were created without a server,
// until they are revoked or expire: anybody who can write the data directory can
// create one.
func warnOfOperator(ctx context.Context, s store.Store, log *slog.Logger, now time.Time) error {
	return s.View(ctx, func(r store.Reader) error {
		keys, err := store.Keys.All(r, nil)
		for _, key := range keys {
			if key.GetCreator() == Operator && authn.Usable(key, now) {
				log.WarnContext(ctx, "a key was created without a server; revoke it when it is no longer needed",
					"key", keyName(key.GetId()), "made", key.GetCreateTime().AsTime())
			}
		}
		return err
	})
}
