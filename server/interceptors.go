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
		ctx = withRequestID(ctx)
		defer func() {
			if p := recover(); p != nil {
				answer, err = nil, c.panicked(ctx, p)
			}
			err = outward(ctx, c.log, err)
			c.logCall(ctx, info.FullMethod, time.Since(start), err)
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

// withRequestID takes the caller's id for this call, or makes one, and sends it
// back with the answer.
func withRequestID(ctx context.Context) context.Context {
	md, _ := metadata.FromIncomingContext(ctx)
	id := requestID(md.Get(requestIDHeader))
	_ = grpc.SetHeader(ctx, metadata.Pairs(requestIDHeader, id)) // it fails only where nobody reads headers
	return context.WithValue(ctx, callInfoKey{}, &callInfo{requestID: id, from: connectionOf(ctx)})
}

func requestID(given []string) string {
	if len(given) == 1 && requestIDForm.MatchString(given[0]) {
		return given[0]
	}
	return uuid.NewString()
}

func (c *core) logCall(ctx context.Context, method string, took time.Duration, err error) {
	level := slog.LevelInfo
	if status.Code(err) == codes.Internal || status.Code(err) == codes.Unavailable {
		level = slog.LevelError
	}
	info := infoOf(ctx)
	args := []any{"rpc", method[1:], "code", status.Code(err).String()}
	if reason := reasonOf(err); reason != "" {
		args = append(args, "reason", reason)
	}
	if info.failures > 0 {
		args = append(args, "failures", info.failures)
	}
	args = append(args, "duration_ms", float64(took.Microseconds())/1000)
	if info.issuer != "" {
		args = append(args, "issuer", info.issuer)
	} else {
		args = append(args, "key", info.keyID)
	}
	c.log.Log(ctx, level, "call", args...)
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
		if err := validate.request(req); err != nil {
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
	caller, err := c.authenticate(ctx)
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
