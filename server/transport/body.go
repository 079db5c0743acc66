package transport

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// readBody reads the body of a call: one JSON value, or nothing. It must arrive
// within the same time limit as messages over gRPC. It is measured before it is
// decoded.
func (v *visit) readBody(w http.ResponseWriter, r *http.Request, bound binding, params map[string]string) ([]byte, error) {
	if r.Method == http.MethodGet {
		return nil, v.emptyBody(w, r)
	}
	if err := checkMedia(w, r); err != nil {
		return nil, err
	}
	most := min(v.limits.MaxRequestBytes, v.mostJSON())
	if r.ContentLength > int64(most) {
		return nil, apierr.TooLarge(most)
	}
	expected := int(r.ContentLength)
	if expected < 0 {
		expected = most // it comes in chunks
	}
	if err := v.borrow(expected); err != nil {
		return nil, err
	}
	body, err := v.readAll(w, http.MaxBytesReader(w, r.Body, int64(most)))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, apierr.TooLarge(most)
	case err != nil:
		return nil, err
	}
	r.Body = wholeBody{bytes.NewReader(body)}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if err := v.ticket.Start(v.ctx); err != nil {
		return nil, err
	}
	if bound.Body == nil {
		return nil, badBody("must be empty: this call takes no body")
	}
	fault := bound.Body.CheckJSON(body, fromPath(bound.Binding, params))
	bound.within(fault)
	v.body, v.bound = body, bound
	return body, refusedFault(fault, "body")
}

// A wholeBody is one that has arrived.
type wholeBody struct{ *bytes.Reader }

// Close implements io.Closer.
func (wholeBody) Close() error { return nil }

// readAll reads a body within the time limit.
func (v *visit) readAll(w http.ResponseWriter, body io.Reader) ([]byte, error) {
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(v.limits.ReceiveTimeout)); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(body)
	var over *http.MaxBytesError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, apierr.TooSlow(v.limits.ReceiveTimeout)
	case err != nil && !errors.As(err, &over):
		return nil, badBody("could not be read")
	}
	return data, err
}

// emptyBody refuses a GET with a body other than white space.
func (v *visit) emptyBody(w http.ResponseWriter, r *http.Request) error {
	const blanks = 512
	body, err := v.readAll(w, io.LimitReader(r.Body, blanks))
	switch {
	case err != nil:
		return err
	case len(body) == blanks || len(bytes.TrimSpace(body)) > 0:
		return badBody("must be empty: a GET takes no body")
	}
	return nil
}

func badBody(rule string) error {
	return apierr.Invalid(acquispb.ErrorReason_MALFORMED_BODY, apierr.Field("body", rule))
}
