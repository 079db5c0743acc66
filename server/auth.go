package server

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
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

// identify finds out who calls: over REST the gateway has, before it read the
// body.
func (c *core) identify(ctx context.Context) (*Caller, error) {
	if caller := infoOf(ctx).caller; caller != nil {
		return caller, nil
	}
	return c.authenticate(ctx)
}

// authenticate finds out who calls, by the authorization metadata.
func (c *core) authenticate(ctx context.Context) (*Caller, error) {
	return c.authenticateBearer(ctx, metadata.ValueFromIncomingContext(ctx, "authorization"))
}

// authenticateBearer finds out who calls, by the values of the authorization
// header, and notes it for the log. Too many bad ones are refused unseen.
func (c *core) authenticateBearer(ctx context.Context, authorization []string) (*Caller, error) {
	if len(authorization) == 0 {
		return nil, fail(codes.Unauthenticated, acquispb.ErrorReason_CREDENTIALS_MISSING, "no Authorization: Bearer … was sent")
	}
	info, now := infoOf(ctx), c.now()
	text := bearer(authorization)
	try := newAttempt(info.from, text)
	wait, failures := c.attempts.wait(try, now)
	if wait > 0 {
		info.failures = failures
		c.attempts.bad.WithLabelValues(acquispb.ErrorReason_TOO_MANY_ATTEMPTS.String()).Inc()
		return nil, tooManyAttempts(wait)
	}
	caller, err := c.verify(ctx, try, text, now)
	switch {
	case err == nil: // the credential is good, whatever its roles
		c.attempts.succeeded(try)
		info.keyID, info.issuer = caller.KeyID, caller.Issuer
		err = c.conflicts.check(ctx, caller, now)
	case status.Code(err) == codes.Unauthenticated:
		info.failures = c.attempts.failed(try, now)
		c.attempts.bad.WithLabelValues(reasonOf(err)).Inc()
	}
	if err != nil {
		return nil, err
	}
	return caller, nil
}

// bearer returns the one credential that was sent, or none that is good: of two,
// nobody should have to know which counts.
func bearer(authorization []string) string {
	scheme, text, _ := strings.Cut(authorization[0], " ")
	if len(authorization) > 1 || !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(text)
}

// verify takes a key or, where an issuer is configured, a token.
func (c *core) verify(ctx context.Context, try *attempt, text string, now time.Time) (*Caller, error) {
	switch {
	case try.key != Secret{}:
		return c.verifyKey(ctx, try, now)
	case c.tokens != nil && isToken(text):
		return c.tokens.verify(ctx, text, now)
	}
	return nil, invalidCredentials()
}

func (c *core) verifyKey(ctx context.Context, try *attempt, now time.Time) (*Caller, error) {
	key, err := c.keys.get(ctx, try.key.ID, func(r store.Reader) (*knownKey, error) {
		stored, err := store.Keys.Get(r, []byte(try.key.ID))
		if err != nil {
			return nil, err
		}
		return knownKeyOf(stored), nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, invalidCredentials()
	}
	if err != nil {
		return nil, err
	}
	infoOf(ctx).keyID = key.caller.KeyID // also where the secret is wrong: the log tells whose key is tried
	return key.admit(try, now)
}

// A knownKey is a key as its record says, and who calls with it.
type knownKey struct {
	stored *storepb.Key
	caller *Caller
}

func knownKeyOf(stored *storepb.Key) *knownKey {
	caller := &Caller{KeyID: stored.GetId(), Subject: stored.GetSubject(), Delegate: stored.GetDelegate(), Centre: stored.GetCentre()}
	for _, role := range stored.GetRoles() {
		caller.Roles = append(caller.Roles, acquispb.Role_Enum(role))
	}
	return &knownKey{stored, caller}
}

// admit checks the secret first, so that only its holder learns that a key has
// expired or was revoked.
func (k *knownKey) admit(try *attempt, now time.Time) (*Caller, error) {
	switch {
	case subtle.ConstantTimeCompare(k.stored.GetSecretSha256(), try.digest[:]) != 1:
		return nil, invalidCredentials()
	case k.stored.GetRevokeTime() != nil:
		return nil, fail(codes.Unauthenticated, acquispb.ErrorReason_KEY_REVOKED, "the key was revoked")
	case expired(k.stored, now):
		return nil, fail(codes.Unauthenticated, acquispb.ErrorReason_KEY_EXPIRED, "the key has expired")
	}
	return k.caller, nil
}

func expired(key *storepb.Key, now time.Time) bool {
	return key.GetExpireTime() != nil && !now.Before(key.GetExpireTime().AsTime())
}

func invalidCredentials() error {
	return fail(codes.Unauthenticated, acquispb.ErrorReason_CREDENTIALS_INVALID, "the key or token is not valid")
}
