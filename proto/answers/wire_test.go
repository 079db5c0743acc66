package answers_test

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// isProtobuf compares what is written of a message with what proto.Marshal writes.
func isProtobuf(t *testing.T, m writer) {
	t.Helper()
	want, err := proto.Marshal(m)
	if err != nil {
		return // a string that is not UTF-8, which is not looked for
	}
	want = append([]byte("before"), want...)
	if got := m.AppendWire([]byte("before")); !bytes.Equal(got, want) {
		t.Fatalf("%s: %v\n%x\nwant\n%x", m.ProtoReflect().Descriptor().FullName(), m, got, want)
	}
}

// TestWire fills every answer in many ways.
func TestWire(t *testing.T) { eachFilled(t, isProtobuf) }

// TestWireOfNothing: what no decoder makes, a handler may.
func TestWireOfNothing(t *testing.T) {
	isProtobuf(t, (*acquispb.Grid)(nil))
	isProtobuf(t, &acquispb.Grid{Blocs: []*acquispb.Grid_GridBloc{nil, {Reasons: []*acquispb.Reason{nil}}}})
	isProtobuf(t, &acquispb.BackupResponse{Part: &acquispb.BackupResponse_Manifest{}})
	isProtobuf(t, &acquispb.BackupResponse{Part: &acquispb.BackupResponse_Piece{}})
}

// TestWireLengths: the length of a text or a message takes one byte, two, three or four.
func TestWireLengths(t *testing.T) {
	for _, size := range []int{0, 100, 127 - 2, 127 - 1, 127, 128, 16_383 - 3, 16_383 - 2, 2 << 20} {
		isProtobuf(t, &acquispb.Grid{Blocs: []*acquispb.Grid_GridBloc{{Title: string(make([]byte, size))}, {Code: "B2"}}})
	}
}

// FuzzWire decodes anything as each answer.
func FuzzWire(f *testing.F) {
	eachDecoded(f, func(t *testing.T, _ []byte, decoded []writer) {
		for _, m := range decoded {
			isProtobuf(t, m)
		}
	})
}
