package authn

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/store/memstore"
)

// A gate is an authenticator over a store in memory, at a time that the test sets.
type gate struct {
	*Authenticator
	t     *testing.T
	store *memstore.Store
	now   time.Time
}

func newGate(t *testing.T, limits AttemptLimits) *gate {
	t.Helper()
	g := &gate{t: t, store: memstore.New(), now: time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)}
	t.Cleanup(func() { must(t, g.store.Close()) })
	var err error
	g.Authenticator, err = New(Options{Store: g.store, Limits: limits, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return g.now }})
	must(t, err)
	return g
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// key stores a key of a subject, and returns its secret.
func (g *gate) key(subject string, change func(*storepb.Key), roles ...acquispb.Role_Enum) string {
	g.t.Helper()
	secret := NewSecret()
	digest := secret.Digest()
	key := &storepb.Key{Id: secret.ID, SecretSha256: digest[:], Subject: subject, Centre: "LYON", Delegate: true, Roles: roles}
	if change != nil {
		change(key)
	}
	g.put(key)
	return secret.String()
}

func (g *gate) put(key *storepb.Key) {
	g.t.Helper()
	must(g.t, g.store.Update(g.t.Context(), store.Act{Time: g.now}, func(w store.Writer) error {
		return store.Keys.Put(w, []byte(key.GetId()), key)
	}))
}

// revoke revokes the key with that secret.
func (g *gate) revoke(secret string) {
	g.t.Helper()
	parsed, err := ParseSecret(secret)
	must(g.t, err)
	must(g.t, g.store.Update(g.t.Context(), store.Act{Time: g.now}, func(w store.Writer) error {
		key, err := store.Keys.Get(w, []byte(parsed.ID))
		if err != nil {
			return err
		}
		key.RevokeTime = timestamppb.New(g.now)
		return store.Keys.Put(w, []byte(parsed.ID), key)
	}))
}

// try returns who calls with these headers, or the reason of the refusal.
func (g *gate) try(authorization ...string) (caller *call.Caller, reason string) {
	g.t.Helper()
	ctx := call.With(context.Background(), &call.Info{From: netip.MustParsePrefix("192.0.2.1/32")})
	caller, err := g.Authenticate(ctx, authorization)
	if (caller == nil) != (err != nil) {
		g.t.Errorf("%v: caller %v, %v", authorization, caller, err)
	}
	return caller, apierr.ReasonOf(err)
}

// TestKeys: a key is valid from its first to its last instant, in one header of
// the right form. Only its holder learns that it has expired or was revoked.
func TestKeys(t *testing.T) {
	g := newGate(t, AttemptLimits{})
	good := g.key("registrar", nil, acquispb.Role_REGISTRAR)
	caller, reason := g.try("Bearer " + good)
	if reason != "" || caller.Subject != "registrar" || !caller.Has(acquispb.Role_REGISTRAR) || caller.Centre != "LYON" || !caller.Delegate || caller.KeyID == "" {
		t.Fatalf("%+v, %s", caller, reason)
	}
	until := func(end time.Time) func(*storepb.Key) {
		return func(k *storepb.Key) { k.ExpireTime = timestamppb.New(end) }
	}
	revoked := g.key("gone", nil, acquispb.Role_READER)
	g.revoke(revoked)
	expired := g.key("short", until(g.now), acquispb.Role_READER)
	wrong := func(secret string) string { return secret[:len(secret)-6] + "aaaaaa" }
	for what, c := range map[string]struct {
		authorization []string
		want          string
	}{
		"any case and more blanks":         {[]string{"bEARER   " + good + " "}, ""},
		"its last instant":                 {[]string{"Bearer " + g.key("short", until(g.now.Add(time.Microsecond)), acquispb.Role_READER)}, ""},
		"the instant at which it ends":     {[]string{"Bearer " + expired}, "KEY_EXPIRED"},
		"revoked":                          {[]string{"Bearer " + revoked}, "KEY_REVOKED"},
		"revoked and expired":              {[]string{"Bearer " + g.key("x", func(k *storepb.Key) { until(g.now)(k); k.RevokeTime = timestamppb.New(g.now) })}, "KEY_REVOKED"},
		"a wrong secret":                   {[]string{"Bearer " + wrong(good)}, "CREDENTIALS_INVALID"},
		"a wrong secret of a revoked key":  {[]string{"Bearer " + wrong(revoked)}, "CREDENTIALS_INVALID"},
		"a wrong secret of an expired key": {[]string{"Bearer " + wrong(expired)}, "CREDENTIALS_INVALID"},
		"a key that never existed":         {[]string{"Bearer " + NewSecret().String()}, "CREDENTIALS_INVALID"},
		"no credential":                    {nil, "CREDENTIALS_MISSING"},
		"another scheme":                   {[]string{"Basic " + good}, "CREDENTIALS_INVALID"},
		"no scheme":                        {[]string{good}, "CREDENTIALS_INVALID"},
		"two headers":                      {[]string{"Bearer " + good, "Bearer " + good}, "CREDENTIALS_INVALID"},
		"a token, without an issuer":       {[]string{"Bearer a.b.c"}, "CREDENTIALS_INVALID"},
		"something after it in a header":   {[]string{"Bearer " + good + " " + good}, "CREDENTIALS_INVALID"},
	} {
		if _, got := g.try(c.authorization...); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

// TestDeadKeyIsHeldUp: a key that is no longer valid counts like any invalid
// credential, and another valid key from the same address is not delayed.
func TestDeadKeyIsHeldUp(t *testing.T) {
	g := newGate(t, AttemptLimits{PerCredential: 3, PerAddress: 5})
	dead, alive := "Bearer "+g.key("dead", nil, acquispb.Role_READER), "Bearer "+g.key("alive", nil, acquispb.Role_READER)
	for _, credential := range []string{dead, alive} {
		if _, reason := g.try(credential); reason != "" {
			t.Fatal(reason)
		}
	}
	g.revoke(dead[len("Bearer "):])
	var got []string
	for range 5 {
		_, reason := g.try(dead)
		got = append(got, reason)
	}
	if got[0] != "KEY_REVOKED" || got[2] != "KEY_REVOKED" || got[3] != "TOO_MANY_ATTEMPTS" {
		t.Errorf("a key that is no longer valid gets %v", got)
	}
	for range 9 {
		g.try("Bearer nonsense")
	}
	if _, reason := g.try(alive); reason != "" {
		t.Errorf("a recently valid key is delayed: %s", reason)
	}
	if _, reason := g.try("Bearer " + g.key("new", nil, acquispb.Role_READER)); reason != "TOO_MANY_ATTEMPTS" {
		t.Errorf("a new key from an address with too many bad ones: %q", reason)
	}
}

// TestRolesThatExclude: JURY excludes three roles over all usable keys of a
// subject, and the key of the jury is refused. A revoked or expired key excludes
// nobody.
func TestRolesThatExclude(t *testing.T) {
	for _, other := range []acquispb.Role_Enum{acquispb.Role_ADMIN, acquispb.Role_REGISTRAR, acquispb.Role_DISABILITY_ADVISOR} {
		g := newGate(t, AttemptLimits{})
		jury, second := g.key("both", nil, acquispb.Role_JURY), g.key("both", nil, other)
		g.key("somebody else", nil, other)
		if _, reason := g.try("Bearer " + jury); reason != "ROLES_EXCLUDED" {
			t.Errorf("JURY beside %v: %q", other, reason)
		}
		if _, reason := g.try("Bearer " + second); reason != "" {
			t.Errorf("%v beside JURY: %q", other, reason)
		}
		g.revoke(second)
		if _, reason := g.try("Bearer " + jury); reason != "" {
			t.Errorf("JURY, once the key with %v is revoked: %q", other, reason)
		}
		g.key("both", func(k *storepb.Key) { k.ExpireTime = timestamppb.New(g.now) }, other)
		if _, reason := g.try("Bearer " + jury); reason != "" {
			t.Errorf("JURY beside an expired key with %v: %q", other, reason)
		}
		capital := g.key("Both", nil, other)
		if _, reason := g.try("Bearer " + jury); reason != "ROLES_EXCLUDED" {
			t.Errorf("JURY beside %v of the same subject in capitals: %q", other, reason)
		}
		must(t, g.store.View(t.Context(), func(r store.Reader) error {
			if err := CheckPresent(r, []string{"bOTH"}, g.now); apierr.ReasonOf(err) != "ROLES_EXCLUDED" {
				t.Errorf("present, with a usable key in capitals with %v: %v", other, err)
			}
			return nil
		}))
		g.revoke(capital)
		must(t, g.store.View(t.Context(), func(r store.Reader) error {
			key := &storepb.Key{Subject: "both", Roles: []acquispb.Role_Enum{other}}
			if err := CheckNewKey(r, key, g.now); apierr.ReasonOf(err) != "ROLES_EXCLUDED" {
				t.Errorf("a new key with %v beside JURY: %v", other, err)
			}
			if err := CheckPresent(r, []string{"both"}, g.now); err != nil {
				t.Errorf("present, once no other key is usable: %v", err)
			}
			if err := CheckPresent(r, []string{"nobody", "somebody else"}, g.now); apierr.ReasonOf(err) != "ROLES_EXCLUDED" {
				t.Errorf("present, with a usable key with %v: %v", other, err)
			}
			return nil
		}))
	}
	g := newGate(t, AttemptLimits{})
	if _, reason := g.try("Bearer " + g.key("one", nil, acquispb.Role_JURY, acquispb.Role_ASSESSOR)); reason != "" {
		t.Errorf("JURY and ASSESSOR: %q", reason)
	}
	if _, reason := g.try("Bearer " + g.key("one", nil, acquispb.Role_JURY, acquispb.Role_ADMIN)); reason != "ROLES_EXCLUDED" {
		t.Errorf("JURY and ADMIN in one key: %q", reason)
	}
}
