package main

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// post makes a call that must succeed, and returns its answer.
func post(t *testing.T, base, secret, path, body string) (answer map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || json.Unmarshal(text, &answer) != nil {
		t.Fatalf("%s: %d, %s %v", path, res.StatusCode, text, err)
	}
	return answer
}

// TestServeInItsPlace: days end in the zone that serve is told, by default in that of
// Paris, and it attests in the name that it is told.
func TestServeInItsPlace(t *testing.T) {
	for end, flags := range map[string][]string{
		"2199-01-01T23:00:00Z": nil,
		"2199-01-01T10:00:00Z": {"--time-zone", "Pacific/Kiritimati"},
	} {
		out, stop := serving(t, t.TempDir(), append(flags, "--issuer-url", "https://certificateur.example", "--issuer-name", "École d’Été")...)
		base := httpLine.FindStringSubmatch(out.String())[1]
		made := post(t, base, keyLine.FindStringSubmatch(out.String())[1], "/v1/keys", `{"subject":"registrar","roles":["REGISTRAR"]}`)
		registrar, _ := made["secret"].(string)
		post(t, base, registrar, "/v1/candidates?candidateId=c-1", `{"birthName":"Martin","givenNames":["Léa"],"sex":"FEMALE","birthDate":{"year":1990}}`)
		hold := post(t, base, registrar, "/v1/candidates/c-1:placeHold", `{"reason":"recours","untilDate":{"year":2199,"month":1,"day":1}}`)
		if hold["endTime"] != end {
			t.Errorf("%v: a hold ends at %v, not at %s", flags, hold["endTime"], end)
		}
		prior := post(t, base, registrar, "/v1/candidates/c-1/capitalisations/marketing:recordPriorBloc", `{"bloc":"B4","proof":"parchemin"}`)
		decisions, _ := prior["decisions"].([]any)
		decision, _ := decisions[0].(map[string]any)
		name, _ := decision["name"].(string)
		credential, _ := post(t, base, registrar, "/v1/"+name+":attest", `{}`)["credential"].(string)
		claims, err := base64.RawURLEncoding.DecodeString(strings.Split(credential+"..", ".")[1])
		if err != nil || !strings.Contains(string(claims), `"iss":"https://certificateur.example"`) || !strings.Contains(string(claims), `"École d’Été"`) {
			t.Errorf("the credential says %s, %v", claims, err)
		}
		stop()
	}
}
