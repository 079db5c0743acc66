package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/store"
)

// An answer that never changes is encoded once, and then served as bytes: of a
// référentiel of 21 KB that is 2 times as many calls over gRPC and 4 times as
// many over REST.
//
// Its handler gives the message, as all handlers do, and notes beside it what
// it is encoded as (prepared.serve). The outermost interceptor hands that out
// instead. Over gRPC the codec takes its bytes. Over REST the gateway writes its
// JSON, or says that the caller has it already.

// prepared is a message that never changes.
type prepared[M proto.Message] struct {
	message M // shared: read it only
	encoded *encoded
}

func prepare[M proto.Message](message M) prepared[M] {
	return prepared[M]{message, &encoded{message: message}}
}

// serve returns the message and has the call answered by what it is encoded as.
func (p prepared[M]) serve(ctx context.Context) M {
	infoOf(ctx).encoded = p.encoded
	return p.message
}

// encoded is a message in each format, from the first time that one is asked for.
type encoded struct {
	message proto.Message

	wire sync.Once
	pb   []byte
	err  error

	text    sync.Once
	json    encodedJSON
	gzip    encodedJSON
	tag     string // of an ETag, without its quotes
	etag    string // the same as a weak one: packed and plain bytes say the same
	textErr error
}

// encodedJSON is what the gateway's marshaler writes as it is.
type encodedJSON []byte

func (e *encoded) protobuf() ([]byte, error) {
	e.wire.Do(func() { e.pb, e.err = proto.Marshal(e.message) })
	return e.pb, e.err
}

// asJSON encodes for REST, packed and plain.
func (e *encoded) asJSON() error {
	e.text.Do(func() {
		if e.json, e.textErr = jsonForm.Marshal(e.message); e.textErr != nil {
			return
		}
		digest := store.Fingerprint(string(e.json))
		e.tag = hex.EncodeToString(digest[:16])
		e.etag = `W/"` + e.tag + `"`
		e.gzip, e.textErr = packed(e.json)
	})
	return e.textErr
}

func packed(data []byte) ([]byte, error) {
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// jsonForm is how answers look. Unset values are shown; unset messages are left
// out, since the OpenAPI document, as any of version 2, has no null.
var jsonForm = protojson.MarshalOptions{EmitDefaultValues: true}

// marshaler writes JSON, or what is JSON already.
type marshaler struct{ runtime.JSONPb }

func newMarshaler() *marshaler { return &marshaler{runtime.JSONPb{MarshalOptions: jsonForm}} }

// Marshal implements runtime.Marshaler.
func (m *marshaler) Marshal(v any) ([]byte, error) {
	if text, ok := v.(encodedJSON); ok {
		return text, nil
	}
	return m.JSONPb.Marshal(v)
}

// hand is what the outermost interceptor hands out for an answer. Over REST it
// crosses the channel by callInfo.
func (i *callInfo) hand(answer any) any {
	switch {
	case i.overREST:
		i.answer = answer
	case i.encoded != nil:
		return i.encoded
	case i.wire != nil:
		return i.wire
	}
	return answer
}

// rewrite is what the gateway marshals: the answer that crossed, not the empty
// one that the channel's client made for it.
func rewrite(ctx context.Context, _ proto.Message) (any, error) {
	info := infoOf(ctx)
	switch {
	case info.encoded == nil:
		return info.answer, nil
	case info.gzip:
		return info.encoded.gzip, nil
	}
	return info.encoded.json, nil
}

// validator writes the headers of an answer that never changes. A caller may
// keep it, and asks each time whether it still holds: the call runs all the same,
// so that who may no longer call learns that and nothing else. The tag is a weak
// one, for packed and plain bytes alike.
func validator(ctx context.Context, w http.ResponseWriter, _ proto.Message) error {
	info := infoOf(ctx)
	if info.encoded == nil {
		return nil
	}
	if err := info.encoded.asJSON(); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Etag", info.encoded.etag)
	w.Header().Set("Vary", "Accept-Encoding")
	if matches(info.ifNoneMatch, info.encoded.tag) {
		w.Header().Del("Content-Type")
		w.WriteHeader(http.StatusNotModified) // after which the library's body goes nowhere
		return nil
	}
	if info.gzip {
		w.Header().Set("Content-Encoding", "gzip")
	}
	return nil
}

// matches tells whether an If-None-Match header names the tag: a list, compared
// weakly, or * for whatever there is. From what is no tag on, nothing counts.
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
