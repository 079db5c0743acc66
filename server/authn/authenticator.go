package authn

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/cache"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
)

// An Authenticator identifies callers.
type Authenticator struct {
	keys      *cache.Cache[string, *knownKey] // by id
	conflicts *conflicts
	tokens    *tokens // nil: no issuer is configured
	attempts  *attempts
	now       func() time.Time
}

// Options say which credentials are accepted.
type Options struct {
	Store  store.Store
	Limits AttemptLimits
	OIDC   *OIDC // whose tokens are taken; nil: keys only
	Log    *slog.Logger
	Now    func() time.Time
}

// New fails if the configuration of the issuer is invalid.
func New(o Options) (*Authenticator, error) {
	a := &Authenticator{
		keys:      cache.New[string, *knownKey](o.Store, store.KindKey),
		conflicts: newConflicts(o.Store),
		attempts:  newAttempts(o.Limits),
		now:       o.Now,
	}
	if o.OIDC == nil {
		return a, nil
	}
	if err := o.OIDC.Check(); err != nil {
		return nil, err
	}
	a.tokens = &tokens{OIDC: *o.OIDC, issuer: newIssuer(*o.OIDC, o.Log, o.Now)}
	return a, nil
}

// Run keeps the issuer's public keys current until ctx ends.
func (a *Authenticator) Run(ctx context.Context) {
	if a.tokens != nil {
		a.tokens.issuer.run(ctx)
	}
}

// Collectors count invalid credentials.
func (a *Authenticator) Collectors() []prometheus.Collector {
	return []prometheus.Collector{a.attempts.bad}
}

// Authenticate identifies the caller by the values of the authorization header,
// and notes it for the log. After too many failures it refuses unchecked.
func (a *Authenticator) Authenticate(ctx context.Context, authorization []string) (*call.Caller, error) {
	if len(authorization) == 0 {
		return nil, apierr.New(codes.Unauthenticated, acquispb.ErrorReason_CREDENTIALS_MISSING, "no credential was sent; send the header Authorization: Bearer, followed by a key or token")
	}
	text := bearer(authorization)
	try, err := a.Try(ctx, text)
	if err != nil {
		return nil, err
	}
	caller, err := a.verify(ctx, try, text, try.now)
	switch {
	case err == nil: // the credential is valid, whatever its roles
		try.Succeeded()
		info := call.From(ctx)
		info.KeyID, info.Issuer = caller.KeyID, caller.Issuer
		err = a.conflicts.check(ctx, caller, try.now)
	case status.Code(err) == codes.Unauthenticated:
		try.Failed(ctx, apierr.ReasonOf(err))
	}
	if err != nil {
		return nil, err
	}
	return caller, nil
}

// Try begins an attempt with a secret: a key, a token, the code of an
// attestation. It is refused unchecked after too many recent failures. Report
// the result by Succeeded or Failed.
func (a *Authenticator) Try(ctx context.Context, text string) (*Attempt, error) {
	try := newAttempt(call.From(ctx).From, text)
	try.of, try.now = a.attempts, a.now()
	wait, failures := a.attempts.wait(try, try.now)
	if wait > 0 {
		call.From(ctx).Failures = failures
		a.attempts.bad.WithLabelValues(acquispb.ErrorReason_TOO_MANY_ATTEMPTS.String()).Inc()
		return nil, tooManyAttempts(wait)
	}
	return try, nil
}

// bearer returns the one credential that was sent. Two are invalid, so that
// nobody has to know which one counts.
func bearer(authorization []string) string {
	scheme, text, _ := strings.Cut(authorization[0], " ")
	if len(authorization) > 1 || !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(text)
}

// verify checks a key or, if an issuer is configured, a token.
func (a *Authenticator) verify(ctx context.Context, try *Attempt, text string, now time.Time) (*call.Caller, error) {
	switch {
	case try.key != Secret{}:
		return a.verifyKey(ctx, try, now)
	case a.tokens != nil && isToken(text):
		return a.tokens.verify(ctx, text, now)
	}
	return nil, invalidCredentials()
}

func (a *Authenticator) verifyKey(ctx context.Context, try *Attempt, now time.Time) (*call.Caller, error) {
	key, err := a.keys.Get(ctx, try.key.ID, func(r store.Reader) (*knownKey, error) {
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
	call.From(ctx).KeyID = key.caller.KeyID // even if the secret is wrong: the log says which key was tried
	return key.admit(try, now)
}

// A knownKey is a stored key, and its caller.
type knownKey struct {
	stored *storepb.Key
	caller *call.Caller
}

func knownKeyOf(stored *storepb.Key) *knownKey {
	return &knownKey{stored, &call.Caller{
		KeyID: stored.GetId(), Subject: stored.GetSubject(), Delegate: stored.GetDelegate(), Centre: stored.GetCentre(), Roles: stored.GetRoles(),
	}}
}

// admit checks the secret first, so that only its holder learns that a key has
// expired or was revoked.
func (k *knownKey) admit(try *Attempt, now time.Time) (*call.Caller, error) {
	switch {
	case subtle.ConstantTimeCompare(k.stored.GetSecretSha256(), try.digest[:]) != 1:
		return nil, invalidCredentials()
	case k.stored.GetRevokeTime() != nil:
		return nil, apierr.New(codes.Unauthenticated, acquispb.ErrorReason_KEY_REVOKED, "the key was revoked; ask an administrator for a new one")
	case Expired(k.stored, now):
		return nil, apierr.New(codes.Unauthenticated, acquispb.ErrorReason_KEY_EXPIRED, "the key has expired; ask an administrator for a new one")
	}
	return k.caller, nil
}

func Expired(key *storepb.Key, now time.Time) bool {
	return key.GetExpireTime() != nil && !now.Before(key.GetExpireTime().AsTime())
}

func invalidCredentials() error {
	return apierr.New(codes.Unauthenticated, acquispb.ErrorReason_CREDENTIALS_INVALID, "the key or token is not valid; send the header Authorization: Bearer, followed by the whole key or token")
}
