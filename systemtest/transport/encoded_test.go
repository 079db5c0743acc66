package transport

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/acquis-eval/acquis/systemtest/world"
)

// preparedPaths are paths of answers that never change.
func preparedPaths(w *world.World) []string {
	current := w.Do("admin", "GET", "/v1/referentiels/marketing", "")["revision"].(string)
	return []string{
		"/v1/referentiels/marketing", "/v1/" + current, "/v1/referentiels/marketing/blocs/B1", "/v1/" + current + "/blocs/B2",
	}
}

// TestPreparedAnswers: an answer served from cached bytes has the same content
// over both transports, compressed or not, as the list and the publication.
func TestPreparedAnswers(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKey("reader", "REGISTRAR")
	for _, path := range preparedPaths(w) {
		for range 2 { // encoded, and from the cache
			plain := w.REST("reader", "GET", path, "", "Accept-Encoding", "gzip;q=0")
			packed := w.REST("reader", "GET", path, "") // the client requests gzip by default
			overGRPC := w.GRPC("reader", "GET", path, "")
			if plain.HTTP != 200 || overGRPC.Code != "OK" || plain.Body["code"] == nil && plain.Body["blocs"] == nil {
				t.Fatalf("GET %s answers %d %s, %s over gRPC", path, plain.HTTP, plain.Raw, overGRPC.Code)
			}
			if diff := cmp.Diff(plain.Body, overGRPC.Body); diff != "" {
				t.Errorf("GET %s differs over gRPC:\n%s", path, diff)
			}
			if plain.Raw != packed.Raw || plain.Head.Get("Content-Type") != "application/json" || plain.Head.Get("X-Request-Id") == "" {
				t.Errorf("GET %s: packed differs, or its headers are %v", path, plain.Head)
			}
			for header, want := range map[string]string{"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding", "Content-Encoding": ""} {
				if got := plain.Head.Get(header); got != want {
					t.Errorf("GET %s: %s is %q, want %q", path, header, got, want)
				}
			}
		}
	}
	for _, path := range []string{"/v1/referentiels", "/v1/keys", "/v1/referentiels/none"} {
		a := w.REST("admin", "GET", path, "", "If-None-Match", "*")
		if a.Head.Get("Cache-Control") != "no-store" || a.Head.Get("Etag") != "" || a.HTTP == http.StatusNotModified {
			t.Errorf("GET %s may be cached: %d %v", path, a.HTTP, a.Head)
		}
	}
}

// TestPackedAnswers: gzip is sent if it is requested, and decompresses to the
// same answer.
func TestPackedAnswers(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	plain := w.REST("admin", "GET", "/v1/referentiels/marketing", "")
	for asked, isPacked := range map[string]bool{
		"gzip": true, "br, GZIP ; q=0.5": true, "gzip;q=1.0": true, "gzip;q=0": false, "gzip; q=0.00": false, "br": false, "identity, xgzip": false,
	} {
		raw, head, _ := conditional(w, "admin", "/v1/referentiels/marketing", "Accept-Encoding", asked)
		if (head.Get("Content-Encoding") == "gzip") != isPacked {
			t.Errorf("Accept-Encoding: %s brings Content-Encoding %q", asked, head.Get("Content-Encoding"))
			continue
		}
		if isPacked {
			r, err := gzip.NewReader(strings.NewReader(raw))
			world.Must(t, err)
			unpacked, err := io.ReadAll(r)
			world.Must(t, err)
			raw = string(unpacked)
		}
		if raw != plain.Raw {
			t.Errorf("Accept-Encoding: %s brings another answer", asked)
		}
	}
}

// conditional gets a path with only the given headers, and returns the raw
// answer, which may have no body.
func conditional(w *world.World, key, path string, headers ...string) (raw string, head http.Header, code int) {
	w.T.Helper()
	req, err := http.NewRequestWithContext(w.T.Context(), http.MethodGet, w.Base+path, nil)
	world.Must(w.T, err)
	req.Header.Set("Accept-Encoding", "identity") // otherwise the client would request gzip, and decompress
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+w.Secret(key))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Accept-Encoding" {
			req.Header.Del(headers[i])
		}
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := w.Client.Do(req)
	world.Must(w.T, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	world.Must(w.T, err)
	return string(body), res.Header, res.StatusCode
}

// TestNotModified: a client that has an answer already gets 304 without a body.
func TestNotModified(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKey("reader", "REGISTRAR")
	const path = "/v1/referentiels/marketing"
	weak := w.REST("reader", "GET", path, "").Head.Get("Etag")
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
		raw, head, code := conditional(w, "reader", path, "If-None-Match", given)
		if code != want || (code == 304) != (raw == "") {
			t.Errorf("If-None-Match: %s is answered %d with %d bytes, want %d", given, code, len(raw), want)
		}
		if head.Get("Etag") != weak || head.Get("Cache-Control") != "private, no-cache" || head.Get("X-Request-Id") == "" {
			t.Errorf("If-None-Match: %s brings the headers %v", given, head)
		}
	}
	if _, _, code := conditional(w, "reader", path, "If-None-Match", `"a"`, "If-None-Match", weak); code != 304 {
		t.Errorf("two headers are answered %d", code)
	}
	if _, _, code := conditional(w, "reader", path, "If-None-Match", weak, "Accept-Encoding", "gzip"); code != 304 {
		t.Errorf("packed, it is answered %d", code)
	}
}

// TestNotModifiedForWhoMayCall: a tag reveals nothing to a caller who may not
// call.
func TestNotModifiedForWhoMayCall(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKey("gone", "REGISTRAR")
	const path = "/v1/referentiels/marketing"
	tag := w.REST("gone", "GET", path, "").Head.Get("Etag")
	w.Do("admin", "POST", "/v1/keys/"+strings.Split(w.Keys["gone"], "_")[1]+":revoke", `{}`)
	for key, want := range map[string]int{"": 401, "gone": 401, "acq_wrong_key": 401, "admin": 304} {
		for _, given := range []string{tag, "*"} {
			_, head, code := conditional(w, key, path, "If-None-Match", given)
			if code != want || want == 401 && (head.Get("Etag") != "" || head.Get("Cache-Control") != "no-store") {
				t.Errorf("%q with If-None-Match %s is answered %d %v, want %d", key, given, code, head, want)
			}
		}
	}
}

// TestPublishedAtOnce: the next call after a publication gets the new revision,
// over both transports, and the earlier tag no longer matches; the old revision
// is then no longer shown as the current one.
func TestPublishedAtOnce(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	var last, lastTag string
	for _, name := range []string{"one", "two", "one"} {
		w.PublishMini(name, "")
		a := w.REST("admin", "GET", "/v1/referentiels/mini", "", "If-None-Match", `"none"`)
		overGRPC := w.GRPC("admin", "GET", "/v1/referentiels/mini", "")
		if a.Body["displayName"] != name || overGRPC.Body["displayName"] != name || a.Body["revision"] == last {
			t.Fatalf("after %s was published, REST shows %v, gRPC %v", name, a.Body["displayName"], overGRPC.Body["displayName"])
		}
		if _, _, code := conditional(w, "admin", "/v1/referentiels/mini", "If-None-Match", lastTag); code != 200 {
			t.Errorf("the tag before %s still holds: %d", name, code)
		}
		for path, current := range map[string]bool{a.Body["revision"].(string): true, last: false} {
			if path == "" {
				continue
			}
			for transport, call := range w.Transports() {
				if got := call("admin", "GET", "/v1/"+path, "").Body["current"]; got != current {
					t.Errorf("%s: %s is current: %v, want %v", transport, path, got, current)
				}
			}
		}
		last, lastTag = a.Body["revision"].(string), a.Head.Get("Etag")
	}
}
