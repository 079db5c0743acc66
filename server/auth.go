package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
)

// A Caller is who calls: what the key that came with the call says, and nothing
// that the caller put into any other header.
type Caller struct {
	KeyID    string
	Subject  string
	Roles    []acquispb.Role_Enum
	Delegate bool
	Centre   string // the only one whose sessions and candidates exist for the caller; empty: all
}

// Has tells whether the caller has a role.
func (c *Caller) Has(role acquispb.Role_Enum) bool { return slices.Contains(c.Roles, role) }

type callerKey struct{}

func withCaller(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// callerOf returns who calls. Handlers run behind the interceptor that sets it,
// so without one nothing is allowed: a caller without roles.
func callerOf(ctx context.Context) *Caller {
	if c, ok := ctx.Value(callerKey{}).(*Caller); ok {
		return c
	}
	return new(Caller)
}

// A Secret is an API key as its holder knows it: acq_<id>_<secret>.
type Secret struct{ ID, Value string }

const (
	keyIDBytes     = 10 // 80 bits: 16 characters
	keySecretBytes = 32 // 256 bits: 52 characters
	keyIDLength    = 16
	keyValueLength = 52
	keyAlphabet    = "abcdefghijklmnopqrstuvwxyz234567"
)

// NewSecret makes a random key.
func NewSecret() Secret {
	encoding := base32.NewEncoding(keyAlphabet).WithPadding(base32.NoPadding)
	random := make([]byte, keyIDBytes+keySecretBytes)
	_, _ = rand.Read(random) // it never fails: it ends the process instead
	return Secret{
		ID:    encoding.EncodeToString(random[:keyIDBytes]),
		Value: encoding.EncodeToString(random[keyIDBytes:]),
	}
}

// String returns the form that callers send.
func (s Secret) String() string { return "acq_" + s.ID + "_" + s.Value }

// ParseSecret reads acq_<id>_<secret>. Its error never repeats the input.
func ParseSecret(text string) (Secret, error) {
	parts := strings.Split(text, "_")
	if len(parts) != 3 || parts[0] != "acq" {
		return Secret{}, errors.New("a key has the form acq_<id>_<secret>")
	}
	for i, length := range []int{1: keyIDLength, 2: keyValueLength} {
		if i > 0 && (len(parts[i]) != length || strings.Trim(parts[i], keyAlphabet) != "") {
			return Secret{}, fmt.Errorf("a key has %d and %d characters of a-z and 2-7", keyIDLength, keyValueLength)
		}
	}
	return Secret{ID: parts[1], Value: parts[2]}, nil
}

// digest is what is stored of a secret: a plain hash is enough for 256 random bits.
func (s Secret) digest() []byte {
	sum := sha256.Sum256([]byte(s.Value))
	return sum[:]
}

// authenticate finds out who calls, by the authorization metadata.
func (c *core) authenticate(ctx context.Context) (*Caller, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	return c.authenticateBearer(ctx, md.Get("authorization"))
}

func (c *core) authenticateBearer(ctx context.Context, authorization []string) (*Caller, error) {
	if len(authorization) == 0 {
		return nil, fail(codes.Unauthenticated, acquispb.ErrorReason_CREDENTIALS_MISSING, "no Authorization: Bearer acq_… was sent")
	}
	scheme, text, _ := strings.Cut(authorization[0], " ")
	secret, err := ParseSecret(strings.TrimSpace(text))
	if len(authorization) > 1 || !strings.EqualFold(scheme, "bearer") || err != nil {
		return nil, invalidCredentials()
	}
	var key *storepb.Key
	err = c.store.View(ctx, func(r store.Reader) (err error) {
		key, err = store.Keys.Get(r, []byte(secret.ID))
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, invalidCredentials()
	}
	if err != nil {
		return nil, err
	}
	return admitKey(key, secret, c.now())
}

// admitKey checks the secret first, so that only its holder learns that a key
// has expired or was revoked.
func admitKey(key *storepb.Key, secret Secret, now time.Time) (*Caller, error) {
	switch {
	case subtle.ConstantTimeCompare(key.GetSecretSha256(), secret.digest()) != 1:
		return nil, invalidCredentials()
	case key.GetRevokeTime() != nil:
		return nil, fail(codes.Unauthenticated, acquispb.ErrorReason_KEY_REVOKED, "the key was revoked")
	case expired(key, now):
		return nil, fail(codes.Unauthenticated, acquispb.ErrorReason_KEY_EXPIRED, "the key has expired")
	}
	caller := &Caller{KeyID: key.GetId(), Subject: key.GetSubject(), Delegate: key.GetDelegate(), Centre: key.GetCentre()}
	for _, role := range key.GetRoles() {
		caller.Roles = append(caller.Roles, acquispb.Role_Enum(role))
	}
	return caller, nil
}

func expired(key *storepb.Key, now time.Time) bool {
	return key.GetExpireTime() != nil && !now.Before(key.GetExpireTime().AsTime())
}

func invalidCredentials() error {
	return fail(codes.Unauthenticated, acquispb.ErrorReason_CREDENTIALS_INVALID, "the key is not valid")
}
