package authn

import (
	"bytes"
	"encoding/base64"
	"testing"
	"time"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

func goodOIDC() OIDC {
	return OIDC{
		Issuer: "https://issuer.example", Audience: "acquis", SubjectClaim: "sub", SubjectPrefix: "oidc:",
		RolesClaim: "groups", Roles: map[string][]acquispb.Role_Enum{"it": {acquispb.Role_ADMIN}},
		Algorithms: []string{"RS256"},
	}
}

// TestOIDCCheck: a configuration that would let others make tokens is refused.
func TestOIDCCheck(t *testing.T) {
	if o := goodOIDC(); o.Check() != nil {
		t.Fatal(o.Check())
	}
	for name, change := range map[string]func(*OIDC){
		"plain http":             func(o *OIDC) { o.Issuer = "http://issuer.example" },
		"http, loopback by name": func(o *OIDC) { o.Issuer = "http://127.0.0.1.issuer.example" },
		"no host":                func(o *OIDC) { o.Issuer = "https://" },
		"a file":                 func(o *OIDC) { o.Issuer = "file:///etc/issuer" },
		"a user":                 func(o *OIDC) { o.Issuer = "https://a:b@issuer.example" },
		"a query":                func(o *OIDC) { o.Issuer = "https://issuer.example?x=1" },
		"no audience":            func(o *OIDC) { o.Audience = "" },
		"no subject claim":       func(o *OIDC) { o.SubjectClaim = "" },
		"prefix of no subject":   func(o *OIDC) { o.SubjectPrefix = "a b" },
		"roles without a claim":  func(o *OIDC) { o.RolesClaim = "" },
		"a claim without roles":  func(o *OIDC) { o.Roles = nil },
		"no algorithm":           func(o *OIDC) { o.Algorithms = nil },
		"none":                   func(o *OIDC) { o.Algorithms = []string{"RS256", "none"} },
		"HS256":                  func(o *OIDC) { o.Algorithms = []string{"HS256"} },
		"too much skew":          func(o *OIDC) { o.ClockSkew = 6 * time.Minute },
		"skew below 0":           func(o *OIDC) { o.ClockSkew = -1 },
	} {
		o := goodOIDC()
		if change(&o); o.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for _, local := range []string{"http://127.0.0.1:1/realm", "http://[::1]:1", "http://localhost:1"} {
		o := goodOIDC()
		if o.Issuer = local; o.Check() != nil {
			t.Errorf("%s: %v", local, o.Check())
		}
	}
}

// TestClaimsThatSayNothing: no claim makes a delegate, and only the configured
// claim gives roles.
func TestClaimsThatSayNothing(t *testing.T) {
	tokens := &tokens{OIDC: goodOIDC()}
	caller, err := tokens.caller(claims{
		"sub": "admin", "delegate": true, "roles": []any{"ADMIN"}, "role": "ADMIN", "key_id": "k", "centre": "LYON", "Groups": "it", "GROUPS": []any{"it"},
	})
	if err != nil || caller.Delegate || len(caller.Roles) > 0 || caller.KeyID != "" || caller.Subject != "oidc:admin" || caller.Centre != "" {
		t.Errorf("%+v, %v", caller, err)
	}
}

// TestKeysURL: an issuer's keys must be fetched as securely as its document.
func TestKeysURL(t *testing.T) {
	const safe, local = "https://issuer.example", "http://127.0.0.1:1"
	for _, c := range []struct {
		issuer, keys string
		good         bool
	}{
		{safe, "https://keys.example/k?p=1", true}, {local, "http://127.0.0.1:2/k", true}, {local, "https://keys.example", true},
		{safe, "http://keys.example", false}, {safe, "http://127.0.0.1/k", false}, {local, "http://keys.example", false},
		{safe, "", false}, {safe, "file:///k", false}, {safe, "/k", false},
	} {
		if err := (&issuer{url: c.issuer}).checkKeysURL(c.keys); (err == nil) != c.good {
			t.Errorf("%s with keys at %q: %v", c.issuer, c.keys, err)
		}
	}
}

// TestReadKeys: only public keys of sufficient strength are used.
func TestReadKeys(t *testing.T) {
	const ed = `{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	huge := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, maxRSABits/8+1))
	keys, err := readKeys([]byte(`{"keys":[{"kty":"RSA","kid":"huge","n":"` + huge + `","e":"AQAB"},{"kty":"oct","kid":"oct","k":"c2VjcmV0"},{"kty":"NEW","kid":"new"},7,
		{"kty":"RSA","kid":"weak","n":"vGyLTGLOX0Yx3KpBjQ4yWQ","e":"AQAB"},` + ed + `]}`))
	if err != nil || len(keys) != 1 || keys[0].KeyID != "ed" {
		t.Errorf("%v, %v", keys, err)
	}
	for _, bad := range []string{``, `[]`, `{}`, `null`, `{"keys":null}`, `{"keys":{}}`, `<html>`} {
		if keys, err := readKeys([]byte(bad)); err == nil {
			t.Errorf("%s: %v", bad, keys)
		}
	}
	for _, none := range []string{`{"keys":[]}`, `{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`} {
		if keys, err := readKeys([]byte(none)); err != nil || len(keys) > 0 {
			t.Errorf("%s: %v, %v", none, keys, err)
		}
	}
}

// FuzzClaims: a token never makes a subject that the journal could not name, and
// gives only configured roles.
func FuzzClaims(f *testing.F) {
	f.Add("b0b", "it", "LYON")
	f.Add("", "ADMIN", "*")
	f.Add("a\nb", "it", "")
	f.Fuzz(func(t *testing.T, subject, group, centre string) {
		o := goodOIDC()
		o.CentreClaim = "a.b"
		caller, err := (&tokens{OIDC: o}).caller(claims{"sub": subject, "groups": group, "a": map[string]any{"b": centre}})
		if err != nil {
			return
		}
		if !subjectForm.MatchString(caller.Subject) || (len(caller.Roles) > 0) != (group == "it" && centre == AllCentres) {
			t.Errorf("%q %q %q made %+v", subject, group, centre, caller)
		}
	})
}

// TestTokenTimes: a token is valid from its beginning, and from when it was
// issued, to its end, extended by the clock skew. A token without an end is never
// valid.
func TestTokenTimes(t *testing.T) {
	now := time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)
	tokens := &tokens{OIDC: OIDC{ClockSkew: 30 * time.Second}}
	at := func(seconds int64) float64 { return float64(now.Unix() + seconds) }
	for what, c := range map[string]struct {
		claims claims
		want   string
	}{
		"good":                       {claims{"exp": at(60), "nbf": at(-60), "iat": at(-60)}, ""},
		"only an end":                {claims{"exp": at(60)}, ""},
		"the skew after its end":     {claims{"exp": at(-29)}, ""},
		"longer after its end":       {claims{"exp": at(-30)}, "TOKEN_EXPIRED"},
		"the skew before it begins":  {claims{"exp": at(60), "nbf": at(30)}, ""},
		"longer before it begins":    {claims{"exp": at(60), "nbf": at(31)}, "CREDENTIALS_INVALID"},
		"the skew before its making": {claims{"exp": at(60), "iat": at(30)}, ""},
		"longer before its making":   {claims{"exp": at(60), "iat": at(31)}, "CREDENTIALS_INVALID"},
		"begins at an invalid time":  {claims{"exp": at(60), "nbf": "now"}, "CREDENTIALS_INVALID"},
		"no end":                     {claims{"nbf": at(-60)}, "CREDENTIALS_INVALID"},
		"an end that is not a time":  {claims{"exp": "tomorrow"}, "CREDENTIALS_INVALID"},
		"an end beyond all time":     {claims{"exp": 1e300}, "CREDENTIALS_INVALID"},
		"an end before all time":     {claims{"exp": -1.0}, "CREDENTIALS_INVALID"},
	} {
		if got := apierr.ReasonOf(tokens.inTime(c.claims, now)); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}
