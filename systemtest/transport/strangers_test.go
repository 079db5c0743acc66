package transport

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
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestStreamsOfStrangers: a caller who keeps as many streams open as allowed, of
// health or of reflection, does not block other calls of the same network that
// need no key.
func TestStreamsOfStrangers(t *testing.T) {
	w, _ := world.Start(t, t.TempDir(), func(o *server.Options) { o.Limits.Admission = admission.DefaultLimits() })
	for n, refused := 0, false; !refused; n++ {
		watch, err := healthpb.NewHealthClient(w.Conn).Watch(t.Context(), new(healthpb.HealthCheckRequest))
		world.Must(t, err)
		if _, err = watch.Recv(); err != nil && world.ReasonOf(err) != "OVERLOADED" || n > 90 {
			t.Fatalf("stream %d: %v", n, err)
		}
		refused = err != nil
	}
	reflected, err := grpc_reflection_v1.NewServerReflectionClient(w.Conn).ServerReflectionInfo(t.Context())
	world.Must(t, err)
	if _, err := reflected.Recv(); world.ReasonOf(err) != "OVERLOADED" {
		t.Errorf("a stream of reflection beside them: %v", err)
	}
	if _, err := healthpb.NewHealthClient(w.Conn).Check(t.Context(), new(healthpb.HealthCheckRequest)); err != nil {
		t.Errorf("health: %v", err)
	}
	if _, err := acquispb.NewAuditServiceClient(w.Conn).GetCheckpoint(t.Context(), &acquispb.GetCheckpointRequest{Name: "checkpoint"}); err != nil {
		t.Errorf("checkpoint: %v", err)
	}
	if got := w.REST("", "GET", "/openapi.json", ""); got.HTTP != http.StatusOK {
		t.Errorf("document: %d", got.HTTP)
	}
}

// TestOptions: requests that the HTTP library would answer itself go through the
// usual checks, and are counted, like any other path that does not exist.
func TestOptions(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	base, err := url.Parse(w.Base)
	world.Must(t, err)
	for _, target := range []string{"*", "/v1/keys", "/openapi.json", "/nothing"} {
		conn, err := net.Dial("tcp", base.Host)
		world.Must(t, err)
		_, err = conn.Write([]byte("OPTIONS " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		world.Must(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		world.Must(t, err)
		var body struct{ Code int }
		err = errors.Join(json.NewDecoder(answer.Body).Decode(&body), answer.Body.Close())
		if err != nil || body.Code == 0 || answer.StatusCode < 400 || answer.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %s, code %d, %v, %v", target, answer.Status, body.Code, answer.Header, err)
		}
		conn.Close()
	}
}

// TestIdleConnectionsKeepNobodyOut: if a network has all the connections that it
// may have, a new caller is still served, on either listener, and a caller with a
// key stays connected.
func TestIdleConnectionsKeepNobodyOut(t *testing.T) {
	w, _ := world.Start(t, t.TempDir(), func(o *server.Options) { o.Limits.Listen.PerNetwork = 3 })
	w.NewKey("reader", "READER")
	ctx, cancel := context.WithTimeout(t.Context(), world.Patience)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.Secret("reader"))
	read := func(conn *grpc.ClientConn) error {
		_, err := acquispb.NewReferentielServiceClient(conn).GetReferentiel(ctx, &acquispb.GetReferentielRequest{Name: "referentiels/marketing"}, grpc.WaitForReady(true))
		return err
	}
	world.Must(t, read(w.Conn))
	connected := w.Conn.GetState()
	base, err := url.Parse(w.Base)
	world.Must(t, err)
	const overGRPC, overREST = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for address, words := range map[string]string{strings.TrimPrefix(w.Conn.Target(), "passthrough:///"): overGRPC, base.Host: overREST} {
		for range 3 { // each may stay for minutes
			idle, err := net.Dial("tcp", address)
			if err != nil { // refused before it was connected
				continue
			}
			defer idle.Close()
			_, _ = io.WriteString(idle, words) // the last one over gRPC may be closed at any moment
			_, _ = idle.Read(make([]byte, 1))
		}
	}
	for i := range 2 {
		conn, err := grpc.NewClient(w.Conn.Target(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		world.Must(t, err)
		defer conn.Close()
		if err := read(conn); err != nil { // it waits until there is room
			t.Errorf("newcomer %d: %v", i, err)
		}
	}
	for served := false; !served; {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Base+"/v1/referentiels/marketing", nil)
		world.Must(t, err)
		request.Header.Set("Authorization", "Bearer "+w.Secret("reader"))
		answer, err := client.Do(request)
		if served = err == nil; served {
			answer.Body.Close()
		}
	}
	if world.Must(t, read(w.Conn)); w.Conn.GetState() != connected {
		t.Errorf("the first connection is %v", w.Conn.GetState())
	}
}
