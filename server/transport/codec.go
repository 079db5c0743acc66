package transport

import (
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that ours builds on
	"google.golang.org/grpc/mem"

	"github.com/acquis-eval/acquis/server/call"
)

// Codec encodes answers over gRPC. It uses generated code if a message has it, and
// passes on what is encoded already. It never sees requests (receive.go).
type Codec struct {
	encoding.CodecV2
	scratch *scratch
}

// NewCodec returns the one codec that there is.
func NewCodec() Codec { return Codec{encoding.GetCodecV2("proto"), new(scratch)} }

// Marshal implements encoding.CodecV2.
func (c Codec) Marshal(v any) (mem.BufferSlice, error) {
	switch answer := v.(type) {
	case *call.Encoded:
		data, err := answer.Protobuf()
		return mem.BufferSlice{mem.SliceBuffer(data)}, err
	case mem.BufferSlice: // counted for its caller already (answer.go)
		return answer, nil
	case interface{ AppendWire(b []byte) []byte }:
		space := c.scratch.get()
		data := answer.AppendWire(*space)
		defer c.scratch.put(space, data)
		return mem.BufferSlice{mem.Copy(data, mem.DefaultBufferPool())}, nil
	}
	return c.CodecV2.Marshal(v)
}
