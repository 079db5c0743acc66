package transport

import (
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that ours builds on
	"google.golang.org/grpc/mem"

	"github.com/acquis-eval/acquis/server/call"
)

// Codec encodes answers over gRPC: messages, and what is encoded already. Requests
// it never sees (receive.go).
type Codec struct{ encoding.CodecV2 }

// NewCodec returns the one codec that there is.
func NewCodec() Codec { return Codec{encoding.GetCodecV2("proto")} }

// Marshal implements encoding.CodecV2.
func (c Codec) Marshal(v any) (mem.BufferSlice, error) {
	switch answer := v.(type) {
	case *call.Encoded:
		data, err := answer.Protobuf()
		return mem.BufferSlice{mem.SliceBuffer(data)}, err
	case mem.BufferSlice:
		return answer, nil
	}
	return c.CodecV2.Marshal(v)
}
