package proofs

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestOutsiderChecksAttestations: the script in docs, which shares no code with
// us, recognises valid, tampered and superseded attestations.
func TestOutsiderChecksAttestations(t *testing.T) {
	script := outsider(t)
	w, _ := world.Start(t, t.TempDir())
	w.Clock.Advance(time.Until(w.Clock.Now()) - 24*time.Hour) // the script has the machine's clock, and refuses the future
	w.Populate()
	decision := decisionOf(w, "c-decided")
	_, credential := attest(w, w.Transports()["gRPC"], decision, `{"includeName":true}`)
	dir := t.TempDir()
	write := func(name, content string) string {
		file := filepath.Join(dir, name)
		world.Must(t, os.WriteFile(file, []byte(content), 0o600))
		return file
	}
	keys := write("jwks.json", w.REST("", "GET", "/.well-known/jwks.json", "").Raw)
	file := write("credential.jwt", credential)
	cases := 0
	check := func(want string, args ...string) {
		t.Helper()
		cases++
		out, err := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...).CombinedOutput()
		if !strings.Contains(string(out), want) || (err == nil) != !strings.HasPrefix(want, "NOT GOOD") {
			t.Errorf("%v: %v, said\n%swant %q", args, err, out, want)
		}
	}
	check("holder: Léa Martin\ngood", file, keys)
	check("good", file, keys, w.Base)
	parts := strings.Split(credential, ".")
	payload := strings.Replace(fromBase64URL(t, parts[1]), "Martin", "Autre", 1)
	tampered := parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + "." + parts[2]
	check("NOT GOOD: signature verification failed", write("tampered.jwt", tampered), keys)
	for name, alter := range tamperings() {
		check("NOT GOOD: "+name, write("resigned.jwt", resigned(w, credential, alter)), keys)
	}
	w.Do("jury-1", "POST", "/v1/"+decision+":rectify",
		`{"session":"sessions/s-001","membersPresent":["jury-1","jury-2"],"outcome":"NOT_CAPITALISED","motive":"erreur"}`)
	check("NOT GOOD: the service says SUPERSEDED", file, keys, w.Base)
	check("good", file, keys) // offline this cannot be known
	t.Logf("%d runs of the script", cases)
}

// tamperings are false statements that even the holder of the key cannot prove,
// by the message of the script about them.
func tamperings() map[string]func(proof, achievement map[string]any) {
	flip := func(field string) func(proof, achievement map[string]any) {
		return func(proof, _ map[string]any) {
			data, _ := base64.StdEncoding.DecodeString(proof[field].(string))
			data[len(data)-1] ^= 1
			proof[field] = base64.StdEncoding.EncodeToString(data)
		}
	}
	return map[string]func(proof, achievement map[string]any){
		"the act is not in the leaf": flip("act"),
		"the leaf is not in the journal": func(proof, _ map[string]any) {
			data, _ := base64.StdEncoding.DecodeString(proof["leaf"].(string))
			data[40] ^= 1 // in the digest of the body: the act still leads to the leaf's end
			proof["leaf"] = base64.StdEncoding.EncodeToString(data)
		},
		"the checkpoint is not signed by the certificateur": func(proof, _ map[string]any) {
			proof["checkpoint"] = strings.Replace(proof["checkpoint"].(string), "\n", "\n1", 1)
		},
		"the act is about something else": func(_, achievement map[string]any) {
			achievement["id"] = strings.Replace(achievement["id"].(string), "B1", "B2", 1)
		},
	}
}

// resigned alters a credential and signs it with the service's own key.
func resigned(w *world.World, credential string, alter func(proof, achievement map[string]any)) string {
	w.T.Helper()
	claims := claims(w, credential)
	alter(claims["acquisProof"].(map[string]any), world.Get(claims, "credentialSubject", "achievement").(map[string]any))
	payload, err := json.Marshal(claims)
	world.Must(w.T, err)
	signed := strings.Split(credential, ".")[0] + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature := ed25519.Sign(ed25519.NewKeyFromSeed(make([]byte, 32)), []byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// outsider installs the script of docs and its library in its own directory, or
// skips if that is not possible.
func outsider(t *testing.T) (script string) {
	t.Helper()
	dir := t.TempDir()
	source, err := os.ReadFile("../../docs/check-attestation.mjs")
	world.Must(t, err)
	script = filepath.Join(dir, "check-attestation.mjs")
	world.Must(t, os.WriteFile(script, source, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), world.Patience)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefer-offline", "jose@6.2.3")
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		if os.Getenv("ACQUIS_REQUIRE_ALL") != "" {
			t.Fatalf("npm install jose: %v\n%s", err, out)
		}
		t.Skipf("node, npm and its library jose are needed: %v\n%s", err, out)
	}
	return script
}

// TestCheckerSaysItsUsage: the script without its files says which it needs.
func TestCheckerSaysItsUsage(t *testing.T) {
	script := outsider(t)
	for _, given := range [][]string{nil, {"credential"}, {"a", "b", "c", "d"}} {
		out, err := exec.CommandContext(t.Context(), "node", append([]string{script}, given...)...).CombinedOutput()
		if failed, ok := errors.AsType[*exec.ExitError](err); !ok || failed.ExitCode() != 2 || string(out) != "usage: node check-attestation.mjs CREDENTIAL JWKS [SERVICE]\n" {
			t.Errorf("%v: %v, %s", given, err, out)
		}
	}
}
