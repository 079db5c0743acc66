package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/emptypb"
)

// ReasonOf is the reason of a gRPC error, if ErrorInfo is its first detail.
func ReasonOf(err error) string {
	details := status.Convert(err).Details()
	if len(details) == 0 {
		return ""
	}
	info, _ := details[0].(*errdetails.ErrorInfo)
	return info.GetReason()
}

// RawMessage is a message of a caller who does not send protobuf.
type RawMessage string

// RawCodec sends messages unchanged, and reads none.
type RawCodec struct{}

// Marshal encodes a RawMessage.
func (RawCodec) Marshal(v any) ([]byte, error) { return []byte(v.(RawMessage)), nil }

// Unmarshal reads nothing.
func (RawCodec) Unmarshal([]byte, any) error { return nil }

// Name is the name of the codec that it replaces.
func (RawCodec) Name() string { return "proto" }

// Stream makes a call that is answered with a stream, and reads it to its end.
func (w *World) Stream(key, _, path, _ string) Answer {
	w.T.Helper()
	ctx := w.T.Context()
	if key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.Secret(key))
	}
	stream, err := w.Conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, path)
	Must(w.T, err)
	Must(w.T, stream.SendMsg(new(emptypb.Empty)))
	Must(w.T, stream.CloseSend())
	for err == nil {
		err = stream.RecvMsg(new(emptypb.Empty))
	}
	if errors.Is(err, io.EOF) {
		return Answer{Code: "OK"}
	}
	st := status.Convert(err)
	shown, err := protojson.Marshal(st.Proto())
	Must(w.T, err)
	a := Answer{Code: CodeName(int(st.Code())), Raw: string(shown)}
	Must(w.T, json.Unmarshal(shown, &a.Body))
	return a
}

// A Door makes a call over one transport: World.REST or World.GRPC.
type Door func(key, method, path, body string) Answer

// Transports are the ways to make every call.
func (w *World) Transports() map[string]Door {
	return map[string]Door{
		"REST": func(key, method, path, body string) Answer { return w.REST(key, method, path, body) },
		"gRPC": func(key, method, path, body string) Answer { return w.GRPC(key, method, path, body) },
	}
}

// Expect makes a call that must succeed and checks fields of its answer: path
// elements joined by dots, then the value, in turn.
func (w *World) Expect(call Door, key, method, path, body string, fields ...string) map[string]any {
	w.T.Helper()
	a := call(key, method, path, body)
	if a.Code != "OK" {
		w.T.Fatalf("%s %s %s: %s", key, method, path, a.Raw)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		if got := fmt.Sprint(Get(a.Body, steps(fields[i])...)); got != fields[i+1] {
			w.T.Errorf("%s %s: %s is %q, want %q", method, path, fields[i], got, fields[i+1])
		}
	}
	return a.Body
}

func steps(path string) (steps []any) {
	for _, step := range strings.Split(path, ".") {
		n := 0
		if _, err := fmt.Sscanf(step, "%d", &n); err == nil {
			steps = append(steps, n)
		} else {
			steps = append(steps, step)
		}
	}
	return steps
}
