package answers_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/proto/answers"
)

// isProtojson compares what is written of a message with what protojson writes of it,
// and the errors of both.
func isProtojson(t *testing.T, m writer) {
	t.Helper()
	const before = "before\xff" // not looked at, whatever it is
	got, err := m.AppendJSON([]byte(before))
	text, wantErr := answers.Form.Marshal(m)
	if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
		t.Fatalf("%s: error %v, want %v", m.ProtoReflect().Descriptor().FullName(), err, wantErr)
	}
	if err != nil {
		return
	}
	want := bytes.NewBufferString(before)
	if err := json.Compact(want, text); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Fatalf("%s:\n%s\nwant\n%s", m.ProtoReflect().Descriptor().FullName(), got, want)
	}
}

// TestJSON fills every answer in many ways.
func TestJSON(t *testing.T) { eachFilled(t, isProtojson) }

// TestJSONOfNothing: what no decoder makes, a handler may.
func TestJSONOfNothing(t *testing.T) {
	isProtojson(t, (*acquispb.Grid)(nil))
	isProtojson(t, &acquispb.Grid{Blocs: []*acquispb.Grid_GridBloc{nil, {Reasons: []*acquispb.Reason{nil}}}})
	isProtojson(t, &acquispb.BackupResponse{Part: &acquispb.BackupResponse_Manifest{}})
	isProtojson(t, &acquispb.BackupResponse{Part: &acquispb.BackupResponse_Piece{}})
}

// FuzzJSON decodes anything as each answer, and takes it for a text.
func FuzzJSON(f *testing.F) {
	for _, text := range slices.Concat(odd, invalid) {
		f.Add([]byte(text))
	}
	eachDecoded(f, func(t *testing.T, data []byte, decoded []writer) {
		isProtojson(t, &acquispb.Assessment{Comment: string(data)})
		for _, m := range decoded {
			isProtojson(t, m)
		}
	})
}
