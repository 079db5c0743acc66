package transport

import (
	"bytes"
	"testing"

	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/call"
)

// A generated answer has code whose output differs from the library's.
type generated struct{ *acquispb.Reason }

func (generated) AppendWire(b []byte) []byte { return append(b, "generated"...) }

func (generated) AppendJSON(b []byte) ([]byte, error) { return append(b, "generated"...), nil }

// TestAnswersAsJSON: an answer is written by generated code, or by protojson if
// there is none; JSON is passed on unchanged.
func TestAnswersAsJSON(t *testing.T) {
	m := newMarshaler()
	for want, v := range map[string]any{
		`{"rule":"r","bloc":"","competence":"","criterion":"","reached":1,"required":0,"counted":0,"fromDefault":false,"text":"é","option":"","anyOf":"","requirement":"","epreuve":"","path":""}`: &acquispb.Reason{Rule: "r", Reached: 1, Text: "é"},
		"generated":  generated{new(acquispb.Reason)},
		`{"code":5}`: call.EncodedJSON(`{"code":5}`),
	} {
		if got, err := m.Marshal(v); err != nil || string(got) != want {
			t.Errorf("%s, %v\nwant %s", got, err, want)
		}
	}
	info := new(call.Info)
	call.Prepare(generated{new(acquispb.Reason)}).Serve(call.With(t.Context(), info))
	if err := info.Encoded.AsJSON(); err != nil || string(info.Encoded.JSON) != "generated" {
		t.Errorf("an answer that is encoded once: %s, %v", info.Encoded.JSON, err)
	}
	status := &statuspb.Status{Code: 5, Message: "no"}
	text, err := m.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	if got := new(statuspb.Status); m.Unmarshal(text, got) != nil || !proto.Equal(got, status) {
		t.Errorf("a status: %s", text)
	}
	if text, err := m.Marshal(&acquispb.Reason{Text: "\xff"}); err == nil {
		t.Errorf("invalid UTF-8 is written: %q", text)
	}
}

// TestScratchIsNotHandedOut: the bytes of an answer that is still being read are
// not overwritten by the next one.
func TestScratchIsNotHandedOut(t *testing.T) {
	m := newMarshaler()
	first, err := m.Marshal(&acquispb.Reason{Text: "first"})
	if err != nil {
		t.Fatal(err)
	}
	before := string(first)
	for range 10 { // a pool may lose what it was given
		if _, err := m.Marshal(&acquispb.Reason{Text: "other"}); err != nil {
			t.Fatal(err)
		}
	}
	if string(first) != before {
		t.Errorf("%s became %s", before, first)
	}
}

// TestAnswersAsProtobuf: by generated code, or by the library if there is none.
func TestAnswersAsProtobuf(t *testing.T) {
	codec := NewCodec()
	for _, answer := range []proto.Message{
		&acquispb.Reason{Rule: "r", Reached: 1, Text: "é"}, aGrid(1), new(acquispb.Grid), &statuspb.Status{Code: 5, Message: "no"},
	} {
		want, err := proto.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		got, err := codec.Marshal(answer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := codec.Marshal(aGrid(2)); err != nil { // into the same buffer
			t.Fatal(err)
		}
		if !bytes.Equal(got.Materialize(), want) {
			t.Errorf("%T: %x\nwant %x", answer, got.Materialize(), want)
		}
	}
	if got, err := codec.Marshal(generated{new(acquispb.Reason)}); err != nil || string(got.Materialize()) != "generated" {
		t.Errorf("an answer with generated code: %q, %v", got.Materialize(), err)
	}
}

// TestLargeScratchIsNotKept: one large answer does not make later ones keep its
// buffer.
func TestLargeScratchIsNotKept(t *testing.T) {
	s := new(scratch)
	s.put(new([]byte), make([]byte, mostScratch+1))
	if space := s.get(); cap(*space) != 0 {
		t.Errorf("%d bytes were kept", cap(*space))
	}
}
