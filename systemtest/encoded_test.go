package systemtest

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// preparedPaths show what never changes.
func (w *world) preparedPaths() []string {
	current := w.do("admin", "GET", "/v1/referentiels/marketing", "")["revision"].(string)
	return []string{
		"/v1/referentiels/marketing", "/v1/" + current, "/v1/referentiels/marketing/blocs/B1", "/v1/" + current + "/blocs/B2",
	}
}

// TestPreparedAnswers: what is served as bytes says over both transports, packed
// or not, what the list and the publication of it say.
func TestPreparedAnswers(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.newKey("reader", "REGISTRAR")
	for _, path := range w.preparedPaths() {
		for range 2 { // encoded, and as it was kept
			plain := w.rest("reader", "GET", path, "", "Accept-Encoding", "gzip;q=0")
			packed := w.rest("reader", "GET", path, "") // the client asks for gzip by itself
			overGRPC := w.grpc("reader", "GET", path, "")
			if plain.http != 200 || overGRPC.code != "OK" || plain.body["code"] == nil && plain.body["blocs"] == nil {
				t.Fatalf("GET %s answers %d %s, %s over gRPC", path, plain.http, plain.raw, overGRPC.code)
			}
			if diff := cmp.Diff(plain.body, overGRPC.body); diff != "" {
				t.Errorf("GET %s differs over gRPC:\n%s", path, diff)
			}
			if plain.raw != packed.raw || plain.head.Get("Content-Type") != "application/json" || plain.head.Get("X-Request-Id") == "" {
				t.Errorf("GET %s: packed differs, or its headers are %v", path, plain.head)
			}
			for header, want := range map[string]string{"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding", "Content-Encoding": ""} {
				if got := plain.head.Get(header); got != want {
					t.Errorf("GET %s: %s is %q, want %q", path, header, got, want)
				}
			}
		}
	}
	for _, path := range []string{"/v1/referentiels", "/v1/keys", "/v1/referentiels/none"} {
		a := w.rest("admin", "GET", path, "", "If-None-Match", "*")
		if a.head.Get("Cache-Control") != "no-store" || a.head.Get("Etag") != "" || a.http == http.StatusNotModified {
			t.Errorf("GET %s may be kept: %d %v", path, a.http, a.head)
		}
	}
}

// TestPackedAnswers: gzip is sent where it is asked for, and is what it says.
func TestPackedAnswers(t *testing.T) {
	w, _ := start(t, t.TempDir())
	plain := w.rest("admin", "GET", "/v1/referentiels/marketing", "")
	for asked, isPacked := range map[string]bool{
		"gzip": true, "br, GZIP ; q=0.5": true, "gzip;q=1.0": true, "gzip;q=0": false, "gzip; q=0.00": false, "br": false, "identity, xgzip": false,
	} {
		raw, head, _ := w.conditional("admin", "/v1/referentiels/marketing", "Accept-Encoding", asked)
		if (head.Get("Content-Encoding") == "gzip") != isPacked {
			t.Errorf("Accept-Encoding: %s brings Content-Encoding %q", asked, head.Get("Content-Encoding"))
			continue
		}
		if isPacked {
			r, err := gzip.NewReader(strings.NewReader(raw))
			must(t, err)
			unpacked, err := io.ReadAll(r)
			must(t, err)
			raw = string(unpacked)
		}
		if raw != plain.raw {
			t.Errorf("Accept-Encoding: %s brings another answer", asked)
		}
	}
}

// conditional gets a path with no header but those given, and takes the answer
// as it comes: there may be no body.
func (w *world) conditional(key, path string, headers ...string) (raw string, head http.Header, code int) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.base+path, nil)
	must(w.t, err)
	req.Header.Set("Accept-Encoding", "identity") // else the client would ask, and unpack
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+w.secret(key))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Accept-Encoding" {
			req.Header.Del(headers[i])
		}
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := w.client.Do(req)
	must(w.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(w.t, err)
	return string(body), res.Header, res.StatusCode
}

// TestNotModified: who has an answer already is told so, and nothing more.
func TestNotModified(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.newKey("reader", "REGISTRAR")
	const path = "/v1/referentiels/marketing"
	weak := w.rest("reader", "GET", path, "").head.Get("Etag")
	strong, ok := strings.CutPrefix(weak, "W/")
	if !ok || len(strong) != 34 {
		t.Fatalf("the tag is %q", weak)
	}
	for given, want := range map[string]int{
		weak: 304, strong: 304, "*": 304, ` * `: 304,
		`"other", ` + weak: 304, `W/"a,b" ,,` + strong + `, "c"`: 304,
		`"other"`: 200, "": 200, strings.Trim(strong, `"`): 200, `W/` + strings.Trim(strong, `"`): 200,
		`"` + strings.Trim(strong, `"`): 200, `broken, ` + weak: 200, `"other", *`: 200, `w/` + strong: 200,
	} {
		raw, head, code := w.conditional("reader", path, "If-None-Match", given)
		if code != want || (code == 304) != (raw == "") {
			t.Errorf("If-None-Match: %s is answered %d with %d bytes, want %d", given, code, len(raw), want)
		}
		if head.Get("Etag") != weak || head.Get("Cache-Control") != "private, no-cache" || head.Get("X-Request-Id") == "" {
			t.Errorf("If-None-Match: %s brings the headers %v", given, head)
		}
	}
	if _, _, code := w.conditional("reader", path, "If-None-Match", `"a"`, "If-None-Match", weak); code != 304 {
		t.Errorf("two headers are answered %d", code)
	}
	if _, _, code := w.conditional("reader", path, "If-None-Match", weak, "Accept-Encoding", "gzip"); code != 304 {
		t.Errorf("packed, it is answered %d", code)
	}
}

// TestNotModifiedForWhoMayCall: no tag tells anything to who may not call.
func TestNotModifiedForWhoMayCall(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.newKey("gone", "REGISTRAR")
	const path = "/v1/referentiels/marketing"
	tag := w.rest("gone", "GET", path, "").head.Get("Etag")
	w.do("admin", "POST", "/v1/keys/"+strings.Split(w.keys["gone"], "_")[1]+":revoke", `{}`)
	for key, want := range map[string]int{"": 401, "gone": 401, "acq_wrong_key": 401, "admin": 304} {
		for _, given := range []string{tag, "*"} {
			_, head, code := w.conditional(key, path, "If-None-Match", given)
			if code != want || want == 401 && (head.Get("Etag") != "" || head.Get("Cache-Control") != "no-store") {
				t.Errorf("%q with If-None-Match %s is answered %d %v, want %d", key, given, code, head, want)
			}
		}
	}
}

// TestPublishedAtOnce: a new revision is what the next call gets, over both
// transports, and the tag of the one before no longer holds; that one says from
// now on that it is not the current one.
func TestPublishedAtOnce(t *testing.T) {
	w, _ := start(t, t.TempDir())
	var last, lastTag string
	for _, name := range []string{"one", "two", "one"} {
		w.publishMini(name, "")
		a := w.rest("admin", "GET", "/v1/referentiels/mini", "", "If-None-Match", `"none"`)
		overGRPC := w.grpc("admin", "GET", "/v1/referentiels/mini", "")
		if a.body["displayName"] != name || overGRPC.body["displayName"] != name || a.body["revision"] == last {
			t.Fatalf("after %s was published, REST shows %v, gRPC %v", name, a.body["displayName"], overGRPC.body["displayName"])
		}
		if _, _, code := w.conditional("admin", "/v1/referentiels/mini", "If-None-Match", lastTag); code != 200 {
			t.Errorf("the tag before %s still holds: %d", name, code)
		}
		for path, current := range map[string]bool{a.body["revision"].(string): true, last: false} {
			if path == "" {
				continue
			}
			for transport, call := range w.transports() {
				if got := call("admin", "GET", "/v1/"+path, "").body["current"]; got != current {
					t.Errorf("%s: %s is current: %v, want %v", transport, path, got, current)
				}
			}
		}
		last, lastTag = a.body["revision"].(string), a.head.Get("Etag")
	}
}
