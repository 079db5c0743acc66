package transport

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestDocuments: anybody may read a document, packed or not, and who has it already
// is told so in a few bytes.
func TestDocuments(t *testing.T) {
	s := newStage(t)
	plain, body := s.get("/openapi.json", "", "Accept-Encoding", "identity")
	if plain.StatusCode != 200 || body != `{"openapi":"3.1.0"}` || plain.Header.Get("Cache-Control") != "public, max-age=3600" ||
		plain.Header.Get("Content-Type") != "application/json" || plain.Header.Get("X-Request-Id") == "" {
		t.Errorf("%d %v %s", plain.StatusCode, plain.Header, body)
	}
	packed, body := s.get("/openapi.json", "", "Accept-Encoding", "gzip")
	unpacked, err := gzip.NewReader(strings.NewReader(body))
	must(t, err)
	text, err := io.ReadAll(unpacked)
	must(t, err)
	if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Vary") != "Accept-Encoding" || string(text) != `{"openapi":"3.1.0"}` {
		t.Errorf("packed: %v %s", packed.Header, text)
	}
	known, body := s.get("/openapi.json", "", "If-None-Match", plain.Header.Get("Etag"))
	if known.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("known already: %d %q", known.StatusCode, body)
	}
	head, err := http.Head(s.url + "/openapi.json")
	must(t, err)
	must(t, head.Body.Close())
	if head.StatusCode != 200 || head.ContentLength <= 0 {
		t.Errorf("HEAD: %d, %d bytes", head.StatusCode, head.ContentLength)
	}
	post, err := http.Post(s.url+"/openapi.json", "", nil)
	must(t, err)
	must(t, post.Body.Close())
	if post.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", post.StatusCode)
	}
}
