package call

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/acquis-eval/acquis/proto/answers"
	"github.com/acquis-eval/acquis/store"
)

// An answer that never changes is encoded once, and then served as bytes
// (docs/performance.md has the figures).
//
// Its handler returns the message, as all handlers do, and also notes its
// encoding (Prepared.Serve). The outermost interceptor returns that instead.
// Over gRPC the codec sends its bytes. Over REST the gateway writes its JSON,
// or answers that it is not modified.

// Prepared is a message that never changes.
type Prepared[M proto.Message] struct {
	Message M // shared: read it only
	encoded *Encoded
}

func Prepare[M proto.Message](message M) Prepared[M] {
	return Prepared[M]{message, &Encoded{message: message}}
}

// Serve returns the message, and notes its encoding as the answer of the call.
func (p Prepared[M]) Serve(ctx context.Context) M {
	From(ctx).Encoded = p.encoded
	return p.Message
}

// Encoded is a message in each format, encoded at the first request for it.
type Encoded struct {
	message proto.Message

	wire sync.Once
	pb   []byte
	err  error

	text    sync.Once
	JSON    EncodedJSON
	Gzip    EncodedJSON
	Tag     string // of an ETag, without its quotes
	ETag    string // the same as a weak tag: compressed and plain bytes have the same content
	textErr error
}

// EncodedJSON is written by the gateway's marshaler unchanged.
type EncodedJSON []byte

func (e *Encoded) Protobuf() ([]byte, error) {
	e.wire.Do(func() { e.pb, e.err = proto.Marshal(e.message) })
	return e.pb, e.err
}

// AsJSON encodes for REST, compressed and plain.
func (e *Encoded) AsJSON() error {
	e.text.Do(func() {
		if e.JSON, e.textErr = answers.AppendJSON(nil, e.message); e.textErr != nil {
			return
		}
		digest := store.Fingerprint(string(e.JSON))
		e.Tag = hex.EncodeToString(digest[:16])
		e.ETag = `W/"` + e.Tag + `"`
		e.Gzip, e.textErr = Packed(e.JSON)
	})
	return e.textErr
}

// Packed is data compressed by gzip.
func Packed(data []byte) ([]byte, error) {
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

// Hand is what the outermost interceptor returns as the answer. Over REST it
// gets through the channel in Info.
func (i *Info) Hand(answer any) any {
	switch {
	case i.OverREST:
		i.Answer = answer
	case i.Encoded != nil:
		return i.Encoded
	}
	return answer
}
