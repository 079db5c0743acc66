package world

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Reason is the reason of a refusal, "" if the service itself has not answered.
func (a Answer) Reason() string {
	reason, _ := Get(a.Body, "details", 0, "reason").(string)
	return reason
}

// OpsGet reads a page of the operations listener.
func OpsGet(t testing.TB, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	Must(t, err)
	res, err := http.DefaultClient.Do(req)
	Must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	Must(t, err)
	return string(body)
}

// An Answer is the result of a call over either transport.
type Answer struct {
	HTTP int // 0 over gRPC
	Head http.Header
	Code string // name of the gRPC code, "OK"
	Body map[string]any
	Raw  string

	Headers string // and trailers
}

// REST makes a call over REST.
func (w *World) REST(key, method, path, body string, headers ...string) Answer {
	w.T.Helper()
	a, err := w.TryREST(w.T.Context(), key, method, path, body, headers...)
	Must(w.T, err)
	return a
}

// TryREST makes a call over REST that may get no answer: then it returns an
// error.
func (w *World) TryREST(ctx context.Context, key, method, path, body string, headers ...string) (a Answer, err error) {
	req, err := http.NewRequestWithContext(ctx, method, w.Base+path, strings.NewReader(body))
	if err != nil {
		return a, err
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+w.Secret(key))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := w.Client.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return a, err
	}
	a = Answer{HTTP: res.StatusCode, Head: res.Header, Code: "OK", Raw: string(raw), Headers: fmt.Sprint(res.Header, res.Trailer)}
	if err := json.Unmarshal(raw, &a.Body); err != nil {
		return a, fmt.Errorf("%s %s answered %d with %q: %w", method, path, res.StatusCode, raw, err)
	}
	if res.StatusCode != http.StatusOK {
		number, _ := a.Body["code"].(float64)
		a.Code = CodeName(int(number))
	}
	return a, nil
}

// Secret is the secret of a named key, or the name itself if there is no such
// key.
func (w *World) Secret(key string) string {
	if secret, ok := w.Keys[key]; ok {
		return secret
	}
	return key
}

// GRPC makes the same call over gRPC, with additional metadata.
func (w *World) GRPC(key, method, path, body string, more ...string) Answer {
	w.T.Helper()
	a, err := w.TryGRPC(metadata.AppendToOutgoingContext(w.T.Context(), more...), key, method, path, body)
	Must(w.T, err)
	return a
}

// TryGRPC makes a call over gRPC; if no answer comes, the library makes one.
func (w *World) TryGRPC(ctx context.Context, key, method, path, body string) (a Answer, err error) {
	r, request, err := Transcode(w.Routes, method, path, body)
	if err != nil {
		return a, err
	}
	return w.Invoke(ctx, key, r, request)
}

// Invoke makes a call over gRPC with any request.
func (w *World) Invoke(ctx context.Context, key string, r Route, request proto.Message) (a Answer, err error) {
	if key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.Secret(key))
	}
	response := r.newResponse()
	var header, trailer metadata.MD
	err = w.Conn.Invoke(ctx, r.FullMethod, request, response, grpc.Header(&header), grpc.Trailer(&trailer))
	st := status.Convert(err)
	a = Answer{Code: CodeName(int(st.Code())), Headers: fmt.Sprint(header, trailer)}
	var shown []byte
	if err == nil {
		shown, err = protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(response)
	} else {
		shown, err = protojson.Marshal(st.Proto())
	}
	if err != nil {
		return a, err
	}
	a.Raw = string(shown)
	return a, json.Unmarshal(shown, &a.Body)
}

// Do makes a call that must succeed: over REST, unless the test changes Send.
func (w *World) Do(key, method, path, body string) map[string]any {
	w.T.Helper()
	a := w.Send(w, key, method, path, body)
	if a.Code != "OK" {
		w.T.Fatalf("%s: %s %s %s answered %d %s: %s", key, method, path, body, a.HTTP, a.Code, a.Raw)
	}
	return a.Body
}

// Bearing adds the key to the metadata of a call over gRPC.
func (w *World) Bearing(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.Secret(key))
}
