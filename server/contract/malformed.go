package contract

import (
	"bytes"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// MalformedMark is a field of the highest number that there is, with the
// highest value: no message of ours has it, and who sends it gets what they ask for.
func MalformedMark() protoreflect.RawFields {
	return protowire.AppendVarint(protowire.AppendTag(nil, protowire.MaxValidNumber, protowire.VarintType), math.MaxUint64)
}

func isMalformed(message proto.Message) bool {
	return bytes.Equal(message.ProtoReflect().GetUnknown(), MalformedMark())
}
