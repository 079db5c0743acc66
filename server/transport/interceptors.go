package transport

import (
	"context"
	"log/slog"
	"regexp"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/server/apierr"
	"github.com/acquis-eval/acquis/server/call"
	"github.com/acquis-eval/acquis/server/contract"
)

// requestIDHeader carries the id that ties a call to its log line. Callers may
// give one.
const requestIDHeader = "x-request-id"

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// outermost surrounds every call: it gives it an id and a deadline, checks its
// size, catches panics, logs it, and lets only errors out that callers may see.
func (t *Transport) outermost(limits Limits) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (answer any, err error) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(ctx, limits.CallTimeout)
		defer cancel()
		ctx, call := withCallInfo(ctx)
		defer func() {
			if p := recover(); p != nil {
				answer, err = nil, apierr.Panicked(ctx, t.log, p)
			}
			err = apierr.Outward(ctx, t.log, err)
			t.logCall(ctx, info.FullMethod, start, err)
			if err == nil {
				answer = call.Hand(answer)
			}
		}()
		if m, ok := req.(proto.Message); ok && proto.Size(m) > limits.MaxRequestBytes {
			return nil, apierr.TooLarge(limits.MaxRequestBytes)
		}
		return handler(ctx, req)
	}
}

// withCallInfo makes the info of a call over gRPC, with the caller's id for it or
// a new one, and sends that back with the answer. A call over REST has the info that
// the gateway made, in its context: where no caller can write.
func withCallInfo(ctx context.Context) (context.Context, *call.Info) {
	if info, ok := call.Find(ctx); ok {
		return ctx, info
	}
	given := metadata.ValueFromIncomingContext(ctx, requestIDHeader)
	info := &call.Info{RequestID: requestID(given), From: connectionOf(ctx)}
	_ = grpc.SetHeader(ctx, metadata.MD{requestIDHeader: {info.RequestID}}) // it fails only where nobody reads headers
	return call.With(ctx, info), info
}

func requestID(given []string) string {
	if len(given) == 1 && requestIDForm.MatchString(given[0]) {
		return given[0]
	}
	return uuid.NewString()
}

// logCall makes the record by hand: to find out where in the source it was made,
// which no line shows, took a fifth of the time of a line.
func (t *Transport) logCall(ctx context.Context, method string, start time.Time, err error) {
	level, code := slog.LevelInfo, status.Code(err)
	if code == codes.Internal || code == codes.Unavailable {
		level = slog.LevelError
	}
	if !t.log.Enabled(ctx, level) {
		return
	}
	info, now := call.From(ctx), time.Now()
	line := slog.NewRecord(now, level, "call", 0)
	line.AddAttrs(slog.String("rpc", method[1:]), slog.String("code", code.String()))
	if reason := apierr.ReasonOf(err); reason != "" {
		line.AddAttrs(slog.String("reason", reason))
	}
	if info.Failures > 0 {
		line.AddAttrs(slog.Int("failures", info.Failures))
	}
	// A whole number: slog writes fractions by reflection, which took two thirds
	// of the time of a line.
	line.AddAttrs(slog.Int64("duration_us", now.Sub(start).Microseconds()))
	if info.Issuer != "" {
		line.AddAttrs(slog.String("issuer", info.Issuer))
	} else {
		line.AddAttrs(slog.String("key", info.KeyID))
	}
	_ = t.log.Handler().Handle(ctx, line) // a log that cannot be written cannot be told of either
}

// guard lets a call through where its key or token is good, a role of it is
// admitted and the request keeps the rules of the proto file, in this order: who
// may not call learns nothing of what the service thinks of the request.
func (t *Transport) guard(validate contract.Validator) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if contract.Infrastructure(info.FullMethod) {
			answer, err := handler(ctx, req)
			return answer, apierr.NotFoundInstead(err, "this service")
		}
		caller, err := t.enter(ctx, info.FullMethod)
		if err != nil {
			return nil, err
		}
		if err := validate.Request(req); err != nil {
			return nil, err
		}
		return handler(call.WithCaller(ctx, caller), req)
	}
}

// enter returns who calls an RPC, where they may, with those of their roles that
// it knows. A public RPC asks for no key: whoever calls it has no subject and no
// role.
func (t *Transport) enter(ctx context.Context, fullMethod string) (*call.Caller, error) {
	r, unknown := t.contract.Find(fullMethod)
	if unknown == nil && r.Public {
		return new(call.Caller), nil
	}
	caller, err := t.identify(ctx)
	if err != nil {
		return nil, err
	}
	if unknown != nil {
		return nil, unknown
	}
	return r.Within(caller), r.Admit(caller)
}

// identify finds out who calls: over REST the gateway has, before it read the
// body.
func (t *Transport) identify(ctx context.Context) (*call.Caller, error) {
	if caller := call.From(ctx).Caller; caller != nil {
		return caller, nil
	}
	return t.authn.Authenticate(ctx, metadata.ValueFromIncomingContext(ctx, "authorization"))
}
