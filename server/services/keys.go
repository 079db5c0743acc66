package services

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/authn"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// adminService manages API keys.
type adminService struct {
	acquispb.UnimplementedAdminServiceServer
	*core
}

// CreateKey makes the secret before the Update. Only this answer contains it: the
// store has its digest.
func (s *adminService) CreateKey(ctx context.Context, req *acquispb.CreateKeyRequest) (*acquispb.CreateKeyResponse, error) {
	if rules.SameSubject(req.GetKey().GetSubject(), call.CallerOf(ctx).Subject) {
		return nil, apierr.Denied(acquispb.ErrorReason_OWN_SUBJECT, "a caller cannot create a key for their own subject")
	}
	secret := authn.NewSecret()
	return perform(ctx, s.core, act[*acquispb.CreateKeyResponse]{
		request: req, resource: keyName(secret.ID),
		do: func(t *tx) (keys, error) {
			if err := checkExpiry(req.GetKey().GetExpireTime(), t.now); err != nil {
				return nil, err
			}
			key := keyOf(req.GetKey(), secret)
			if err := authn.CheckNewKey(t, key, t.now); err != nil {
				return nil, err
			}
			uid, err := t.NewUID()
			if err != nil {
				return nil, err
			}
			key.Uid, key.CreateTime, key.Creator = uid, t.timestamp(), t.caller.Subject
			made := keys{[]byte(key.GetId())}
			return made, store.Keys.Put(t, made[0], key)
		},
		answer: shown(store.Keys, plain(func(key *storepb.Key) *acquispb.CreateKeyResponse {
			answer := &acquispb.CreateKeyResponse{Key: keyFrom(key)}
			if key.GetId() == secret.ID { // this call made it, not one before
				answer.Secret = secret.String()
			}
			return answer
		})),
	})
}

func checkExpiry(expire *timestamppb.Timestamp, now time.Time) error {
	switch {
	case expire == nil:
		return nil
	case expire.CheckValid() != nil:
		return apierr.InvalidField("key.expireTime", "is not a time")
	case !expire.AsTime().After(now):
		return apierr.InvalidField("key.expireTime", "must be in the future")
	}
	return nil
}

// ListKeys lists all keys in order of creation.
func (s *adminService) ListKeys(ctx context.Context, req *acquispb.ListKeysRequest) (*acquispb.ListKeysResponse, error) {
	items, next, err := listAll(ctx, s.core, req, func(r store.Reader) ([]*storepb.Key, error) {
		all, err := store.Keys.All(r, nil)
		slices.SortStableFunc(all, func(a, b *storepb.Key) int { return cmp.Compare(a.GetUid(), b.GetUid()) })
		return all, err
	}, (*storepb.Key).GetUid, plain(keyFrom))
	return &acquispb.ListKeysResponse{Keys: items, NextPageToken: next}, err
}

func (s *adminService) RevokeKey(ctx context.Context, req *acquispb.RevokeKeyRequest) (*acquispb.Key, error) {
	id := segment(req.GetName(), 1)
	return perform(ctx, s.core, act[*acquispb.Key]{
		request: req, resource: req.GetName(),
		do: func(t *tx) (keys, error) {
			key, err := store.Keys.Get(t, []byte(id))
			if errors.Is(err, store.ErrNotFound) {
				return nil, apierr.NotFound(req.GetName())
			}
			if err != nil {
				return nil, err
			}
			made := keys{[]byte(id)}
			if key.GetRevokeTime() != nil {
				return made, nil
			}
			if err := t.keepsAdmin(key); err != nil {
				return nil, err
			}
			key.RevokeTime = t.timestamp()
			return made, store.Keys.Put(t, []byte(id), key)
		},
		answer: shown(store.Keys, plain(keyFrom)),
	})
}

func keyOf(k *acquispb.Key, secret authn.Secret) *storepb.Key {
	digest := secret.Digest()
	return &storepb.Key{
		Id: secret.ID, SecretSha256: digest[:],
		Subject: k.GetSubject(), DisplayName: k.GetDisplayName(), Delegate: k.GetDelegate(), ExpireTime: k.GetExpireTime(),
		Centre: k.GetCentre(), Roles: k.GetRoles(),
	}
}

func keyFrom(k *storepb.Key) *acquispb.Key {
	return &acquispb.Key{
		Name: keyName(k.GetId()), Subject: k.GetSubject(), DisplayName: k.GetDisplayName(), Delegate: k.GetDelegate(),
		ExpireTime: k.GetExpireTime(), CreateTime: k.GetCreateTime(), Creator: k.GetCreator(), RevokeTime: k.GetRevokeTime(),
		Centre: k.GetCentre(), Roles: k.GetRoles(),
	}
}
