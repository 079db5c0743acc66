package systemtest

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"testing"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/server/admission"
)

// TestStreamsOfStrangers: whoever keeps as many streams open as they may, of health or
// of reflection, takes nothing from calls of the same network that need no key either.
func TestStreamsOfStrangers(t *testing.T) {
	w, _ := start(t, t.TempDir(), func(o *server.Options) { o.Limits.Admission = admission.DefaultLimits() })
	for n, refused := 0, false; !refused; n++ {
		watch, err := healthpb.NewHealthClient(w.conn).Watch(t.Context(), new(healthpb.HealthCheckRequest))
		must(t, err)
		if _, err = watch.Recv(); err != nil && reasonOf(err) != "OVERLOADED" || n > 90 {
			t.Fatalf("stream %d: %v", n, err)
		}
		refused = err != nil
	}
	reflected, err := grpc_reflection_v1.NewServerReflectionClient(w.conn).ServerReflectionInfo(t.Context())
	must(t, err)
	if _, err := reflected.Recv(); reasonOf(err) != "OVERLOADED" {
		t.Errorf("a stream of reflection beside them: %v", err)
	}
	if _, err := healthpb.NewHealthClient(w.conn).Check(t.Context(), new(healthpb.HealthCheckRequest)); err != nil {
		t.Errorf("health: %v", err)
	}
	if _, err := acquispb.NewAuditServiceClient(w.conn).GetCheckpoint(t.Context(), &acquispb.GetCheckpointRequest{Name: "checkpoint"}); err != nil {
		t.Errorf("checkpoint: %v", err)
	}
	if got := w.rest("", "GET", "/openapi.json", ""); got.http != http.StatusOK {
		t.Errorf("document: %d", got.http)
	}
}

// TestOptions: what the HTTP library would answer by itself passes the door, and is
// counted, like any other path that does not exist.
func TestOptions(t *testing.T) {
	w, _ := start(t, t.TempDir())
	base, err := url.Parse(w.base)
	must(t, err)
	for _, target := range []string{"*", "/v1/keys", "/openapi.json", "/nothing"} {
		conn, err := net.Dial("tcp", base.Host)
		must(t, err)
		_, err = conn.Write([]byte("OPTIONS " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		must(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		must(t, err)
		var body struct{ Code int }
		err = json.NewDecoder(answer.Body).Decode(&body)
		if err != nil || body.Code == 0 || answer.StatusCode < 400 || answer.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %s, code %d, %v, %v", target, answer.Status, body.Code, answer.Header, err)
		}
		conn.Close()
	}
}
