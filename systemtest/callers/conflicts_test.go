package callers

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	storepb "github.com/acquis-eval/acquis/gen/acquis/store/v1"
	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// reasonOfAnswer returns the reason of an error, or OK.
func reasonOfAnswer(a world.Answer) string {
	if reason, ok := world.Get(a.Body, "details", 0, "reason").(string); ok {
		return reason
	}
	return a.Code
}

// offTheJury are the roles that exclude JURY.
var offTheJury = []string{"ADMIN", "REGISTRAR", "DISABILITY_ADVISOR"}

// TestKeysThatExclude: a key is refused if its subject has a usable key with a
// role that excludes one of its own, in either order. Revoked and expired keys do
// not count.
func TestKeysThatExclude(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	keyOf := func(subject, more string, roles ...string) string {
		t.Helper()
		a := w.REST("admin", "POST", "/v1/keys", fmt.Sprintf(`{"subject":%q,"roles":["%s"]%s}`, subject, strings.Join(roles, `","`), more))
		return reasonOfAnswer(a)
	}
	roles := append([]string{"JURY", "ASSESSOR", "READER", "AUDITOR"}, offTheJury...)
	for i, a := range roles {
		for j, b := range roles {
			subject, want := fmt.Sprintf("s-%d-%d", i, j), "OK"
			if a == "JURY" && slices.Contains(offTheJury, b) || b == "JURY" && slices.Contains(offTheJury, a) {
				want = "ROLES_EXCLUDED"
			}
			if got := keyOf(subject, "", a); got != "OK" {
				t.Fatalf("%s: %s", a, got)
			}
			if got := keyOf(subject, "", b); got != want {
				t.Errorf("%s beside %s: %s, want %s", b, a, got, want)
			}
			if got := keyOf("t"+subject, "", b, a); a != b && got != want {
				t.Errorf("%s and %s in one: %s, want %s", b, a, got, want)
			}
		}
	}
	end := w.Clock.Now().Add(time.Second).Format(time.RFC3339)
	if got := keyOf("ending", `,"expireTime":"`+end+`"`, "REGISTRAR"); got != "OK" {
		t.Fatal(got)
	}
	if got := keyOf("ending", "", "JURY"); got != "ROLES_EXCLUDED" {
		t.Errorf("beside one that ends in a second: %s", got)
	}
	w.Clock.Advance(time.Second)
	if got := keyOf("ending", "", "JURY"); got != "OK" {
		t.Errorf("beside one that has ended: %s", got)
	}
	w.NewKeyOf("moving", `{"subject":"moving","roles":["DISABILITY_ADVISOR"]}`)
	w.Do("admin", "POST", "/v1/"+w.NameIn("admin", "/v1/keys?pageSize=1000", "keys", -1)+":revoke", `{}`)
	if got := keyOf("moving", "", "JURY"); got != "OK" {
		t.Errorf("beside one that was revoked: %s", got)
	}
}

// TestPresentWhoIsOffTheJury: a member who has a key with a role that excludes
// JURY does not count as present at any act of a jury, although no jury key is
// needed to be present.
func TestPresentWhoIsOffTheJury(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Elsewhere()
	w.Do("registrar", "POST", "/v1/sessions?sessionId=s", `{"displayName":"d","referentiel":"referentiels/mini","startDate":{"year":2026,"month":6,"day":15},
		"jury":[{"subject":"jury-1","displayName":"Une","chair":true},{"subject":"off","displayName":"Off","external":true}]}`)
	w.Do("registrar", "POST", "/v1/sessions/s/candidacies?candidacyId=k", `{"candidate":"candidates/c-dec","scope":"BLOCS","blocs":["B1"]}`)
	w.Assess("assessor-1", "sessions/s/candidacies/k", "MET")
	decision := w.NameIn("reader", "/v1/candidates/c-dec/decisions", "decisions", -1)
	const present = `"membersPresent":["jury-1","off"]`
	acts := map[string]string{
		"/v1/" + decision + ":rectify":                      `{"session":"sessions/s",` + present + `,"outcome":"CAPITALISED","motive":"m"}`,
		"/v1/candidates/c-prior/capitalisations/mini:award": `{"session":"sessions/s",` + present + `}`,
		"/v1/sessions/s/candidacies/k:deliberate":           `{"gridEtag":"` + w.GridEtag("jury-1", "sessions/s/candidacies/k") + `",` + present + `}`,
	}
	try := func(what string, excluded bool) {
		t.Helper()
		for path, body := range acts {
			if got := reasonOfAnswer(w.REST("jury-1", "POST", path, body)); (got == "ROLES_EXCLUDED") != excluded {
				t.Errorf("%s, %s: %s", what, path, got)
			}
		}
	}
	for _, role := range offTheJury {
		w.NewKeyOf("off", `{"subject":"off","roles":["READER","`+role+`"]}`)
		try(role, true)
		w.Do("admin", "POST", "/v1/"+w.NameIn("admin", "/v1/keys?pageSize=1000", "keys", -1)+":revoke", `{}`)
	}
	try("revoked", false)
}

// TestKeysThatExcludeRace: if two keys that exclude each other are created at the
// same time, one is created.
func TestKeysThatExcludeRace(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	for n := range 20 {
		var made atomic.Int32
		var all sync.WaitGroup
		for _, role := range []string{"JURY", "REGISTRAR", "JURY", "ADMIN"} {
			all.Go(func() {
				if a := w.REST("admin", "POST", "/v1/keys", fmt.Sprintf(`{"subject":"racer-%d","roles":[%q]}`, n, role)); a.Code == "OK" && role == "JURY" {
					made.Add(1)
				} else if a.Code == "OK" {
					made.Add(100)
				}
			})
		}
		all.Wait()
		if got := made.Load(); got != 2 && got != 200 {
			t.Errorf("made %d of JURY, %d of others", got%100, got/100)
		}
	}
}

// TestKeysThatExcludeAlready: if the store already has keys that exclude each
// other, the one of the jury is refused: nobody is locked out by it.
func TestKeysThatExcludeAlready(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKeyOf("sits", `{"subject":"sits","roles":["JURY"]}`)
	world.Must(t, w.Store.Update(t.Context(), store.Act{}, func(to store.Writer) error {
		return store.Keys.Put(to, []byte("planted"), &storepb.Key{Id: "planted", Subject: "sits", Roles: []acquispb.Role_Enum{acquispb.Role_ADMIN}})
	}))
	for name, call := range w.Transports() {
		if got := reasonOfAnswer(call("sits", "GET", "/v1/referentiels", "")); got != "ROLES_EXCLUDED" {
			t.Errorf("over %s the juror: %s", name, got)
		}
		if got := reasonOfAnswer(call("admin", "GET", "/v1/keys", "")); got != "OK" {
			t.Errorf("over %s the administrator: %s", name, got)
		}
	}
	world.Must(t, w.Store.Update(t.Context(), store.Act{}, func(to store.Writer) error {
		return store.Keys.Put(to, []byte("planted"), &storepb.Key{Id: "planted", Subject: "admin", Roles: []acquispb.Role_Enum{acquispb.Role_JURY}})
	}))
	if got := reasonOfAnswer(w.REST("admin", "GET", "/v1/keys", "")); got != "OK" {
		t.Errorf("the administrator beside a key of the jury: %s", got)
	}
	if got := reasonOfAnswer(w.REST("sits", "GET", "/v1/referentiels", "")); got != "OK" {
		t.Errorf("the juror, after the other key has another subject: %s", got)
	}
}

// TestTokensThatExclude: a token is refused if its roles exclude each other, or a
// role of a usable key of its subject, in either direction.
func TestTokensThatExclude(t *testing.T) {
	i := newIssuer(t)
	w, _ := world.Start(t, t.TempDir(), i.trust)
	for _, c := range []struct {
		key    string // a role of a key of the same subject
		groups string
		want   string
	}{
		{"", "jury", "OK"}, {"", "jury teach control", "OK"}, {"", "office it health", "OK"},
		{"", "jury office", "ROLES_EXCLUDED"}, {"", "it teach jury", "ROLES_EXCLUDED"}, {"", "health jury", "ROLES_EXCLUDED"},
		{"REGISTRAR", "jury", "ROLES_EXCLUDED"}, {"ADMIN", "jury", "ROLES_EXCLUDED"}, {"DISABILITY_ADVISOR", "jury", "ROLES_EXCLUDED"},
		{"JURY", "office", "ROLES_EXCLUDED"}, {"JURY", "it", "ROLES_EXCLUDED"}, {"JURY", "health", "ROLES_EXCLUDED"},
		{"JURY", "teach", "OK"}, {"ASSESSOR", "jury", "OK"}, {"REGISTRAR", "teach", "OK"},
	} {
		subject := fmt.Sprintf("p-%s-%s", c.key, strings.ReplaceAll(c.groups, " ", "-"))
		token := i.token("ed", i.claims(w.Clock.Now(), map[string]any{"sub": subject, "realm": map[string]any{"groups": strings.Fields(c.groups)}}))
		if c.key != "" {
			w.NewKeyOf(subject, fmt.Sprintf(`{"subject":"oidc:%s","roles":[%q]}`, subject, c.key))
		}
		for name, call := range w.Transports() {
			if got := reasonOfAnswer(call(token, "GET", "/v1/referentiels", "")); got != c.want {
				t.Errorf("%v over %s: %s", c, name, got)
			}
		}
		if c.key == "" || c.want == "OK" {
			continue
		}
		if got := reasonOfAnswer(w.REST(subject, "GET", "/v1/referentiels", "")); got != "OK" {
			t.Errorf("%v: the key is refused too: %s", c, got)
		}
		w.Do("admin", "POST", "/v1/"+w.NameIn("admin", "/v1/keys?pageSize=1000", "keys", -1)+":revoke", `{}`)
		if got := reasonOfAnswer(w.REST(token, "GET", "/v1/referentiels", "")); got != "OK" {
			t.Errorf("%v: once the key is revoked: %s", c, got)
		}
	}
}

// TestLastAdminKey: an admin key without an expiry must remain, in addition to
// any others.
func TestLastAdminKey(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	revoke := func(by string, n int) string {
		t.Helper()
		return reasonOfAnswer(w.REST(by, "POST", "/v1/"+w.NameIn(by, "/v1/keys?pageSize=1000", "keys", n)+":revoke", `{}`))
	}
	end := w.Clock.Now().Add(5 * time.Second).Format(time.RFC3339)
	w.NewKeyOf("ending", `{"subject":"ending","roles":["ADMIN"],"expireTime":"`+end+`"}`)
	if got := revoke("ending", 0); got != "LAST_ADMIN_KEY" {
		t.Errorf("the last one, beside one that ends in seconds: %s", got)
	}
	w.NewKey("second", "ADMIN")
	if got := revoke("admin", 2); got != "OK" {
		t.Errorf("one of two: %s", got)
	}
	if got := revoke("ending", 0); got != "LAST_ADMIN_KEY" {
		t.Errorf("the last one, beside one that was revoked: %s", got)
	}
	if got := revoke("admin", 1); got != "OK" {
		t.Errorf("one that ends, beside one that does not: %s", got)
	}
	w.NewKey("third", "ADMIN", "READER")
	if got := revoke("third", 0); got != "OK" {
		t.Errorf("the first, beside another: %s", got)
	}
	if got := revoke("third", 3); got != "LAST_ADMIN_KEY" {
		t.Errorf("the last of all: %s", got)
	}
}
