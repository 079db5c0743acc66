// Package answers encodes the contract's answers as JSON and as protobuf. It is called
// by code that proto/answers/generate writes for each message: that code reads fields
// and appends constants, while the libraries look each field up by reflection or in
// tables.
//
// The result equals the libraries' byte by byte, and tests compare them. For JSON this
// means protojson in our form ([Form]), without the white space that protojson varies
// on purpose. ADR 0015 says why we have this, and what would make us drop it.
//
// Two tricks keep JSON simple:
//
//   - Every value is followed by a comma. The end of an object or a list replaces the
//     last one ([JSONEnd]), so no field needs to know whether another came before it.
//   - A value that JSON cannot hold, a string that is not UTF-8 or a time out of range,
//     becomes a byte that UTF-8 never contains. [JSON] looks for that byte once, at the
//     end, and if it is there lets protojson report the error.
package answers

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Form is how answers look. Unset values are shown; unset messages are left
// out, since the OpenAPI document, as any of version 2, has no null.
var Form = protojson.MarshalOptions{EmitDefaultValues: true}

// unwritable stands for a value that JSON cannot hold.
const unwritable = 0xff

// AppendJSON appends a message. It uses protojson if no code was generated for it.
func AppendJSON(b []byte, m proto.Message) ([]byte, error) {
	if generated, ok := m.(interface {
		AppendJSON(b []byte) ([]byte, error)
	}); ok {
		return generated.AppendJSON(b)
	}
	return Form.MarshalAppend(b, m)
}

// JSON appends a message. write is its generated code, which appends it with a comma.
func JSON[M proto.Message](b []byte, m M, write func([]byte, M) []byte) ([]byte, error) {
	from := len(b)
	b = write(b, m)
	if bytes.IndexByte(b[from:], unwritable) >= 0 {
		return Form.MarshalAppend(b[:from], m)
	}
	return b[:len(b)-1], nil
}

// JSONEnd ends an object or a list, by } or ].
func JSONEnd(b []byte, with byte) []byte {
	if last := len(b) - 1; b[last] == ',' {
		b[last] = with
	} else {
		b = append(b, with)
	}
	return append(b, ',')
}

// JSONBool appends a value and a comma, as all that follow do.
func JSONBool(b []byte, v bool) []byte { return append(strconv.AppendBool(b, v), ',') }

// JSONInt appends a number.
func JSONInt[T ~int32 | ~uint32](b []byte, v T) []byte {
	return append(strconv.AppendInt(b, int64(v), 10), ',')
}

// JSONInt64 appends a number as a string, since numbers in JavaScript have 53 bits.
func JSONInt64(b []byte, v int64) []byte {
	return append(strconv.AppendInt(append(b, '"'), v, 10), `",`...)
}

// JSONUint64 appends a number as a string.
func JSONUint64(b []byte, v uint64) []byte {
	return append(strconv.AppendUint(append(b, '"'), v, 10), `",`...)
}

// JSONBytes appends bytes in base64.
func JSONBytes(b, v []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), v), `",`...)
}

// JSONEnum appends the name of a value, or its number if it has none.
func JSONEnum[T ~int32](b []byte, v T, names map[int32]string) []byte {
	name, ok := names[int32(v)]
	if !ok {
		return JSONInt(b, v)
	}
	b = append(append(b, '"'), name...)
	return append(b, `",`...)
}

// JSONString appends a string. It escapes only what JSON requires.
func JSONString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				return append(b, unwritable)
			}
			i += n
		case c < ' ' || c == '"' || c == '\\':
			b = appendEscaped(append(b, s[from:i]...), c)
			i++
			from = i
		default:
			i++
		}
	}
	b = append(b, s[from:]...)
	return append(b, `",`...)
}

func appendEscaped(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
	case '\b':
		c = 'b'
	case '\f':
		c = 'f'
	case '\n':
		c = 'n'
	case '\r':
		c = 'r'
	case '\t':
		c = 't'
	default:
		const digits = "0123456789abcdef"
		return append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	}
	return append(b, '\\', c)
}

// JSONTimestamp appends a time, its fraction with 0, 3, 6 or 9 digits.
func JSONTimestamp(b []byte, t *timestamppb.Timestamp) []byte {
	if t.CheckValid() != nil {
		return append(b, unwritable)
	}
	b = t.AsTime().AppendFormat(append(b, '"'), time.RFC3339)
	if nanos := t.GetNanos(); nanos != 0 {
		at := len(b) - len("Z")
		b = strconv.AppendInt(b[:at], 1e9+int64(nanos), 10)
		b[at] = '.' // instead of the 1 that brought its zeros
		b = bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("000")), []byte("000"))
		b = append(b, 'Z')
	}
	return append(b, `",`...)
}
