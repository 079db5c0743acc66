package transport

import (
	"testing"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestRESTForm: errors that the HTTP libraries would create themselves have the
// form of every error.
func TestRESTForm(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	for _, c := range []struct {
		method, path string
		http         int
		reason       string
	}{
		{"GET", "/v1//keys", 400, "MALFORMED_REQUEST"},
		{"GET", "/v1/sessions/../keys", 400, "MALFORMED_REQUEST"},
		{"GET", "/v1/keys/", 400, "MALFORMED_REQUEST"},
		{"GET", "/v1/%6Beys", 400, "MALFORMED_REQUEST"},
		{"GET", "/v1/sessions%2Fs-001", 400, "MALFORMED_REQUEST"},
		{"GET", "/v1/sessions/s-001:close", 405, "METHOD_NOT_ALLOWED"},
		{"GET", "/", 404, "PATH_UNKNOWN"},
		{"POST", "/openapi.json", 405, "METHOD_NOT_ALLOWED"},
		{"DELETE", "/v1/keys", 405, "METHOD_NOT_ALLOWED"},
		{"BREW", "/v1/keys", 405, "METHOD_NOT_ALLOWED"},
	} {
		if a := w.REST("admin", c.method, c.path, ""); a.HTTP != c.http || world.Get(a.Body, "details", 0, "reason") != c.reason {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.HTTP, a.Raw)
		}
	}
}

// TestUnsetMessages: JSON shows unset values and leaves unset messages out,
// because the OpenAPI document has no null.
func TestUnsetMessages(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	body := w.Do("admin", "GET", "/v1/keys", "")
	first := world.List(body, "keys")[0]
	if _, shown := first["expireTime"]; shown || first["delegate"] != false || body["nextPageToken"] != "" {
		t.Errorf("answered %v", body)
	}
}
