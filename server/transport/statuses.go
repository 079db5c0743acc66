package transport

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
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

// explain turns an error of the gateway library into one of ours. About the form
// of a request, it can only be about the body or about the time limit that the
// caller set: path, query and other headers were checked before.
func (g *gateway) explain(ctx context.Context, st *status.Status, err error) error {
	v := visitOf(ctx)
	switch {
	case st.Code() != codes.InvalidArgument:
		return apierr.Outward(ctx, g.log, err)
	case strings.HasPrefix(st.Message(), "invalid grpc-timeout"):
		return apierr.MalformedRequest("Grpc-Timeout", "must be at most 8 digits and a unit: H, M, S, m, u or n")
	case v == nil || v.body == nil || v.bound.Body == nil:
		return apierr.Outward(ctx, g.log, errors.New(st.Message()))
	}
	var wrong []apierr.Violation
	for _, fault := range v.bound.Body.ExplainJSON(v.body) {
		v.bound.within(fault)
		wrong = append(wrong, apierr.Field(cmp.Or(fault.Field, "body"), fault.Rule))
	}
	return apierr.Invalid(acquispb.ErrorReason_MALFORMED_BODY, wrong...)
}

// writeRoutingError is called if the library knows no path that the contract
// has: a fault of ours, because withPaths has let it through.
func (g *gateway) writeRoutingError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, _ int) {
	g.turnAway(w, r, errors.New("transport: the library has no route for a path of the contract"))
}

// httpStatus is the status of an error's code, or a more precise one if HTTP has it.
func httpStatus(st *status.Status) int {
	switch apierr.ReasonIn(st) {
	case acquispb.ErrorReason_REQUEST_TOO_LARGE.String():
		return http.StatusRequestEntityTooLarge
	case acquispb.ErrorReason_METHOD_NOT_ALLOWED.String():
		return http.StatusMethodNotAllowed
	case acquispb.ErrorReason_UNSUPPORTED_MEDIA_TYPE.String():
		return http.StatusUnsupportedMediaType
	case acquispb.ErrorReason_REQUEST_TIMEOUT.String():
		return http.StatusRequestTimeout
	}
	return runtime.HTTPStatusFromCode(st.Code())
}

// lastResort is the error if an error cannot be encoded.
const lastResort = `{"code":13,"message":"internal error"}`

func writeStatus(w http.ResponseWriter, r *http.Request, st *status.Status) {
	code := httpStatus(st)
	body, err := protojson.Marshal(st.Proto())
	if err != nil {
		code, body = http.StatusInternalServerError, []byte(lastResort)
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
	w.Header().Set("Content-Length", strconv.Itoa(len(body))) // which the library sets only if it sends the answer later
	w.WriteHeader(code)
	_, _ = w.Write(body) // the caller may be gone
}

// lastOfBody is how long a refused caller has to send the rest of the body, so
// that the connection can be kept.
const lastOfBody = 100 * time.Millisecond
