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

// CreateKey implements the RPC. The secret is made before the Update and leaves
// with this answer only: what is stored is its digest.
func (s *adminService) CreateKey(ctx context.Context, req *acquispb.CreateKeyRequest) (*acquispb.CreateKeyResponse, error) {
	if req.GetKey().GetSubject() == call.CallerOf(ctx).Subject {
		return nil, apierr.Denied(acquispb.ErrorReason_OWN_SUBJECT, "a caller cannot create a key for their own subject")
	}
	if err := checkExpiry(req.GetKey().GetExpireTime(), s.now()); err != nil {
		return nil, err
	}
	secret := authn.NewSecret()
	a := act{
		rpc: acquispb.AdminService_CreateKey_FullMethodName, kind: storepb.EventBody_Kind_KEY,
		resource: keyName(secret.ID), request: req,
	}
	answer := new(acquispb.CreateKeyResponse)
	return answer, s.do(ctx, a, func(t *tx) error {
		key := keyOf(req.GetKey(), secret)
		if err := authn.CheckNewKey(t, key, t.now); err != nil {
			return err
		}
		uid, err := t.NewUID()
		if err != nil {
			return err
		}
		key.Uid, key.CreateTime, key.Creator = uid, t.timestamp(), t.caller.Subject
		t.made([]byte(key.GetId()))
		return store.Keys.Put(t, []byte(key.GetId()), key)
	}, func(r store.Reader, made [][]byte) error {
		key, err := store.Keys.Get(r, made[0])
		if err != nil {
			return err
		}
		answer.Key, answer.Secret = keyFrom(key), ""
		if key.GetId() == secret.ID { // this call made it, not one before
			answer.Secret = secret.String()
		}
		return nil
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

// ListKeys implements the RPC.
func (s *adminService) ListKeys(ctx context.Context, req *acquispb.ListKeysRequest) (*acquispb.ListKeysResponse, error) {
	page, err := parsePage(req)
	if err != nil {
		return nil, err
	}
	answer := new(acquispb.ListKeysResponse)
	return answer, s.view(ctx, func(r store.Reader) error {
		keys, err := store.Keys.All(r, nil)
		if err != nil {
			return err
		}
		slices.SortStableFunc(keys, func(a, b *storepb.Key) int { return cmp.Compare(a.GetUid(), b.GetUid()) })
		part, token := slicePage(page, keys)
		answer.Keys, answer.NextPageToken = nil, token
		for _, key := range part {
			answer.Keys = append(answer.Keys, keyFrom(key))
		}
		return nil
	})
}

// RevokeKey implements the RPC.
func (s *adminService) RevokeKey(ctx context.Context, req *acquispb.RevokeKeyRequest) (*acquispb.Key, error) {
	id := segment(req.GetName(), 1)
	a := act{
		rpc: acquispb.AdminService_RevokeKey_FullMethodName, kind: storepb.EventBody_Kind_KEY,
		resource: req.GetName(), request: req,
	}
	answer := new(acquispb.Key)
	return answer, s.do(ctx, a, func(t *tx) error {
		key, err := store.Keys.Get(t, []byte(id))
		if errors.Is(err, store.ErrNotFound) {
			return apierr.NotFound(req.GetName())
		}
		if err != nil {
			return err
		}
		t.made([]byte(id))
		if key.GetRevokeTime() != nil {
			return nil
		}
		if err := t.keepsAdmin(key); err != nil {
			return err
		}
		key.RevokeTime = t.timestamp()
		return store.Keys.Put(t, []byte(id), key)
	}, func(r store.Reader, made [][]byte) error {
		key, err := store.Keys.Get(r, made[0])
		become(answer, keyFrom(key))
		return err
	})
}

func keyOf(k *acquispb.Key, secret authn.Secret) *storepb.Key {
	digest := secret.Digest()
	stored := &storepb.Key{
		Id: secret.ID, SecretSha256: digest[:],
		Subject: k.GetSubject(), DisplayName: k.GetDisplayName(), Delegate: k.GetDelegate(), ExpireTime: k.GetExpireTime(),
		Centre: k.GetCentre(),
	}
	for _, role := range k.GetRoles() {
		stored.Roles = append(stored.Roles, int32(role))
	}
	return stored
}

func keyFrom(k *storepb.Key) *acquispb.Key {
	shown := &acquispb.Key{
		Name: keyName(k.GetId()), Subject: k.GetSubject(), DisplayName: k.GetDisplayName(), Delegate: k.GetDelegate(),
		ExpireTime: k.GetExpireTime(), CreateTime: k.GetCreateTime(), Creator: k.GetCreator(), RevokeTime: k.GetRevokeTime(),
		Centre: k.GetCentre(),
	}
	for _, role := range k.GetRoles() {
		shown.Roles = append(shown.Roles, acquispb.Role_Enum(role))
	}
	return shown
}
