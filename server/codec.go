package server

import (
	"bytes"
	"math"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // registers the codec that ours builds on
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A codec decodes what callers send over gRPC. Where it is no message, the
// library would answer by itself, with INTERNAL and before anyone has asked who
// calls. This codec lets an empty request with a mark through instead, which
// validate refuses in its turn.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Marshal implements encoding.CodecV2.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	switch answer := v.(type) {
	case *encoded:
		data, err := answer.protobuf()
		return mem.BufferSlice{mem.SliceBuffer(data)}, err
	case mem.BufferSlice:
		return answer, nil
	}
	return c.CodecV2.Marshal(v)
}

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	err := c.CodecV2.Unmarshal(data, v)
	message, ok := v.(proto.Message)
	if err == nil || !ok {
		return err
	}
	proto.Reset(message)
	message.ProtoReflect().SetUnknown(malformedMark())
	return nil
}

// malformedMark is a field of the highest number that there is, with the
// highest value: no message of ours has it, and who sends it gets what they ask for.
func malformedMark() protoreflect.RawFields {
	return protowire.AppendVarint(protowire.AppendTag(nil, protowire.MaxValidNumber, protowire.VarintType), math.MaxUint64)
}

func isMalformed(message proto.Message) bool {
	return bytes.Equal(message.ProtoReflect().GetUnknown(), malformedMark())
}
