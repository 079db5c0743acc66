package apierr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules/words"
	"github.com/acquis-eval/acquis/store"
)

// Domain is the domain of every ErrorInfo.
const Domain = "acquis.eval"

// New makes an error that a caller may see. Its text must have nothing that the
// caller did not send or may not know.
func New(code codes.Code, reason acquispb.ErrorReason_Enum, text string, details ...protoadapt.MessageV1) error {
	return failNamed(code, reason.String(), text, details...)
}

func failNamed(code codes.Code, reason, text string, details ...protoadapt.MessageV1) error {
	return failWith(code, &errdetails.ErrorInfo{Reason: reason, Domain: Domain}, text, details...)
}

func failWith(code codes.Code, info *errdetails.ErrorInfo, text string, details ...protoadapt.MessageV1) error {
	st, err := status.New(code, Clip(text, MaxMessageText)).WithDetails(append([]protoadapt.MessageV1{info}, details...)...)
	if err != nil { // details that cannot be encoded: our own fault
		return status.Error(codes.Internal, "internal error")
	}
	return st.Err()
}

// A Violation says what is wrong with one field.
type Violation struct{ Field, Rule string }

// Field says what is wrong with a field.
func Field(field, rule string) Violation { return Violation{field, rule} }

// wholeRequest is named where a rule is about no single field: a violation
// always names something.
const wholeRequest = "request"

// Invalid refuses input, with each wrong field and its rule.
func Invalid(reason acquispb.ErrorReason_Enum, violations ...Violation) error {
	for i := range violations {
		violations[i].Field = cmp.Or(violations[i].Field, wholeRequest)
	}
	bad := &errdetails.BadRequest{FieldViolations: shown(violations, func(v Violation) *errdetails.BadRequest_FieldViolation {
		return &errdetails.BadRequest_FieldViolation{
			Field: Clip(v.Field, MaxFieldText), Description: Clip(v.Rule, maxRuleText), Reason: reason.String(),
		}
	})}
	return New(codes.InvalidArgument, reason, sentence(violations), bad)
}

func sentence(violations []Violation) string {
	if len(violations) == 0 {
		return "invalid request"
	}
	text := Clip(violations[0].Field, MaxFieldText) + ": " + Clip(violations[0].Rule, maxRuleText)
	return text + andMore(len(violations))
}

// InvalidField refuses input for one field.
func InvalidField(field, rule string) error {
	return Invalid(acquispb.ErrorReason_INVALID_FIELD, Violation{field, rule})
}

// NotFound says that a resource does not exist, at least not for the caller.
func NotFound(name string) error {
	name = Clip(name, maxRuleText)
	return New(codes.NotFound, acquispb.ErrorReason_NOT_FOUND, fmt.Sprintf("%s does not exist", name),
		&errdetails.ResourceInfo{ResourceName: name})
}

// NotFoundInstead names the requested resource if only a part of it does not
// exist.
func NotFoundInstead(err error, name string) error {
	if status.Code(err) == codes.NotFound {
		return NotFound(name)
	}
	return err
}

// AlreadyExists says that a name is taken.
func AlreadyExists(name string) error {
	name = Clip(name, maxRuleText)
	return New(codes.AlreadyExists, acquispb.ErrorReason_ALREADY_EXISTS, fmt.Sprintf("%s is taken", name),
		&errdetails.ResourceInfo{ResourceName: name})
}

// Forbidden refuses a call because of the state of a resource.
func Forbidden(reason acquispb.ErrorReason_Enum, subject, text string) error {
	return ForbiddenFor(reason, text, subject)
}

// ForbiddenFor refuses a call because of the state of several resources.
func ForbiddenFor(reason acquispb.ErrorReason_Enum, text string, subjects ...string) error {
	return New(codes.FailedPrecondition, reason, text, &errdetails.PreconditionFailure{
		Violations: shown(subjects, func(subject string) *errdetails.PreconditionFailure_Violation {
			return &errdetails.PreconditionFailure_Violation{
				Type: reason.String(), Subject: Clip(subject, maxRuleText), Description: Clip(text, MaxMessageText),
			}
		}),
	})
}

// Denied refuses a caller.
func Denied(reason acquispb.ErrorReason_Enum, text string) error {
	return New(codes.PermissionDenied, reason, text)
}

// RoleMissing refuses a caller who has none of the roles that a call needs. Programs
// find both in the metadata.
func RoleMissing(needed, held []acquispb.Role_Enum) error {
	has := "has " + list(held, ", ")
	if len(held) == 0 {
		has = "has no role"
	}
	return failWith(codes.PermissionDenied, &errdetails.ErrorInfo{
		Reason: acquispb.ErrorReason_ROLE_MISSING.String(), Domain: Domain,
		Metadata: map[string]string{"neededRoles": list(needed, ","), "heldRoles": list(held, ",")},
	}, fmt.Sprintf("this call needs one of the roles %s; the key or token %s", list(needed, ", "), has))
}

func list(roles []acquispb.Role_Enum, between string) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = role.String()
	}
	return strings.Join(names, between)
}

// Refused makes an error of refusals by rules: wrong fields if the input is
// impossible, otherwise every rule that refuses. field names the field of the
// request that a refusal is about.
func Refused(refusals []words.Refusal, field func(words.Refusal) string) error {
	kind := words.KindOf(refusals)
	if kind == "" {
		return nil
	}
	first := refusals[slices.IndexFunc(refusals, func(r words.Refusal) bool { return r.Kind == kind })]
	text := Clip(first.Description, maxRuleText)
	if kind == words.InvalidArgument {
		bad := slices.DeleteFunc(slices.Clone(refusals), func(r words.Refusal) bool { return r.Kind != kind })
		return failNamed(codes.InvalidArgument, string(first.Rule), text+andMore(len(bad)), &errdetails.BadRequest{
			FieldViolations: shown(bad, func(r words.Refusal) *errdetails.BadRequest_FieldViolation {
				return &errdetails.BadRequest_FieldViolation{
					Field: Clip(cmp.Or(field(r), wholeRequest), MaxFieldText), Description: Clip(r.Description, maxRuleText), Reason: string(r.Rule),
				}
			}),
		})
	}
	code := codes.FailedPrecondition
	if kind == words.Aborted {
		code = codes.Aborted
	}
	return failNamed(code, string(first.Rule), text+andMore(len(refusals)), &errdetails.PreconditionFailure{
		Violations: shown(refusals, func(r words.Refusal) *errdetails.PreconditionFailure_Violation {
			return &errdetails.PreconditionFailure_Violation{
				Type: string(r.Rule), Subject: Clip(r.Subject, MaxFieldText), Description: Clip(r.Description, maxRuleText),
			}
		}),
	})
}

// At names one field for every refusal.
func At(field string) func(words.Refusal) string {
	return func(words.Refusal) string { return field }
}

// Outward turns any error into one that a caller may see. Unknown errors are
// faults of the service: they are logged here, and the caller gets only
// "internal error".
func Outward(ctx context.Context, log *slog.Logger, err error) error {
	if err == nil {
		return nil
	}
	if st, ok := status.FromError(err); ok && HasInfo(st) {
		return err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), status.Code(err) == codes.DeadlineExceeded:
		return TookTooLong()
	case errors.Is(err, context.Canceled), status.Code(err) == codes.Canceled:
		return New(codes.Canceled, acquispb.ErrorReason_CANCELLED, "the caller cancelled the call")
	case errors.Is(err, store.ErrNoRoom):
		return New(codes.Unavailable, acquispb.ErrorReason_READ_ONLY,
			"the store accepts no writes because its disk is full; it accepts them again when there is room")
	case errors.Is(err, store.ErrReadOnly):
		return New(codes.Unavailable, acquispb.ErrorReason_READ_ONLY,
			"the store accepts no writes: one failed, and it is unknown what is on disk until the service is restarted")
	case errors.Is(err, store.ErrUnknownOutcome):
		return New(codes.Unavailable, acquispb.ErrorReason_WRITE_OUTCOME_UNKNOWN,
			"the write may or may not have happened; repeat it with the same request_id, or read the resource first if it had none")
	case errors.Is(err, store.ErrClosed):
		return Stopping()
	}
	log.ErrorContext(ctx, "internal error", "error", err.Error())
	return New(codes.Internal, acquispb.ErrorReason_INTERNAL, "internal error")
}

// HasInfo tells whether a status was made here.
func HasInfo(st *status.Status) bool { return ReasonIn(st) != "" }

// ReasonOf returns the reason of an error that a caller may see.
func ReasonOf(err error) string {
	st, _ := status.FromError(err)
	return ReasonIn(st)
}

// ReasonIn returns the reason in a status that was made here.
func ReasonIn(st *status.Status) string {
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

// TookTooLong says that a call exceeded its time limit.
func TookTooLong() error {
	return New(codes.DeadlineExceeded, acquispb.ErrorReason_DEADLINE_EXCEEDED, "the call exceeded its deadline")
}

// TooLarge refuses a request by its size.
func TooLarge(limit int) error {
	return New(codes.ResourceExhausted, acquispb.ErrorReason_REQUEST_TOO_LARGE,
		fmt.Sprintf("requests of this call may have at most %d bytes", limit))
}

// TooSlow refuses a request that did not arrive in time.
func TooSlow(limit time.Duration) error {
	return New(codes.DeadlineExceeded, acquispb.ErrorReason_REQUEST_TIMEOUT,
		fmt.Sprintf("the request did not arrive completely within %s, so nothing was done; send it again without pauses", limit))
}

// Overloaded refuses a call because of overload; why says which limit it
// exceeded and what to do.
func Overloaded(why string, retry time.Duration) error {
	return New(codes.ResourceExhausted, acquispb.ErrorReason_OVERLOADED, why,
		&errdetails.RetryInfo{RetryDelay: durationpb.New(retry)})
}

// Stopping refuses a call because the service stops.
func Stopping() error {
	return New(codes.Unavailable, acquispb.ErrorReason_SHUTTING_DOWN, "the service is stopping; repeat the call with the same request_id")
}

// MalformedRequest refuses what arrived over REST before anything else is known
// of it.
func MalformedRequest(part, rule string) error {
	return Invalid(acquispb.ErrorReason_MALFORMED_REQUEST, Field(part, rule))
}

// NoSuchMethod refuses a call of an unknown RPC.
func NoSuchMethod() error {
	return New(codes.Unimplemented, acquispb.ErrorReason_METHOD_NOT_ALLOWED, "no such method")
}

// Panicked logs a panic, and returns the error for the caller.
func Panicked(ctx context.Context, log *slog.Logger, p any) error {
	log.ErrorContext(ctx, "panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return New(codes.Internal, acquispb.ErrorReason_INTERNAL, "internal error")
}
