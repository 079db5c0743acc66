package transport

import (
	"bytes"
	"context"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/proto/answers"
	"github.com/acquis-eval/acquis/server/call"
)

// marshaler decodes JSON as the library does. It encodes answers with generated code,
// and passes on what is JSON already.
type marshaler struct {
	runtime.JSONPb
	scratch scratch
}

func newMarshaler() *marshaler {
	return &marshaler{JSONPb: runtime.JSONPb{MarshalOptions: answers.Form}}
}

// Marshal implements runtime.Marshaler.
func (m *marshaler) Marshal(v any) ([]byte, error) {
	switch v := v.(type) {
	case call.EncodedJSON:
		return v, nil
	case proto.Message:
		space := m.scratch.get()
		text, err := answers.AppendJSON(*space, v)
		if err != nil {
			return nil, err
		}
		defer m.scratch.put(space, text)
		return bytes.Clone(text), nil
	}
	return m.JSONPb.Marshal(v)
}

// rewrite returns what the gateway marshals: the answer that came through the
// channel, not the empty one that the channel's client made for it. It is encoded
// here, and its bytes are borrowed until the call ends: a caller may take long to
// read them, and nothing else must be kept for that.
func (m *marshaler) rewrite(ctx context.Context, _ proto.Message) (any, error) {
	v, info := visitOf(ctx), call.From(ctx)
	switch {
	case info.Encoded == nil:
		text, err := m.Marshal(info.Answer)
		if info.Answer = nil; err != nil {
			return nil, err
		}
		v.lent, err = v.lend(len(text))
		return call.EncodedJSON(text), err
	case info.Gzip:
		v.ticket.Yield()
		return info.Encoded.Gzip, nil
	}
	v.ticket.Yield()
	return info.Encoded.JSON, nil
}

// validator writes the headers of an answer that never changes. A client may
// cache it, and asks each time whether it is still valid: the call runs in any
// case, so that a caller who may no longer call learns that and nothing else. The
// tag is a weak one, for compressed and plain bytes alike.
func validator(ctx context.Context, w http.ResponseWriter, _ proto.Message) error {
	info := call.From(ctx)
	if info.Encoded == nil {
		version(ctx, w, info.Answer)
		return nil
	}
	if err := info.Encoded.AsJSON(); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Etag", info.Encoded.ETag)
	w.Header().Set("Vary", "Accept-Encoding")
	if matches(info.IfNoneMatch, info.Encoded.Tag) {
		w.Header().Del("Content-Type")
		w.WriteHeader(http.StatusNotModified) // after which the library's body is discarded
		return nil
	}
	if info.Gzip {
		w.Header().Set("Content-Encoding", "gzip")
	}
	return nil
}

// matches tells whether an If-None-Match header names the tag: a list, compared
// weakly, or * for any. Everything after an invalid tag is ignored.
func matches(header []string, tag string) bool {
	rest := strings.TrimSpace(strings.Join(header, ","))
	if rest == "*" {
		return true
	}
	for {
		rest = strings.TrimPrefix(strings.TrimLeft(rest, " \t,"), "W/")
		quoted, ok := strings.CutPrefix(rest, `"`)
		if !ok {
			return false
		}
		given, after, ok := strings.Cut(quoted, `"`)
		if !ok || given == tag {
			return ok
		}
		rest = after
	}
}

// acceptsGzip tells whether a request's Accept-Encoding names gzip and does not
// refuse it.
func acceptsGzip(header []string) bool {
	for coding := range strings.SplitSeq(strings.Join(header, ","), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, given := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
		return !given || strings.Trim(q, "0.") != ""
	}
	return false
}
