package systemtest

import "testing"

// TestRESTForm: what the HTTP libraries would answer by themselves has the form
// of every error.
func TestRESTForm(t *testing.T) {
	w, _ := start(t, t.TempDir())
	for _, c := range []struct {
		method, path string
		http         int
		reason       string
	}{
		{"GET", "/v1//keys", 404, "PATH_UNKNOWN"},
		{"GET", "/v1/sessions/../keys", 404, "PATH_UNKNOWN"},
		{"GET", "/v1/keys/", 404, "PATH_UNKNOWN"},
		{"GET", "/", 404, "PATH_UNKNOWN"},
		{"POST", "/openapi.json", 405, "METHOD_NOT_ALLOWED"},
		{"DELETE", "/v1/keys", 405, "METHOD_NOT_ALLOWED"},
		{"BREW", "/v1/keys", 405, "METHOD_NOT_ALLOWED"},
	} {
		if a := w.rest("admin", c.method, c.path, ""); a.http != c.http || get(a.body, "details", 0, "reason") != c.reason {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.http, a.raw)
		}
	}
}

// TestUnsetMessages: JSON shows unset values and leaves unset messages out, for
// the OpenAPI document has no null.
func TestUnsetMessages(t *testing.T) {
	w, _ := start(t, t.TempDir())
	body := w.do("admin", "GET", "/v1/keys", "")
	first := list(body, "keys")[0]
	if _, shown := first["expireTime"]; shown || first["delegate"] != false || body["nextPageToken"] != "" {
		t.Errorf("answered %v", body)
	}
}
