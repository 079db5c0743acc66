package transport

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestDocuments: anybody may read a document, compressed or not, and a client
// that has it already gets a short 304.
func TestDocuments(t *testing.T) {
	s := newStage(t)
	plain := s.get("/openapi.json", "", "Accept-Encoding", "identity")
	if plain.status != 200 || plain.body != `{"openapi":"3.1.0"}` || plain.header.Get("Cache-Control") != "public, max-age=3600" ||
		plain.header.Get("Content-Type") != "application/json" || plain.header.Get("X-Request-Id") == "" {
		t.Errorf("%d %v %s", plain.status, plain.header, plain.body)
	}
	packed := s.get("/openapi.json", "", "Accept-Encoding", "gzip")
	unpacked, err := gzip.NewReader(strings.NewReader(packed.body))
	must(t, err)
	text, err := io.ReadAll(unpacked)
	must(t, err)
	if packed.header.Get("Content-Encoding") != "gzip" || packed.header.Get("Vary") != "Accept-Encoding" || string(text) != `{"openapi":"3.1.0"}` {
		t.Errorf("packed: %v %s", packed.header, text)
	}
	known := s.get("/openapi.json", "", "If-None-Match", plain.header.Get("Etag"))
	if known.status != http.StatusNotModified || known.body != "" {
		t.Errorf("known already: %d %q", known.status, known.body)
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
