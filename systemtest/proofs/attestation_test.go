package proofs

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/acquis-eval/acquis/credential"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/store"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// attest attests a decision and returns code and credential.
func attest(w *world.World, call world.Door, decision, body string) (code, credential string) {
	w.T.Helper()
	answer := w.Expect(call, "registrar", "POST", "/v1/"+decision+":attest", body,
		"attestation.decision", decision, "attestation.author", "registrar", "attestation.state", "VALID")
	return answer["code"].(string), answer["credential"].(string)
}

// state returns what anybody learns about a code or a credential.
func state(w *world.World, call world.Door, field, presented string) any {
	w.T.Helper()
	body, err := json.Marshal(map[string]string{field: presented})
	world.Must(w.T, err)
	return w.Expect(call, "", "POST", "/v1/attestations:verify", string(body))["state"]
}

// claims reads a credential after checking its signature with the published keys.
func claims(w *world.World, credential string) map[string]any {
	w.T.Helper()
	parts := strings.Split(credential, ".")
	header, payload := fromBase64URL(w.T, parts[0]), fromBase64URL(w.T, parts[1])
	var head map[string]string
	world.Must(w.T, json.Unmarshal([]byte(header), &head))
	if head["alg"] != "EdDSA" || head["typ"] != "JWT" {
		w.T.Errorf("header %v", head)
	}
	for _, key := range world.List(w.REST("", "GET", "/.well-known/jwks.json", "").Body, "keys") {
		public := ed25519.PublicKey(fromBase64URL(w.T, key["x"].(string)))
		if key["kid"] == head["kid"] && ed25519.Verify(public, []byte(parts[0]+"."+parts[1]), []byte(fromBase64URL(w.T, parts[2]))) {
			var claims map[string]any
			world.Must(w.T, json.Unmarshal([]byte(payload), &claims))
			return claims
		}
	}
	w.T.Fatal("no published key signed the credential")
	return nil
}

func fromBase64URL(t testing.TB, text string) string {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	world.Must(t, err)
	return string(data)
}

// decisionOf returns the name of the first decision about a candidate.
func decisionOf(w *world.World, candidate string) string {
	w.T.Helper()
	found := w.Do("reader", "GET", "/v1/candidates/"+candidate+"/decisions", "")
	return world.Get(found, "decisions", 0, "name").(string)
}

// TestAttestations: anybody can verify a code and a credential; both show the
// public act and nothing about the holder, and are superseded with their
// decision.
func TestAttestations(t *testing.T) {
	for _, name := range []string{"REST", "gRPC"} {
		t.Run(name, func(t *testing.T) {
			w, _ := world.Start(t, t.TempDir())
			w.Populate()
			call := w.Transports()[name]
			decision := decisionOf(w, "c-decided")
			code, credential := attest(w, call, decision, "{}")
			for _, typed := range []string{code, strings.ToLower(strings.ReplaceAll(code, "-", " "))} {
				if got := state(w, call, "code", typed); got != "VALID" {
					t.Errorf("%q is %v", typed, got)
				}
			}
			act := w.Expect(call, "", "GET", "/v1/attestations/"+code+":verify", "", "state", "VALID", "kind", "BLOC", "bloc", "B1", "outcome", "CAPITALISED")
			shown := world.Get(claims(w, credential), "credentialSubject", "achievement", "id")
			if want := "urn:acquis:" + act["referentiel"].(string) + "/blocs/B1"; shown != want {
				t.Errorf("the credential shows %v, want %v", shown, want)
			}
			if got := state(w, call, "credential", credential+"\n"); got != "VALID" {
				t.Errorf("the credential is %v", got)
			}
			answer := call("", "GET", "/v1/attestations/"+code+":verify", "")
			for _, word := range []string{"identifier", "Martin", "Léa", "c-decided", "jury-1", "k-decided", "s-001", "registrar"} {
				claims, err := json.Marshal(claims(w, credential))
				world.Must(t, err)
				if strings.Contains(answer.Raw, word) || bytes.Contains(claims, []byte(word)) {
					t.Errorf("%q is revealed: %s\n%s", word, answer.Raw, claims)
				}
			}
			w.Expect(call, "jury-1", "POST", "/v1/"+decision+":rectify",
				`{"session":"sessions/s-001","membersPresent":["jury-1","jury-2"],"outcome":"NOT_CAPITALISED","motive":"erreur"}`)
			for field, presented := range map[string]string{"code": code, "credential": credential} {
				if got := state(w, call, field, presented); got != "SUPERSEDED" {
					t.Errorf("after the rectification the %s is %v", field, got)
				}
			}
			w.Expect(call, "", "GET", "/v1/attestations/"+code+":verify", "", "state", "SUPERSEDED", "bloc", "B1", "outcome", "CAPITALISED")
			if a := call("registrar", "POST", "/v1/"+decision+":attest", "{}"); world.Get(a.Body, "details", 0, "reason") != "DECISION_SUPERSEDED" {
				t.Errorf("a superseded decision: %s", a.Raw)
			}
			other := decisions(w, "c-decided")[1]
			if a := call("registrar", "POST", "/v1/"+other+":attest", "{}"); world.Get(a.Body, "details", 0, "reason") != "NOTHING_TO_ATTEST" {
				t.Errorf("a bloc that is not capitalised: %s", a.Raw)
			}
		})
	}
}

// decisions returns the names of the decisions about a candidate.
func decisions(w *world.World, candidate string) (names []string) {
	w.T.Helper()
	for _, d := range world.List(w.Do("reader", "GET", "/v1/candidates/"+candidate+"/decisions", ""), "decisions") {
		names = append(names, d["name"].(string))
	}
	return names
}

// TestCredential: a credential has the fields of an Open Badge as a VC-JWT, and
// its proof leads from the act to the signed checkpoint.
func TestCredential(t *testing.T) {
	w, _ := world.Start(t, t.TempDir(), func(o *server.Options) {
		o.Issuer = credential.Issuer{URL: "https://certificateur.example", Name: "École exemple"}
	})
	w.Populate()
	decision := decisionOf(w, "c-free") // a prior bloc
	_, credential := attest(w, w.Transports()["gRPC"], decision, `{"includeName":true}`)
	c := claims(w, credential)
	subject := c["credentialSubject"].(map[string]any)
	for what, pair := range map[string][2]any{
		"iss":        {c["iss"], "https://certificateur.example"},
		"issuer":     {world.Get(c, "issuer", "id"), c["iss"]},
		"its name":   {world.Get(c, "issuer", "name"), "École exemple"},
		"jti":        {c["jti"], c["id"]},
		"sub":        {c["sub"], subject["id"]},
		"type":       {world.Get(c, "type", 1), "OpenBadgeCredential"},
		"context":    {world.Get(c, "@context", 0), "https://www.w3.org/ns/credentials/v2"},
		"vc claim":   {c["vc"], nil},
		"holder":     {world.Get(subject, "identifier", 0, "identityHash"), "Léa Martin"},
		"hashed":     {world.Get(subject, "identifier", 0, "hashed"), false},
		"name":       {c["name"], world.Get(subject, "achievement", "name")},
		"of bloc B4": {strings.HasSuffix(world.Get(subject, "achievement", "id").(string), "/blocs/B4"), true},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
	from, err := time.Parse(time.RFC3339, c["validFrom"].(string))
	if err != nil || float64(from.Unix()) != c["nbf"] {
		t.Errorf("valid from %v, not before %v", c["validFrom"], c["nbf"])
	}
	_, checkpoint := checkpoint(w, w.Transports()["gRPC"])
	if err := checkDecision(t, decision, c["acquisProof"].(map[string]any), checkpoint["keys"].([]any)); err != nil {
		t.Error(err)
	}
}

// TestAttestationsCannotBeGuessed: a code that was never issued is unknown, a
// malformed one is refused; an altered credential is unknown.
func TestAttestationsCannotBeGuessed(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	code, credential := attest(w, w.Transports()["gRPC"], decisionOf(w, "c-decided"), "{}")
	for name, call := range w.Transports() {
		if a := call("", "GET", "/v1/attestations/3333-3333-3333-3333:verify", ""); a.Code != "OK" || a.Body["state"] != "UNKNOWN" || a.Body["bloc"] != "" {
			t.Errorf("%s: a code that was never issued: %s", name, a.Raw)
		}
		parts := strings.Split(credential, ".")
		payload := strings.Replace(fromBase64URL(t, parts[1]), "B1", "B2", 1)
		altered := parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + "." + parts[2]
		if got := state(w, call, "credential", altered); got != "UNKNOWN" {
			t.Errorf("%s: an altered credential is %v", name, got)
		}
		for _, body := range []string{
			`{}`, `{"code":"` + code + `","credential":"a.b.c"}`, `{"code":"3333-3333-3333-3334"}`, `{"code":"O` + code[1:] + `"}`, `{"code":"3"}`, `{"credential":"a.b"}`,
		} {
			if a := call("", "POST", "/v1/attestations:verify", body); a.Code != "INVALID_ARGUMENT" {
				t.Errorf("%s: %s: %s", name, body, a.Raw)
			}
		}
	}
	if strings.Contains(w.Logs.String(), strings.Split(code, "-")[0]+"-") || strings.Contains(w.Logs.String(), strings.ReplaceAll(code, "-", "")) {
		t.Error("the log has the code")
	}
}

// TestAttestationIsRepeated: the same request again creates nothing, and shows
// neither code nor credential again; and the store contains neither.
func TestAttestationIsRepeated(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir)
	w.Populate()
	decision := decisionOf(w, "c-decided")
	const request = `{"includeName":true,"requestId":"6f1c2f0e-3a55-4c8e-9b37-6c2c53f7d1ab"}`
	code, credential := attest(w, w.Transports()["gRPC"], decision, request)
	events := w.Events()
	for _, call := range w.Transports() {
		if code, credential := attest(w, call, decision, request); code != "" || credential != "" {
			t.Errorf("shown again: %q %q", code, credential)
		}
	}
	if w.Events() != events {
		t.Error("it was issued again")
	}
	w.Expect(w.Transports()["gRPC"], "jury-1", "POST", "/v1/"+decision+":rectify",
		`{"session":"sessions/s-001","membersPresent":["jury-1","jury-2"],"outcome":"NOT_CAPITALISED","motive":"erreur"}`)
	w.Expect(w.Transports()["gRPC"], "registrar", "POST", "/v1/"+decision+":attest", request, "attestation.state", "SUPERSEDED")
	stop()
	file, err := os.ReadFile(filepath.Join(dir, world.StoreFile))
	world.Must(t, err)
	claims := strings.Split(credential, ".")[1]
	for _, secret := range []string{code, strings.ReplaceAll(code, "-", ""), claims[:40]} {
		if bytes.Contains(file, []byte(secret)) {
			t.Errorf("the store contains %q", secret)
		}
	}
	st := world.OpenStore(t, dir)
	defer st.Close()
	world.Must(t, st.View(t.Context(), func(r store.Reader) error {
		all, err := store.Attestations.All(r, nil)
		world.Must(t, err)
		for _, a := range all {
			for _, digest := range [][]byte{a.GetCodeDigest(), a.GetCredentialDigest()} {
				if key, err := r.Get(store.KindAttestationCode, digest); err != nil || store.LastUID(key) != a.GetUid() {
					t.Errorf("index of attestation %d: %x, %v", a.GetUid(), key, err)
				}
			}
			uids, err := store.ListUIDs(r, store.KindDecisionAttestation, a.GetDecisionUid(), 0, 9)
			if err != nil || len(uids) != 1 || uids[0] != a.GetUid() {
				t.Errorf("attestations of the decision: %v, %v", uids, err)
			}
		}
		if len(all) != 1 {
			t.Errorf("%d attestations", len(all))
		}
		return nil
	}))
}

// TestAwardIsSuperseded: if a rectification ends an award, its attestation ends
// with it. A key that has signed stays published.
func TestAwardIsSuperseded(t *testing.T) {
	dir := t.TempDir()
	w, stop := world.Start(t, dir, signedBy(1, 0))
	w.MainPath(w.Transports()["gRPC"])
	all := world.List(w.Do("registrar", "GET", "/v1/candidates/c-001/decisions?filter=effective=true", ""), "decisions")
	var award, bloc string
	for _, d := range all {
		switch {
		case d["kind"] == "AWARD":
			award = d["name"].(string)
		case d["bloc"] == "B1":
			bloc = d["name"].(string)
		}
	}
	_, credential := attest(w, w.Transports()["REST"], award, "{}")
	keys := w.Keys
	stop()
	w, _ = world.Start(t, dir, signedBy(2, 0))
	w.Keys = keys
	if c := claims(w, credential); world.Get(c, "credentialSubject", "achievement", "name") == "" || state(w, w.Transports()["gRPC"], "credential", credential) != "VALID" {
		t.Errorf("after the rotation: %v", c)
	}
	res, err := http.Get(w.Base + "/.well-known/jwks.json") //nolint:noctx // as anyone would
	world.Must(t, err)
	defer res.Body.Close()
	if cache := res.Header.Get("Cache-Control"); cache != "public, max-age=300" {
		t.Errorf("the Cache-Control header is: %q", cache)
	}
	w.Do("jury-1", "POST", "/v1/"+bloc+":rectify",
		`{"session":"sessions/s-001","membersPresent":["jury-1","jury-2"],"outcome":"NOT_CAPITALISED","motive":"erreur"}`)
	if got := state(w, w.Transports()["gRPC"], "credential", credential); got != "SUPERSEDED" {
		t.Errorf("the award's attestation is %v", got)
	}
}

// TestAttestationOutlivesForgetting: decisions about a forgotten candidate stay
// valid, and so do their attestations; no new one can be issued.
func TestAttestationOutlivesForgetting(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	decision := decisionOf(w, "c-free")
	code, credential := attest(w, w.Transports()["gRPC"], decision, `{"includeName":true}`)
	w.Do("registrar", "POST", "/v1/candidates/c-free:forget", `{"ground":"OBJECTION"}`)
	for name, call := range w.Transports() {
		for _, body := range []string{`{"includeName":true}`, `{}`} {
			if a := call("registrar", "POST", "/v1/"+decision+":attest", body); world.Get(a.Body, "details", 0, "reason") != "CANDIDATE_FORGOTTEN" {
				t.Errorf("%s: %s", name, a.Raw)
			}
		}
		for field, presented := range map[string]string{"code": code, "credential": credential} {
			if got := state(w, call, field, presented); got != "VALID" {
				t.Errorf("%s: the %s is %v", name, field, got)
			}
		}
		_, checkpoint := checkpoint(w, call)
		proof := w.Expect(call, "reader", "GET", "/v1/"+decision+"/proof", "")
		if err := checkDecision(t, decision, proof, checkpoint["keys"].([]any)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoIssuer: a service that does not know who attests attests nothing, and says
// which flags it lacks.
func TestNoIssuer(t *testing.T) {
	w, _ := world.Start(t, t.TempDir(), func(o *server.Options) { o.Issuer = credential.Issuer{} })
	w.Populate()
	for name, call := range w.Transports() {
		a := call("registrar", "POST", "/v1/"+decisionOf(w, "c-free")+":attest", "{}")
		if a.Code != "FAILED_PRECONDITION" || world.Get(a.Body, "details", 0, "reason") != "ISSUER_NOT_CONFIGURED" || !strings.Contains(a.Body["message"].(string), "--issuer-url") {
			t.Errorf("%s: %+v", name, a)
		}
	}
}
