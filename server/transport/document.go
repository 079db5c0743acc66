package transport

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/acquis-eval/acquis/server/call"
)

// A Document is public and no RPC, such as the OpenAPI description. It does not
// change while the process runs, so it is compressed once, and has an ETag.
type Document struct {
	Type   string        // its media type
	Body   []byte        //
	MaxAge time.Duration // how long caches may keep it without asking
}

// A page is a document, ready to be served.
type page struct {
	Document
	packed []byte
	tag    string
}

func newPage(d Document) (*page, error) {
	packed, err := call.Packed(d.Body)
	digest := sha256.Sum256(d.Body)
	return &page{d, packed, hex.EncodeToString(digest[:16])}, err
}

func (p *page) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(p.MaxAge.Seconds())))
	header.Set("Etag", `W/"`+p.tag+`"`)
	header.Set("Vary", "Accept-Encoding")
	if matches(r.Header.Values("If-None-Match"), p.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := p.Body
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		body = p.packed
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Type", p.Type)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the caller may be gone
}
