package call

import (
	"context"
	"log/slog"
	"net/netip"
)

// Info is what the log contains about a call besides its outcome. The key's id
// identifies the calling system without naming a person. Addresses are not
// logged, because they can belong to a person; the network is only for the
// limits.
type Info struct {
	RequestID string
	From      netip.Prefix
	KeyID     string // of the key that was sent, valid or not
	Issuer    string // of the token, if it is valid
	Failures  int    // how often this credential failed recently, if it fails now

	Caller *Caller // after authentication, with the roles that apply to the call; nil: none

	Encoded *Encoded // of the answer, if it never changes

	Slot interface{ Yield() } // the processor slot of the call; nil: none

	// Of a call over REST.
	OverREST    bool
	Answer      any
	IfNoneMatch []string
	Gzip        bool // the caller accepts gzip
}

// Yield gives back the call's processor slot before it waits for something
// else.
func Yield(ctx context.Context) {
	if slot := From(ctx).Slot; slot != nil {
		slot.Yield()
	}
}

type infoKey struct{}

// With returns a context with the Info of a call.
func With(ctx context.Context, info *Info) context.Context {
	return context.WithValue(ctx, infoKey{}, info)
}

// From returns the Info of a call; outside of a call, an empty one.
func From(ctx context.Context) *Info {
	if info, ok := ctx.Value(infoKey{}).(*Info); ok {
		return info
	}
	return new(Info)
}

// LogHandler adds the request id to every line that is logged during a call.
type LogHandler struct{ slog.Handler }

func (h LogHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := From(ctx).RequestID; id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

func (h LogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return LogHandler{h.Handler.WithAttrs(attrs)}
}

func (h LogHandler) WithGroup(name string) slog.Handler {
	return LogHandler{h.Handler.WithGroup(name)}
}
