package transport

import (
	"mime"
	"net/http"
	"strings"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// checkMedia refuses a body that is said to be something else than plain JSON:
// decoding it as JSON would take what its sender meant otherwise. A body without
// a type is taken for JSON, since there is no other form.
func checkMedia(w http.ResponseWriter, r *http.Request) error {
	for _, coding := range r.Header.Values("Content-Encoding") {
		if !strings.EqualFold(strings.TrimSpace(coding), "identity") {
			w.Header().Set("Accept-Encoding", "identity")
			return unsupportedMedia("Content-Encoding", "compressed bodies are not accepted; send plain JSON without this header")
		}
	}
	types := r.Header.Values("Content-Type")
	if len(types) == 0 || len(types) == 1 && isJSON(types[0]) {
		return nil
	}
	return unsupportedMedia("Content-Type", "the body must be JSON; send it with Content-Type: application/json")
}

func isJSON(text string) bool {
	kind, parameters, err := mime.ParseMediaType(text)
	charset, given := parameters["charset"]
	return err == nil && kind == "application/json" && (!given || strings.EqualFold(charset, "utf-8"))
}

func unsupportedMedia(header, rule string) error {
	return apierr.Invalid(acquispb.ErrorReason_UNSUPPORTED_MEDIA_TYPE, apierr.Field(header, rule))
}
