package transport

import (
	"context"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/apierr"
)

// writeError writes any error as google.rpc.Status in JSON.
func (g *gateway) writeError(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	st, _ := status.FromError(err)
	if !apierr.HasInfo(st) {
		err = g.explain(ctx, st, err)
		st, _ = status.FromError(err)
	}
	if v := visitOf(ctx); v != nil {
		v.failed, v.answered = err, true
	}
	writeStatus(w, r, st)
}

// explain turns an error of the gateway library, about the form of a request,
// into one of ours.
func (g *gateway) explain(ctx context.Context, st *status.Status, err error) error {
	if st.Code() != codes.InvalidArgument {
		return apierr.Outward(ctx, g.log, err)
	}
	if text, ok := strings.CutPrefix(st.Message(), queryPrefix); ok {
		key, rule, _ := strings.Cut(strings.TrimPrefix(text, `"`), `" `)
		return apierr.Invalid(acquispb.ErrorReason_UNKNOWN_PARAMETER, apierr.Field(key, rule))
	}
	text := libraryPrefix.ReplaceAllString(apierr.Clip(st.Message(), apierr.MaxMessageText), "")
	field := "body"
	if named := fieldInText.FindStringSubmatch(text); named != nil {
		field = named[1] + named[2]
	}
	return apierr.Invalid(acquispb.ErrorReason_MALFORMED_BODY, apierr.Field(field, text))
}

var (
	// libraryPrefix is the prefix of messages of protojson.
	libraryPrefix = regexp.MustCompile(`^proto:[\s\x{a0}]*(\(line \d+:\d+\):[\s\x{a0}]*)?`)
	// fieldInText finds the field in a message of protojson.
	fieldInText = regexp.MustCompile(`unknown field "([^"]*)"|field (?:[A-Za-z0-9_.]*\.)?([A-Za-z0-9_]+)`)
)

func (g *gateway) writeRoutingError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	err := apierr.New(codes.NotFound, acquispb.ErrorReason_PATH_UNKNOWN, "no such path; GET /openapi.json lists all paths")
	if code == http.StatusMethodNotAllowed {
		err = apierr.New(codes.Unimplemented, acquispb.ErrorReason_METHOD_NOT_ALLOWED, "this path does not support that method; GET /openapi.json lists the methods of each path")
	}
	v := g.arriveREST(w, r, g.unknown)
	st, _ := status.FromError(v.end(v.refuse(err), nil))
	v.hangUp(w)
	writeStatus(w, r, st)
}

// httpStatus is the status of an error's code, or a more precise one if HTTP has it.
func httpStatus(st *status.Status) int {
	switch apierr.ReasonIn(st) {
	case acquispb.ErrorReason_REQUEST_TOO_LARGE.String():
		return http.StatusRequestEntityTooLarge
	case acquispb.ErrorReason_METHOD_NOT_ALLOWED.String():
		return http.StatusMethodNotAllowed
	}
	return runtime.HTTPStatusFromCode(st.Code())
}

func writeStatus(w http.ResponseWriter, r *http.Request, st *status.Status) {
	code := httpStatus(st)
	body, err := protojson.Marshal(st.Proto())
	if err != nil {
		code, body = http.StatusInternalServerError, []byte(`{"code":13,"message":"internal error"}`)
	}
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	for _, d := range st.Details() {
		if retry, ok := d.(*errdetails.RetryInfo); ok {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.GetRetryDelay().AsDuration().Seconds()))))
		}
	}
	// The library answers only after it has read the rest of the body. If there is no
	// rest it reads ahead: a deadline would then end the connection for the calls that
	// follow, with their contexts.
	if _, whole := r.Body.(wholeBody); !whole && r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(lastOfBody)) // if it fails the answer is late
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(body) // the caller may be gone
}

// lastOfBody is how long a refused caller has to send the rest of the body, so
// that the connection can be kept.
const lastOfBody = 100 * time.Millisecond
