package systemtest

import "testing"

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
