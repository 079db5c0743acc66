package apierr

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/store"
)

// Domain is the domain of every ErrorInfo.
const Domain = "acquis.eval"

// New makes an error that a caller may see. Its text must hold nothing that
// the caller did not send or may not know.
func New(code codes.Code, reason acquispb.ErrorReason_Enum, text string, details ...protoadapt.MessageV1) error {
	return failNamed(code, reason.String(), text, details...)
}

func failNamed(code codes.Code, reason, text string, details ...protoadapt.MessageV1) error {
	info := &errdetails.ErrorInfo{Reason: reason, Domain: Domain}
	st, err := status.New(code, text).WithDetails(append([]protoadapt.MessageV1{info}, details...)...)
	if err != nil { // details that cannot be encoded: a fault of ours
		return status.Error(codes.Internal, "internal error")
	}
	return st.Err()
}

// A Violation says what is wrong with one field.
type Violation struct{ Field, Rule string }

// Field says what is wrong with a field.
func Field(field, rule string) Violation { return Violation{field, rule} }

// Invalid refuses input, naming each field and the rule that it breaks.
func Invalid(reason acquispb.ErrorReason_Enum, violations ...Violation) error {
	bad := new(errdetails.BadRequest)
	for _, v := range violations {
		bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field: v.Field, Description: v.Rule, Reason: reason.String(),
		})
	}
	return New(codes.InvalidArgument, reason, sentence(violations), bad)
}

func sentence(violations []Violation) string {
	if len(violations) == 0 {
		return "invalid request"
	}
	text := violations[0].Rule
	if violations[0].Field != "" {
		text = violations[0].Field + ": " + text
	}
	if more := len(violations) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

func InvalidField(field, rule string) error {
	return Invalid(acquispb.ErrorReason_INVALID_FIELD, Violation{field, rule})
}

func NotFound(name string) error {
	return New(codes.NotFound, acquispb.ErrorReason_NOT_FOUND, fmt.Sprintf("%s does not exist", name),
		&errdetails.ResourceInfo{ResourceName: name})
}

// NotFoundInstead names what was asked for, where a part of it does not exist.
func NotFoundInstead(err error, name string) error {
	if status.Code(err) == codes.NotFound {
		return NotFound(name)
	}
	return err
}

func AlreadyExists(name string) error {
	return New(codes.AlreadyExists, acquispb.ErrorReason_ALREADY_EXISTS, fmt.Sprintf("%s is taken", name),
		&errdetails.ResourceInfo{ResourceName: name})
}

// Forbidden refuses what the state of a resource does not allow.
func Forbidden(reason acquispb.ErrorReason_Enum, subject, text string) error {
	return New(codes.FailedPrecondition, reason, text, &errdetails.PreconditionFailure{
		Violations: []*errdetails.PreconditionFailure_Violation{{Type: reason.String(), Subject: subject, Description: text}},
	})
}

func Denied(reason acquispb.ErrorReason_Enum, text string) error {
	return New(codes.PermissionDenied, reason, text)
}

// Refused turns what the rules refuse into an error: bad fields where the input
// is impossible, else every rule that forbids it. field names the field of the
// request that a refusal speaks of.
func Refused(refusals []rules.Refusal, field func(rules.Refusal) string) error {
	kind := rules.KindOf(refusals)
	if kind == "" {
		return nil
	}
	var first *rules.Refusal
	bad, failures := new(errdetails.BadRequest), new(errdetails.PreconditionFailure)
	for i, r := range refusals {
		if r.Kind == kind && first == nil {
			first = &refusals[i]
		}
		switch r.Kind {
		case rules.InvalidArgument:
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
				Field: field(r), Description: r.Description, Reason: string(r.Rule),
			})
		default:
			failures.Violations = append(failures.Violations, &errdetails.PreconditionFailure_Violation{
				Type: string(r.Rule), Subject: r.Subject, Description: r.Description,
			})
		}
	}
	code, details := codes.FailedPrecondition, []protoadapt.MessageV1{failures}
	switch kind {
	case rules.InvalidArgument:
		code, details = codes.InvalidArgument, []protoadapt.MessageV1{bad}
	case rules.Aborted:
		code = codes.Aborted
	}
	text := first.Description
	if more := len(refusals) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return failNamed(code, string(first.Rule), text, details...)
}

// At names one field for every refusal.
func At(field string) func(rules.Refusal) string {
	return func(rules.Refusal) string { return field }
}

// Outward makes of any error one that a caller may see. What it does not know
// is a fault of the service: logged here, and told as "internal error" only.
func Outward(ctx context.Context, log *slog.Logger, err error) error {
	if err == nil {
		return nil
	}
	if st, ok := status.FromError(err); ok && HasInfo(st) {
		return err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), status.Code(err) == codes.DeadlineExceeded:
		return New(codes.DeadlineExceeded, acquispb.ErrorReason_DEADLINE_EXCEEDED, "the call took longer than its deadline")
	case errors.Is(err, context.Canceled), status.Code(err) == codes.Canceled:
		return New(codes.Canceled, acquispb.ErrorReason_CANCELLED, "the caller went away")
	case errors.Is(err, store.ErrNoRoom):
		return New(codes.Unavailable, acquispb.ErrorReason_READ_ONLY,
			"the store takes no writes: its disk is full; it takes them again by itself once there is room")
	case errors.Is(err, store.ErrReadOnly):
		return New(codes.Unavailable, acquispb.ErrorReason_READ_ONLY,
			"the store takes no writes: one failed, and what the disk holds is unknown until the service is restarted")
	case errors.Is(err, store.ErrUnknownOutcome):
		return New(codes.Unavailable, acquispb.ErrorReason_WRITE_OUTCOME_UNKNOWN,
			"the write may or may not have happened; repeat it with the same request_id, or, if it had none, read first what is there")
	case errors.Is(err, store.ErrClosed):
		return New(codes.Unavailable, acquispb.ErrorReason_SHUTTING_DOWN, "the service is stopping")
	}
	log.ErrorContext(ctx, "internal error", "error", err.Error())
	return New(codes.Internal, acquispb.ErrorReason_INTERNAL, "internal error")
}

func HasInfo(st *status.Status) bool { return ReasonIn(st) != "" }

// ReasonOf returns the reason of an error that a caller may see.
func ReasonOf(err error) string {
	st, _ := status.FromError(err)
	return ReasonIn(st)
}

func ReasonIn(st *status.Status) string {
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

func TooLarge(limit int) error {
	return New(codes.ResourceExhausted, acquispb.ErrorReason_REQUEST_TOO_LARGE,
		fmt.Sprintf("a request may have at most %d bytes", limit))
}

// TooSlow refuses a request that did not arrive in time.
func TooSlow(limit time.Duration) error {
	return New(codes.DeadlineExceeded, acquispb.ErrorReason_DEADLINE_EXCEEDED, fmt.Sprintf("the request did not arrive within %s", limit))
}

// Overloaded refuses a call for which there is no room now.
func Overloaded(retry time.Duration) error {
	return New(codes.ResourceExhausted, acquispb.ErrorReason_OVERLOADED,
		"the service has no room for this call now: repeat it a little later, and send fewer at once",
		&errdetails.RetryInfo{RetryDelay: durationpb.New(retry)})
}

// NoSuchMethod refuses a call of what is no RPC.
func NoSuchMethod() error {
	return New(codes.Unimplemented, acquispb.ErrorReason_METHOD_NOT_ALLOWED, "no such method")
}

// Panicked logs a panic, and is what a caller is told of it.
func Panicked(ctx context.Context, log *slog.Logger, p any) error {
	log.ErrorContext(ctx, "panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return New(codes.Internal, acquispb.ErrorReason_INTERNAL, "internal error")
}
