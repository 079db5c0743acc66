package authn

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"google.golang.org/grpc/codes"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
)

// OIDC says whose tokens are accepted, and how they are mapped to callers.
type OIDC struct {
	Issuer   string // the URL, exactly as tokens name it
	Audience string // the name of this service at the issuer

	SubjectClaim  string
	SubjectPrefix string // prefix of every token's subject
	RolesClaim    string // empty: tokens have no roles
	Roles         map[string][]acquispb.Role_Enum
	CentreClaim   string // empty: tokens are for all centres

	Algorithms []string      // accepted signature algorithms
	ClockSkew  time.Duration // how far clocks may differ
	Client     *http.Client  // asks the issuer; nil: one that trusts the machine's authorities
}

// AllCentres is the value of the centre claim for all centres.
const AllCentres = "*"

// MaxClockSkew limits the configuration, so that tokens are not accepted long
// after they expire.
const MaxClockSkew = 5 * time.Minute

// TokenAlgorithms lists the allowed algorithms. All are asymmetric, so that
// nobody can forge tokens with what the issuer publishes.
func TokenAlgorithms() []string {
	return []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512,
		oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
	}
}

// Check returns what is wrong with a configuration.
func (o *OIDC) Check() error {
	if err := checkIssuerURL(o.Issuer); err != nil {
		return err
	}
	switch {
	case o.Audience == "":
		return errors.New("an audience is required: without one, tokens for other services would be accepted")
	case o.SubjectClaim == "":
		return errors.New("a subject claim is required")
	case o.SubjectPrefix != "" && !subjectForm.MatchString(o.SubjectPrefix):
		return errors.New("the subject prefix must have the form of a subject")
	case (o.RolesClaim == "") != (len(o.Roles) == 0):
		return errors.New("set both a roles claim and the roles that its values give, or neither")
	case o.ClockSkew < 0 || o.ClockSkew > MaxClockSkew:
		return fmt.Errorf("the clock skew must be from 0s to %s", MaxClockSkew)
	case len(o.Algorithms) == 0:
		return errors.New("at least one algorithm is required")
	}
	for _, algorithm := range o.Algorithms {
		if !slices.Contains(TokenAlgorithms(), algorithm) {
			return fmt.Errorf("algorithm %q is not one of %s", algorithm, strings.Join(TokenAlgorithms(), ", "))
		}
	}
	return nil
}

// subjectForm is that of Key.subject in the contract.
var subjectForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@:|-]{0,127}$`)

// centreForm is that of Key.centre in the contract.
var centreForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// tokens turns OIDC tokens into callers. The content of a token is used only
// after its signature, issuer and audience were verified; before, only to
// choose the issuer's key.
//
// A token never makes a delegate: a system that records for other people needs
// a key.
type tokens struct {
	OIDC
	issuer *issuer
}

const maxTokenBytes = 8 << 10

// tokenForm is the compact form, the only one that is sent as a bearer token.
var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$`)

func isToken(text string) bool { return len(text) <= maxTokenBytes && IsCompact(text) }

// IsCompact tells whether a text has the form of a signed token.
func IsCompact(text string) bool { return tokenForm.MatchString(text) }

func (t *tokens) verify(ctx context.Context, text string, now time.Time) (*call.Caller, error) {
	keys, err := t.keys(ctx, text)
	if err != nil {
		return nil, err
	}
	verifier := oidc.NewVerifier(t.Issuer, &oidc.StaticKeySet{PublicKeys: keys}, &oidc.Config{
		ClientID: t.Audience, SupportedSigningAlgs: t.Algorithms,
		SkipExpiryCheck: true, // inTime does it, with our clock and skew
	})
	token, err := verifier.Verify(ctx, text)
	if err != nil { // the caller does not learn what was wrong
		return nil, invalidCredentials()
	}
	var claims claims
	if err := token.Claims(&claims); err != nil {
		return nil, invalidCredentials()
	}
	if err := t.inTime(claims, now); err != nil {
		return nil, err
	}
	return t.caller(claims)
}

// keys returns those of the issuer's keys that the token names.
func (t *tokens) keys(ctx context.Context, text string) ([]crypto.PublicKey, error) {
	algorithms := make([]jose.SignatureAlgorithm, len(t.Algorithms))
	for i, algorithm := range t.Algorithms {
		algorithms[i] = jose.SignatureAlgorithm(algorithm)
	}
	signed, err := jose.ParseSignedCompact(text, algorithms)
	if err != nil {
		return nil, invalidCredentials()
	}
	header := signed.Signatures[0].Header
	if kind, given := header.ExtraHeaders[jose.HeaderType]; given && !isAccess(kind) {
		return nil, invalidCredentials()
	}
	return t.issuer.keysFor(ctx, header.KeyID, header.Algorithm)
}

// isAccess distinguishes ID and access tokens from tokens for other purposes,
// such as log-outs and events.
func isAccess(kind any) bool {
	text, _ := kind.(string)
	text = strings.TrimPrefix(strings.ToLower(text), "application/")
	return text == "jwt" || text == "at+jwt"
}

// inTime refuses tokens that have expired, never expire or are not valid yet.
// An expired token gets its own error, because its caller got it from the
// issuer and can get a new one.
func (t *tokens) inTime(c claims, now time.Time) error {
	end, ok := c.time("exp")
	if !ok || !c.begun("nbf", now.Add(t.ClockSkew)) || !c.begun("iat", now.Add(t.ClockSkew)) {
		return invalidCredentials()
	}
	if !now.Before(end.Add(t.ClockSkew)) {
		return apierr.New(codes.Unauthenticated, acquispb.ErrorReason_TOKEN_EXPIRED, "the token has expired")
	}
	return nil
}

// caller makes a caller from the claims. Invalid subjects or centres are
// refused.
func (t *tokens) caller(c claims) (*call.Caller, error) {
	caller := &call.Caller{Issuer: t.Issuer}
	subject, ok := c.find(t.SubjectClaim).(string)
	if caller.Subject = t.SubjectPrefix + subject; !ok || subject == "" || !subjectForm.MatchString(caller.Subject) {
		return nil, invalidCredentials()
	}
	if t.CentreClaim != "" {
		centre, _ := c.find(t.CentreClaim).(string)
		if centre != AllCentres && !centreForm.MatchString(centre) {
			return nil, invalidCredentials()
		}
		caller.Centre = strings.TrimPrefix(centre, AllCentres)
	}
	if t.RolesClaim != "" {
		caller.Roles = t.roles(c.find(t.RolesClaim), caller.Centre != "")
	}
	return caller, nil
}

// roles maps the values of the roles claim: one text or a list of them. Values
// that are not configured give no role. A caller of one centre does not get
// ADMIN or AUDITOR, whose work has no centre: they could create a key without a
// centre.
func (t *tokens) roles(claim any, ofOneCentre bool) (roles []acquispb.Role_Enum) {
	values, _ := claim.([]any)
	if text, ok := claim.(string); ok {
		values = []any{text}
	}
	for _, value := range values {
		text, _ := value.(string)
		for _, role := range t.Roles[text] {
			everywhere := role == acquispb.Role_ADMIN || role == acquispb.Role_AUDITOR
			if slices.Contains(roles, role) || ofOneCentre && everywhere {
				continue
			}
			roles = append(roles, role)
		}
	}
	return roles
}

// claims has the claims of a token, by their exact names.
type claims map[string]any

// find returns a claim by its whole name or, because issuers nest claims, by
// the parts between its dots.
func (c claims) find(name string) any {
	if claim, ok := c[name]; ok {
		return claim
	}
	first, rest, nested := strings.Cut(name, ".")
	inner, _ := c[first].(map[string]any)
	if !nested || inner == nil {
		return nil
	}
	return claims(inner).find(rest)
}

// time reads a claim that is a time: seconds since 1970. Times in the far
// future are refused.
func (c claims) time(name string) (time.Time, bool) {
	seconds, ok := c[name].(float64)
	if !ok || seconds < 0 || seconds > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// begun tells whether a time is past, or not given.
func (c claims) begun(name string, now time.Time) bool {
	if _, given := c[name]; !given {
		return true
	}
	start, ok := c.time(name)
	return ok && !now.Before(start)
}
