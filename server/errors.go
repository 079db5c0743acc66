package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/rules"
	"github.com/acquis-eval/acquis/store"
)

// ErrorDomain is the domain of every ErrorInfo.
const ErrorDomain = "acquis.eval"

// fail makes an error that a caller may see. Its text must hold nothing that
// the caller did not send or may not know.
func fail(code codes.Code, reason acquispb.ErrorReason_Enum, text string, details ...protoadapt.MessageV1) error {
	return failNamed(code, reason.String(), text, details...)
}

func failNamed(code codes.Code, reason, text string, details ...protoadapt.MessageV1) error {
	info := &errdetails.ErrorInfo{Reason: reason, Domain: ErrorDomain}
	st, err := status.New(code, clip(text, maxMessageText)).WithDetails(append([]protoadapt.MessageV1{info}, details...)...)
	if err != nil { // details that cannot be encoded: a fault of ours
		return status.Error(codes.Internal, "internal error")
	}
	return st.Err()
}

// A violation says what is wrong with one field.
type violation struct{ field, rule string }

// invalid refuses input, naming each field and the rule that it breaks.
func invalid(reason acquispb.ErrorReason_Enum, violations ...violation) error {
	bad := &errdetails.BadRequest{FieldViolations: shown(violations, func(v violation) *errdetails.BadRequest_FieldViolation {
		return &errdetails.BadRequest_FieldViolation{
			Field: clip(v.field, maxFieldText), Description: clip(v.rule, maxRuleText), Reason: reason.String(),
		}
	})}
	return fail(codes.InvalidArgument, reason, sentence(violations), bad)
}

func sentence(violations []violation) string {
	if len(violations) == 0 {
		return "invalid request"
	}
	text := clip(violations[0].rule, maxRuleText)
	if violations[0].field != "" {
		text = clip(violations[0].field, maxFieldText) + ": " + text
	}
	return text + andMore(len(violations))
}

func invalidField(field, rule string) error {
	return invalid(acquispb.ErrorReason_INVALID_FIELD, violation{field, rule})
}

func notFound(name string) error {
	name = clip(name, maxRuleText)
	return fail(codes.NotFound, acquispb.ErrorReason_NOT_FOUND, fmt.Sprintf("%s does not exist", name),
		&errdetails.ResourceInfo{ResourceName: name})
}

func alreadyExists(name string) error {
	name = clip(name, maxRuleText)
	return fail(codes.AlreadyExists, acquispb.ErrorReason_ALREADY_EXISTS, fmt.Sprintf("%s is taken", name),
		&errdetails.ResourceInfo{ResourceName: name})
}

// forbidden refuses what the state of a resource does not allow.
func forbidden(reason acquispb.ErrorReason_Enum, subject, text string) error {
	return fail(codes.FailedPrecondition, reason, text, &errdetails.PreconditionFailure{
		Violations: []*errdetails.PreconditionFailure_Violation{{
			Type: reason.String(), Subject: clip(subject, maxRuleText), Description: clip(text, maxMessageText),
		}},
	})
}

func denied(reason acquispb.ErrorReason_Enum, text string) error {
	return fail(codes.PermissionDenied, reason, text)
}

// refused turns what the rules refuse into an error: bad fields where the input
// is impossible, else every rule that forbids it. field names the field of the
// request that a refusal speaks of.
func refused(refusals []rules.Refusal, field func(rules.Refusal) string) error {
	kind := rules.KindOf(refusals)
	if kind == "" {
		return nil
	}
	first := refusals[slices.IndexFunc(refusals, func(r rules.Refusal) bool { return r.Kind == kind })]
	text := clip(first.Description, maxRuleText) + andMore(len(refusals))
	if kind == rules.InvalidArgument {
		bad := slices.DeleteFunc(slices.Clone(refusals), func(r rules.Refusal) bool { return r.Kind != kind })
		return failNamed(codes.InvalidArgument, string(first.Rule), text, &errdetails.BadRequest{
			FieldViolations: shown(bad, func(r rules.Refusal) *errdetails.BadRequest_FieldViolation {
				return &errdetails.BadRequest_FieldViolation{
					Field: clip(field(r), maxFieldText), Description: clip(r.Description, maxRuleText), Reason: string(r.Rule),
				}
			}),
		})
	}
	code := codes.FailedPrecondition
	if kind == rules.Aborted {
		code = codes.Aborted
	}
	return failNamed(code, string(first.Rule), text, &errdetails.PreconditionFailure{
		Violations: shown(refusals, func(r rules.Refusal) *errdetails.PreconditionFailure_Violation {
			return &errdetails.PreconditionFailure_Violation{
				Type: string(r.Rule), Subject: clip(r.Subject, maxFieldText), Description: clip(r.Description, maxRuleText),
			}
		}),
	})
}

// at names one field for every refusal.
func at(field string) func(rules.Refusal) string {
	return func(rules.Refusal) string { return field }
}

// outward makes of any error one that a caller may see. What it does not know
// is a fault of the service: logged here, and told as "internal error" only.
func outward(ctx context.Context, log *slog.Logger, err error) error {
	if err == nil {
		return nil
	}
	if st, ok := status.FromError(err); ok && hasInfo(st) {
		return err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), status.Code(err) == codes.DeadlineExceeded:
		return fail(codes.DeadlineExceeded, acquispb.ErrorReason_DEADLINE_EXCEEDED, "the call took longer than its deadline")
	case errors.Is(err, context.Canceled), status.Code(err) == codes.Canceled:
		return fail(codes.Canceled, acquispb.ErrorReason_CANCELLED, "the caller went away")
	case errors.Is(err, store.ErrNoRoom):
		return fail(codes.Unavailable, acquispb.ErrorReason_READ_ONLY,
			"the store takes no writes: its disk is full; it takes them again by itself once there is room")
	case errors.Is(err, store.ErrReadOnly):
		return fail(codes.Unavailable, acquispb.ErrorReason_READ_ONLY,
			"the store takes no writes: one failed, and what the disk holds is unknown until the service is restarted")
	case errors.Is(err, store.ErrUnknownOutcome):
		return fail(codes.Unavailable, acquispb.ErrorReason_WRITE_OUTCOME_UNKNOWN,
			"the write may or may not have happened; repeat it with the same request_id, or, if it had none, read first what is there")
	case errors.Is(err, store.ErrClosed):
		return fail(codes.Unavailable, acquispb.ErrorReason_SHUTTING_DOWN, "the service is stopping")
	}
	log.ErrorContext(ctx, "internal error", "error", err.Error())
	return fail(codes.Internal, acquispb.ErrorReason_INTERNAL, "internal error")
}

func hasInfo(st *status.Status) bool { return reasonIn(st) != "" }

// reasonOf returns the reason of an error that a caller may see.
func reasonOf(err error) string {
	st, _ := status.FromError(err)
	return reasonIn(st)
}

func reasonIn(st *status.Status) string {
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}
