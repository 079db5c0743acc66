package answers_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/proto/answers"
)

// isProtojson compares what is written of a message with what protojson writes of it,
// and the errors of both.
func isProtojson(t *testing.T, m writer) {
	t.Helper()
	got, err := m.AppendJSON([]byte("before"))
	text, wantErr := answers.Form.Marshal(m)
	if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
		t.Fatalf("%s: error %v, want %v", m.ProtoReflect().Descriptor().FullName(), err, wantErr)
	}
	if err != nil {
		return
	}
	want := bytes.NewBufferString("before")
	if err := json.Compact(want, text); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Fatalf("%s:\n%s\nwant\n%s", m.ProtoReflect().Descriptor().FullName(), got, want)
	}
}

// TestJSON fills every answer in many ways.
func TestJSON(t *testing.T) {
	allTexts := slices.Concat(ordinary, odd)
	for name, ways := range map[string]struct {
		filler
		times int
	}{
		"empty":         {filler{rate: 0}, 1},
		"full":          {filler{rate: 1, texts: ordinary, times: valid}, 20},
		"half":          {filler{rate: 0.5, texts: allTexts, times: valid}, 100},
		"odd texts":     {filler{rate: 1, texts: odd, times: valid}, 20},
		"invalid texts": {filler{rate: 0.3, texts: append(allTexts, invalid...), times: valid}, 100},
		"invalid times": {filler{rate: 0.6, texts: ordinary, times: append(valid, beyond...)}, 100},
	} {
		t.Run(name, func(t *testing.T) {
			for _, m := range writers(t) {
				ways.Rand = rand.New(rand.NewPCG(1, 2))
				for range ways.times {
					filled := m.ProtoReflect().New()
					ways.fill(filled, 4)
					isProtojson(t, filled.Interface().(writer))
				}
			}
		})
	}
}

// TestJSONOfNothing: what no decoder makes, a handler may.
func TestJSONOfNothing(t *testing.T) {
	isProtojson(t, (*acquispb.Grid)(nil))
	isProtojson(t, &acquispb.Grid{Blocs: []*acquispb.Grid_GridBloc{nil, {Reasons: []*acquispb.Reason{nil}}}})
	isProtojson(t, &acquispb.BackupResponse{Part: &acquispb.BackupResponse_Manifest{}})
	isProtojson(t, &acquispb.BackupResponse{Part: &acquispb.BackupResponse_Piece{}})
}

// FuzzJSON decodes anything as each answer, and takes it for a text.
func FuzzJSON(f *testing.F) {
	for i, m := range writers(f) {
		filled := m.ProtoReflect().New()
		filler{rand.New(rand.NewPCG(uint64(i), 3)), slices.Concat(ordinary, odd), valid, 0.7}.fill(filled, 3)
		data, err := proto.Marshal(filled.Interface())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, text := range slices.Concat(odd, invalid) {
		f.Add([]byte(text))
	}
	types := writers(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		isProtojson(t, &acquispb.Assessment{Comment: string(data)})
		for _, m := range types {
			decoded := m.ProtoReflect().New()
			if proto.Unmarshal(data, decoded.Interface()) == nil {
				isProtojson(t, decoded.Interface().(writer))
			}
		}
	})
}
