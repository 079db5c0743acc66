package call

import (
	"context"
	"log/slog"
	"net/netip"
)

// Info is what the log says of a call besides its outcome. The key's id tells
// which system called without naming anybody. Addresses are not logged, since
// they can be a person's: where the call comes from is for the limits alone.
type Info struct {
	RequestID string
	From      netip.Prefix
	KeyID     string // once it is known: of the key that was sent, good or not
	Issuer    string // of the token, once it is known to be good
	Failures  int    // how often this credential failed of late, where it fails now

	Caller *Caller // once the call is let in, with the roles that count in it; nil: nobody

	Encoded *Encoded // of the answer, where it never changes

	Slot interface{ Yield() } // what the call holds of the processor; nil: nothing

	// Of a call over REST.
	OverREST    bool
	Answer      any
	IfNoneMatch []string
	Gzip        bool // the caller takes it packed
}

// Yield gives back what the call holds of the processor, before it waits for
// something else.
func Yield(ctx context.Context) {
	if slot := From(ctx).Slot; slot != nil {
		slot.Yield()
	}
}

type infoKey struct{}

// With returns a context that carries what is known of a call.
func With(ctx context.Context, info *Info) context.Context {
	return context.WithValue(ctx, infoKey{}, info)
}

// Find returns what is known of a call, if anybody has begun to note it.
func Find(ctx context.Context) (*Info, bool) {
	info, ok := ctx.Value(infoKey{}).(*Info)
	return info, ok
}

// From returns what is known of a call; outside of one, nothing.
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
