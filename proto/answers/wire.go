package answers

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// The functions of this file append a field of an answer as protobuf. The result equals
// that of proto.Marshal, with two exceptions that answers do not need: unknown fields
// are not written, and strings are not checked for UTF-8. Strings of answers are our own
// or were decoded from a request or a record, which checks them.

// WireVarint appends a number, an enum's too.
func WireVarint[T ~int32 | ~int64 | ~uint32 | ~uint64](b []byte, field protowire.Number, v T) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

// WireBool appends a truth value.
func WireBool(b []byte, field protowire.Number, v bool) []byte {
	return WireVarint(b, field, protowire.EncodeBool(v))
}

// WireString appends a string, or bytes.
func WireString[T string | []byte](b []byte, field protowire.Number, v T) []byte {
	if field < 0x10 && len(v) < 0x80 {
		b = append(b, byte(field<<3)|byte(protowire.BytesType), byte(len(v))) // faster, and fits most
	} else {
		b = protowire.AppendVarint(protowire.AppendTag(b, field, protowire.BytesType), uint64(len(v)))
	}
	return append(b, v...)
}

// WirePacked appends a list of numbers.
func WirePacked[T ~int32 | ~int64 | ~uint32 | ~uint64](b []byte, field protowire.Number, list []T) []byte {
	if len(list) == 0 {
		return b
	}
	return WireMessage(b, field, list, func(b []byte, list []T) []byte {
		for _, v := range list {
			b = protowire.AppendVarint(b, uint64(v))
		}
		return b
	})
}

// WireMessage appends a message. write is its generated code. The length stands before
// the message but is known only after it, so one byte is left for it. If it needs more,
// the message is moved.
func WireMessage[M any](b []byte, field protowire.Number, m M, write func([]byte, M) []byte) []byte {
	b = append(protowire.AppendTag(b, field, protowire.BytesType), 0)
	from := len(b)
	b = write(b, m)
	length := len(b) - from
	if length < 0x80 {
		b[from-1] = byte(length)
		return b
	}
	var space [10]byte
	head := protowire.AppendVarint(space[:0], uint64(length))
	b = append(b, head[1:]...) // makes room; the bytes themselves do not matter
	copy(b[from-1+len(head):], b[from:from+length])
	copy(b[from-1:], head)
	return b
}

// WireTimestamp appends the fields of a time.
func WireTimestamp(b []byte, t *timestamppb.Timestamp) []byte {
	if t.GetSeconds() != 0 {
		b = WireVarint(b, 1, t.GetSeconds())
	}
	if t.GetNanos() != 0 {
		b = WireVarint(b, 2, t.GetNanos())
	}
	return b
}
