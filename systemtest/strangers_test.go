package systemtest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
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
		err = errors.Join(json.NewDecoder(answer.Body).Decode(&body), answer.Body.Close())
		if err != nil || body.Code == 0 || answer.StatusCode < 400 || answer.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %s, code %d, %v, %v", target, answer.Status, body.Code, answer.Header, err)
		}
		conn.Close()
	}
}

// TestIdleConnectionsKeepNobodyOut: if a network has all the connections that it may, who
// comes new is served, over either door, and who has a key stays connected.
func TestIdleConnectionsKeepNobodyOut(t *testing.T) {
	w, _ := start(t, t.TempDir(), func(o *server.Options) { o.Limits.Listen.PerNetwork = 3 })
	w.newKey("reader", "READER")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.secret("reader"))
	read := func(conn *grpc.ClientConn) error {
		_, err := acquispb.NewReferentielServiceClient(conn).GetReferentiel(ctx, &acquispb.GetReferentielRequest{Name: "referentiels/marketing"}, grpc.WaitForReady(true))
		return err
	}
	must(t, read(w.conn))
	connected := w.conn.GetState()
	base, err := url.Parse(w.base)
	must(t, err)
	const overGRPC, overREST = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for address, words := range map[string]string{strings.TrimPrefix(w.conn.Target(), "passthrough:///"): overGRPC, base.Host: overREST} {
		for range 3 { // each may stay for minutes
			idle, err := net.Dial("tcp", address)
			if err != nil { // turned away before it was connected
				continue
			}
			defer idle.Close()
			_, _ = io.WriteString(idle, words) // the last over gRPC may be turned away at any moment
			_, _ = idle.Read(make([]byte, 1))
		}
	}
	for i := range 2 {
		conn, err := grpc.NewClient(w.conn.Target(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		must(t, err)
		defer conn.Close()
		if err := read(conn); err != nil { // it waits until there is room
			t.Errorf("newcomer %d: %v", i, err)
		}
	}
	for served := false; !served; {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base+"/v1/referentiels/marketing", nil)
		must(t, err)
		request.Header.Set("Authorization", "Bearer "+w.secret("reader"))
		answer, err := client.Do(request)
		if served = err == nil; served {
			answer.Body.Close()
		}
	}
	if must(t, read(w.conn)); w.conn.GetState() != connected {
		t.Errorf("the first connection is %v", w.conn.GetState())
	}
}
