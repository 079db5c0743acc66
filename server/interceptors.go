package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// requestIDHeader carries the id that ties a call to its log line. Callers may
// give one.
const requestIDHeader = "x-request-id"

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// callInfo is what the log says of a call besides its outcome. The key's id tells
// which system called without naming anybody. Addresses are not logged, since
// they can be a person's: where the call comes from is for the limits alone.
type callInfo struct {
	requestID string
	from      netip.Prefix
	keyID     string // once it is known: of the key that was sent, good or not
	issuer    string // of the token, once it is known to be good
	failures  int    // how often this credential failed of late, where it fails now

	encoded *encoded        // of the answer, where it never changes
	wire    mem.BufferSlice // the answer over gRPC, where its handler encoded it

	// Of a call over REST.
	overREST    bool
	caller      *Caller // as the gateway found out
	answer      any
	ifNoneMatch []string
	gzip        bool // the caller takes it packed
}

type callInfoKey struct{}

func infoOf(ctx context.Context) *callInfo {
	if info, ok := ctx.Value(callInfoKey{}).(*callInfo); ok {
		return info
	}
	return new(callInfo)
}

// outermost surrounds every call: it gives it an id and a deadline, checks its
// size, catches panics, logs it, and lets only errors out that callers may see.
func (c *core) outermost(limits Limits) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (answer any, err error) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(ctx, limits.CallTimeout)
		defer cancel()
		ctx, call := withCallInfo(ctx)
		defer func() {
			if p := recover(); p != nil {
				answer, err = nil, c.panicked(ctx, p)
			}
			err = outward(ctx, c.log, err)
			c.logCall(ctx, info.FullMethod, start, err)
			if err == nil {
				answer = call.hand(answer)
			}
		}()
		if m, ok := req.(proto.Message); ok && proto.Size(m) > limits.MaxRequestBytes {
			return nil, tooLarge(limits.MaxRequestBytes)
		}
		return handler(ctx, req)
	}
}

func (c *core) panicked(ctx context.Context, p any) error {
	c.log.ErrorContext(ctx, "panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return fail(codes.Internal, acquispb.ErrorReason_INTERNAL, "internal error")
}

func tooLarge(limit int) error {
	return fail(codes.ResourceExhausted, acquispb.ErrorReason_REQUEST_TOO_LARGE,
		fmt.Sprintf("a request may have at most %d bytes", limit))
}

// withCallInfo makes the info of a call over gRPC, with the caller's id for it or
// a new one, and sends that back with the answer. A call over REST has the info that
// the gateway made, in its context: where no caller can write.
func withCallInfo(ctx context.Context) (context.Context, *callInfo) {
	if info, ok := ctx.Value(callInfoKey{}).(*callInfo); ok {
		return ctx, info
	}
	given := metadata.ValueFromIncomingContext(ctx, requestIDHeader)
	info := &callInfo{requestID: requestID(given), from: connectionOf(ctx)}
	_ = grpc.SetHeader(ctx, metadata.MD{requestIDHeader: {info.requestID}}) // it fails only where nobody reads headers
	return context.WithValue(ctx, callInfoKey{}, info), info
}

func requestID(given []string) string {
	if len(given) == 1 && requestIDForm.MatchString(given[0]) {
		return given[0]
	}
	return uuid.NewString()
}

// logCall makes the record by hand: to find out where in the source it was made,
// which no line shows, took a fifth of the time of a line.
func (c *core) logCall(ctx context.Context, method string, start time.Time, err error) {
	level, code := slog.LevelInfo, status.Code(err)
	if code == codes.Internal || code == codes.Unavailable {
		level = slog.LevelError
	}
	if !c.log.Enabled(ctx, level) {
		return
	}
	info, now := infoOf(ctx), time.Now()
	line := slog.NewRecord(now, level, "call", 0)
	line.AddAttrs(slog.String("rpc", method[1:]), slog.String("code", code.String()))
	if reason := reasonOf(err); reason != "" {
		line.AddAttrs(slog.String("reason", reason))
	}
	if info.failures > 0 {
		line.AddAttrs(slog.Int("failures", info.failures))
	}
	// A whole number: slog writes fractions by reflection, which took two thirds
	// of the time of a line.
	line.AddAttrs(slog.Int64("duration_us", now.Sub(start).Microseconds()))
	if info.issuer != "" {
		line.AddAttrs(slog.String("issuer", info.issuer))
	} else {
		line.AddAttrs(slog.String("key", info.keyID))
	}
	_ = c.log.Handler().Handle(ctx, line) // a log that cannot be written cannot be told of either
}

// guard lets a call through where its key or token is good, a role of it is
// admitted and the request keeps the rules of the proto file, in this order: who
// may not call learns nothing of what the service thinks of the request.
func (c *core) guard(validate validate) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if infrastructure(info.FullMethod) {
			answer, err := handler(ctx, req)
			return answer, notFoundInstead(err, "this service")
		}
		caller, err := c.enter(ctx, info.FullMethod)
		if err != nil {
			return nil, err
		}
		if err := validate.request(ctx, req); err != nil {
			return nil, err
		}
		return handler(withCaller(ctx, caller), req)
	}
}

// enter returns who calls an RPC, where they may, with those of their roles that
// it knows. A public RPC asks for no key: whoever calls it has no subject and no
// role.
func (c *core) enter(ctx context.Context, fullMethod string) (*Caller, error) {
	r, unknown := c.contract.find(fullMethod)
	if unknown == nil && r.public {
		return new(Caller), nil
	}
	caller, err := c.identify(ctx)
	if err != nil {
		return nil, err
	}
	if unknown != nil {
		return nil, unknown
	}
	return caller.within(r), r.admit(caller)
}

func noSuchMethod() error {
	return fail(codes.Unimplemented, acquispb.ErrorReason_METHOD_NOT_ALLOWED, "no such method")
}

// logHandler adds the request id to every line that is logged during a call.
type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := infoOf(ctx).requestID; id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name)}
}
