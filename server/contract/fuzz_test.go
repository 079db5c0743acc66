package contract

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// A walk over any bytes ends without a panic; accepted bytes have at most the
// permitted number of items, and no unknown field. The decoder also refuses what
// the walk calls malformed.

// picked returns a request by number.
func picked(t testing.TB, requests Requests, which byte) (*Request, proto.Message) {
	names := slices.Sorted(maps.Keys(requests))
	name := names[int(which)%len(names)]
	kind, err := protoregistry.GlobalTypes.FindMessageByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return requests[name], kind.New().Interface()
}

// which returns the number of a request.
func which(requests Requests, name protoreflect.FullName) byte {
	return byte(slices.Index(slices.Sorted(maps.Keys(requests)), name))
}

func FuzzWire(f *testing.F) {
	requests := everyRequest(f)
	for name, request := range requests {
		for _, s := range lists(request.top, nil) {
			f.Add(which(requests, name), s.wireBomb(2))
		}
	}
	group := protowire.AppendTag(protowire.AppendTag(nil, 1, protowire.StartGroupType), 1, protowire.EndGroupType)
	f.Add(byte(0), group)
	f.Add(byte(0), []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01})
	f.Fuzz(func(t *testing.T, number byte, data []byte) {
		request, message := picked(t, requests, number)
		fault := request.CheckWire(data)
		err := proto.Unmarshal(data, message)
		switch {
		case fault == nil && err == nil:
			if items, unknown := measured(message.ProtoReflect()); items > MaxItems || unknown {
				t.Errorf("%d items, unknown fields: %v", items, unknown)
			}
		case fault == nil && !strings.Contains(err.Error(), "UTF-8"):
			t.Errorf("it passes, but the decoder says %v", err)
		case fault != nil && fault.Malformed && err == nil:
			t.Errorf("%v, but the decoder accepts it", fault)
		}
	})
}

func FuzzJSON(f *testing.F) {
	requests := everyRequest(f)
	for name, request := range requests {
		for _, s := range lists(request.top, nil) {
			f.Add(which(requests, name), s.jsonBomb(2))
		}
	}
	for _, text := range []string{
		"", " ", "null", "[]", "{} {}", `{"`, `{"a":1}`, `{"pageSize":1e1000000000}`, `{"pageSize":-0.5E+3}`, `{"pageSize":01}`,
		`{"\u0070ageSize":"5"}`, `{"name":"\ud83d\ude00\u0000"}`, `{"name":"` + "\x00\xff" + `"}`, `{"validateOnly":nul}`,
		`{"updateMask":"birthName,sex"}`, `{"key":{"expireTime":"2026-01-01T00:00:00Z","roles":[1,"ADMIN"]}}`, `{"key":{"roles":[null]}}`,
	} {
		f.Add(which(requests, "acquis.v1.CreateKeyRequest"), text)
		f.Add(which(requests, "acquis.v1.UpdateCandidateRequest"), text)
	}
	f.Fuzz(func(t *testing.T, number byte, text string) {
		request, message := picked(t, requests, number)
		fault := request.CheckJSON([]byte(text), nil)
		err := protojson.Unmarshal([]byte(text), message)
		if fault == nil && strings.TrimSpace(text) != "" && !json.Valid([]byte(text)) {
			t.Error("it passes, but is not JSON")
		}
		if fault == nil && err == nil {
			if items, _ := measured(message.ProtoReflect()); items > MaxItems {
				t.Errorf("%d items", items)
			}
		}
		if fault == nil && err != nil && json.Valid([]byte(text)) {
			for _, wrong := range request.ExplainJSON([]byte(text)) {
				if wrong.Rule == "" || len(wrong.Error()) > 1000 {
					t.Errorf("explained by %v", wrong)
				}
			}
		}
		if fault != nil && fault.Malformed && fault.Rule != longScalar && err == nil { // an exception: numbers with 200 zeros
			t.Errorf("%v, but the decoder accepts it", fault)
		}
		if fault != nil && len(fault.Error()) > 1000 {
			t.Errorf("a fault of %d bytes", len(fault.Error()))
		}
	})
}

// measured counts the items of all lists of a message and looks for unknown fields.
func measured(m protoreflect.Message) (items int, unknown bool) {
	unknown = len(m.GetUnknown()) > 0
	below := func(inner protoreflect.Message) {
		n, odd := measured(inner)
		items, unknown = items+n, unknown || odd
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsList():
			items += value.List().Len()
			for i := 0; i < value.List().Len() && field.Message() != nil; i++ {
				below(value.List().Get(i).Message())
			}
		case field.Message() != nil:
			below(value.Message())
		}
		return true
	})
	return items, unknown
}
