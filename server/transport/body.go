package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// readBody reads one JSON value, or nothing. It must arrive within the limit of
// time that messages over gRPC have too.
func (v *visit) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := v.limits.MaxRequestBytes
	door := http.NewResponseController(w)
	if err := door.SetReadDeadline(time.Now().Add(v.limits.ReceiveTimeout)); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(limit)))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, apierr.TooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, apierr.TooSlow(v.limits.ReceiveTimeout)
	case err != nil:
		return nil, apierr.Invalid(acquispb.ErrorReason_MALFORMED_BODY, apierr.Field("body", "could not be read"))
	case len(bytes.TrimSpace(body)) == 0:
		return nil, nil
	case r.Method == http.MethodGet:
		return nil, apierr.Invalid(acquispb.ErrorReason_MALFORMED_BODY, apierr.Field("body", "must be empty: a GET has none"))
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	var value json.RawMessage
	if err := decoder.Decode(&value); err != nil {
		return nil, apierr.Invalid(acquispb.ErrorReason_MALFORMED_BODY, apierr.Field("body", "is not JSON: "+err.Error()))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, apierr.Invalid(acquispb.ErrorReason_MALFORMED_BODY, apierr.Field("body", "holds more than one JSON value"))
	}
	return body, nil
}
