package systemtest

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server"
	"github.com/acquis-eval/acquis/server/transport"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestOpenToAll: health, reflection and the OpenAPI document need no key, and
// everything else does.
func TestOpenToAll(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	health, err := healthpb.NewHealthClient(w.Conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil || health.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("health: %v %v", health, err)
	}
	stream, err := grpc_reflection_v1.NewServerReflectionClient(w.Conn).ServerReflectionInfo(t.Context())
	world.Must(t, err)
	world.Must(t, stream.Send(&grpc_reflection_v1.ServerReflectionRequest{
		MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{},
	}))
	answer, err := stream.Recv()
	world.Must(t, err)
	if got := len(answer.GetListServicesResponse().GetService()); got < 7 {
		t.Errorf("reflection lists %d services", got)
	}
	document := w.REST("", "GET", "/openapi.json", "")
	if document.HTTP != 200 || world.Get(document.Body, "paths", "/v1/candidates") == nil {
		t.Errorf("OpenAPI document: %d", document.HTTP)
	}
}

// TestHeadersRaiseNobody: other headers or metadata of a caller, over either
// transport, change nothing.
func TestHeadersRaiseNobody(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKey("reader", "READER")
	bearer := "Bearer " + w.Keys["admin"]
	forged := [][]string{
		{"Grpc-Metadata-Authorization", bearer}, {"Grpcgateway-Authorization", bearer}, {"Proxy-Authorization", bearer},
		{"X-Authorization", bearer}, {"X-Forwarded-Authorization", bearer}, {"Cookie", "authorization=" + bearer},
		{"X-HTTP-Method-Override", "GET", "Grpc-Metadata-Roles", "ADMIN"},
		{"X-Acquis-Roles", "ADMIN", "X-Acquis-Subject", "admin", "X-Acquis-Caller", "admin", "X-Acquis-Key", w.Keys["admin"]},
		{"Grpc-Metadata-X-Acquis-Roles", "ADMIN", "Grpc-Metadata-Caller", "admin"},
		{"X-Forwarded-For", "127.0.0.1", "X-Forwarded-User", "admin", "X-Forwarded-Client-Cert", "Subject=admin", "X-Remote-User", "admin"},
		{"Forwarded", "for=127.0.0.1;by=admin", "X-Real-Ip", "127.0.0.1", "Via", "1.1 admin"},
		{"Roles", "ADMIN", "Role", "1", "Subject", "admin", "Delegate", "true"},
		{"Grpcgateway-Roles-Bin", "QURNSU4=", "Grpc-Metadata-Roles-Bin", "QURNSU4="},
	}
	for _, headers := range forged {
		if a := w.REST("reader", "POST", "/v1/keys", `{"subject":"x","roles":["ADMIN"]}`, headers...); a.HTTP != 403 {
			t.Errorf("REST with %v: %d %s", headers, a.HTTP, a.Raw)
		}
		if a := w.REST("", "GET", "/v1/keys", "", headers...); a.HTTP != 401 {
			t.Errorf("REST with %v alone: %d %s", headers, a.HTTP, a.Raw)
		}
		if a := w.GRPC("reader", "POST", "/v1/keys", `{"subject":"x","roles":["ADMIN"]}`, headers...); a.Code != "PERMISSION_DENIED" {
			t.Errorf("gRPC with %v: %s", headers, a.Raw)
		}
		if a := w.GRPC("", "GET", "/v1/keys", "", headers...); a.Code != "UNAUTHENTICATED" {
			t.Errorf("gRPC with %v alone: %s", headers, a.Raw)
		}
	}
	checkTwoCredentials(w)
	checkAuthority(w)
	if a := w.REST("", "GET", "/v1/keys?access_token="+w.Keys["admin"]+"&authorization="+w.Keys["admin"], ""); a.HTTP != 401 {
		t.Errorf("a key in the query: %d", a.HTTP)
	}
	checkRequestIDs(w)
}

// checkTwoCredentials: of two credentials neither counts, in any order and in any
// form.
func checkTwoCredentials(w *world.World) {
	w.T.Helper()
	for _, first := range []string{"admin", "reader"} {
		for _, second := range []string{"Bearer " + w.Keys["admin"], "", "Basic YWRtaW46", "Bearer \u00e9"} {
			if a := w.REST(first, "GET", "/v1/keys", "", "Authorization", second); a.HTTP != 401 {
				w.T.Errorf("REST: %s and %q: %d", first, second, a.HTTP)
			}
		}
		if a := w.GRPC(first, "GET", "/v1/keys", "", "authorization", "Bearer "+w.Keys["admin"]); a.Code != "UNAUTHENTICATED" {
			w.T.Errorf("gRPC: %s and another: %s", first, a.Raw)
		}
	}
	for _, joined := range []string{
		"Bearer " + w.Keys["reader"] + ", Bearer " + w.Keys["admin"], "Bearer Bearer " + w.Keys["admin"], "Basic " + w.Keys["admin"],
		w.Keys["admin"], "Bearer" + w.Keys["admin"], "Bearer " + w.Keys["admin"] + "=", "Bearer " + strings.ToUpper(w.Keys["admin"]),
	} {
		if a := w.REST("", "GET", "/v1/keys", "", "Authorization", joined); a.HTTP != 401 {
			w.T.Errorf("REST: %q: %d", joined, a.HTTP)
		}
		if a := w.GRPC("", "GET", "/v1/keys", "", "authorization", joined); a.Code != "UNAUTHENTICATED" {
			w.T.Errorf("gRPC: %q: %s", joined, a.Raw)
		}
	}
}

// checkAuthority: the caller is the same under any name of the service.
func checkAuthority(w *world.World) {
	w.T.Helper()
	conn, err := grpc.NewClient(w.Conn.Target(), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("admin@acquis"))
	world.Must(w.T, err)
	defer conn.Close()
	for key, want := range map[string]codes.Code{"": codes.Unauthenticated, "reader": codes.PermissionDenied, "admin": codes.OK} {
		ctx := w.T.Context()
		if key != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.Keys[key])
		}
		if _, err := acquispb.NewAdminServiceClient(conn).ListKeys(ctx, &acquispb.ListKeysRequest{}); status.Code(err) != want {
			w.T.Errorf("%q under another authority: %v", key, err)
		}
	}
	req, err := http.NewRequestWithContext(w.T.Context(), http.MethodGet, w.Base+"/v1/keys", nil)
	world.Must(w.T, err)
	req.Host = "admin@acquis"
	req.Header.Set("Authorization", "Bearer "+w.Keys["reader"])
	res, err := w.Client.Do(req)
	world.Must(w.T, err)
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden && res.StatusCode != http.StatusBadRequest {
		w.T.Errorf("a reader under another host: %d", res.StatusCode)
	}
}

func checkRequestIDs(w *world.World) {
	w.T.Helper()
	if a := w.REST("admin", "GET", "/v1/keys", "", "X-Request-Id", "my-id.1"); a.HTTP != 200 {
		w.T.Errorf("with a request id: %d", a.HTTP)
	}
	w.REST("reader", "GET", "/v1/keys", "", "X-Request-Id", "refused-1")
	keyID := strings.Split(w.Keys["reader"], "_")[1]
	if !strings.Contains(w.Logs.String(), `"key":"`+keyID+`","request_id":"refused-1"`) {
		w.T.Error("a call refused for its role is not logged with its key")
	}
	if !strings.Contains(w.Logs.String(), `"request_id":"my-id.1"`) {
		w.T.Error("the caller's request id is not logged")
	}
}

// TestUnknownFieldOverGRPC: a field number that the contract does not have is
// refused, not ignored.
func TestUnknownFieldOverGRPC(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKey("registrar", "REGISTRAR")
	request := &acquispb.GetCandidateRequest{Name: "candidates/c"}
	request.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+w.Keys["registrar"])
	if _, err := acquispb.NewCandidateServiceClient(w.Conn).GetCandidate(ctx, request); status.Code(err) != codes.InvalidArgument {
		t.Errorf("answered %v", err)
	}
}

// TestDeadline: an expired deadline is reported as such over gRPC, with our
// reason.
func TestDeadline(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	_, err := acquispb.NewAdminServiceClient(w.Conn).ListKeys(ctx, &acquispb.ListKeysRequest{})
	if status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("answered %v", err)
	}
	if a := w.REST("admin", "GET", "/v1/keys", "", "Grpc-Timeout", "1n"); a.HTTP != 504 || world.Get(a.Body, "details", 0, "reason") != "DEADLINE_EXCEEDED" {
		t.Errorf("REST answered %d %s", a.HTTP, a.Raw)
	}
}

// TestLists pages through a list in order of creation, binds tokens to their
// request and filters.
func TestLists(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.Populate()
	for i := range 7 {
		w.Do("registrar", "POST", fmt.Sprintf("/v1/candidates?candidateId=p-%d", i), `{"birthName":"N","givenNames":["G"],"sex":"MALE","birthDate":{"year":1990}}`)
	}
	var names []string
	for token, pages := "", 0; pages == 0 || token != ""; pages++ {
		page := w.Do("reader", "GET", "/v1/candidates?pageSize=3"+world.Onwards(token), "")
		for _, c := range world.List(page, "candidates") {
			names = append(names, c["name"].(string))
		}
		token = page["nextPageToken"].(string)
	}
	if len(names) != 13 || names[6] != "candidates/p-0" || names[12] != "candidates/p-6" {
		t.Errorf("paged through %v", names)
	}
	token := w.Do("reader", "GET", "/v1/sessions/-/candidacies?pageSize=2", "")["nextPageToken"].(string)
	if a := w.REST("reader", "GET", "/v1/candidates?pageToken="+token, ""); a.HTTP != 400 {
		t.Error("the token of one list is good for another")
	}
	for filter, want := range map[string]int{
		`state = ENROLLED`: 4, `state = DECIDED`: 1, `candidate = "candidates/c-full"`: 1, `candidate = "candidates/none"`: 0,
		`candidate = "candidates/c-full" AND NOT state = ENROLLED`: 0, `state = DECIDED OR state = ENROLLED`: 5,
	} {
		if got := len(world.List(filtered(w, "/v1/sessions/-/candidacies", filter), "candidacies")); got != want {
			t.Errorf("%s: %d candidacies, want %d", filter, got, want)
		}
	}
	for filter, want := range map[string]int{
		`kind = PRIOR_BLOC`: 1, `session = "sessions/s-001"`: 1, `effective = true`: 2, `effective = false`: 0, `outcome = CAPITALISED`: 2,
		`referentiel = "marketing" AND decide_time > timestamp("2026-06-15T00:00:00Z")`: 2, `decide_time < timestamp("2026-06-15T00:00:00Z")`: 0,
	} {
		if got := len(world.List(filtered(w, "/v1/candidates/-/decisions", filter), "decisions")); got != want {
			t.Errorf("%s: %d decisions, want %d", filter, got, want)
		}
	}
	for filter, want := range map[string]int{`centre = "LYON"`: 0, `state = OPEN AND referentiel = "referentiels/marketing"`: 1} {
		if got := len(world.List(filtered(w, "/v1/sessions", filter), "sessions")); got != want {
			t.Errorf("%s: %d sessions, want %d", filter, got, want)
		}
	}
}

func filtered(w *world.World, path, filter string) map[string]any {
	w.T.Helper()
	escaped := strings.NewReplacer(" ", "%20", `"`, "%22", ">", "%3E", "<", "%3C", "=", "%3D").Replace(filter)
	return w.Do("registrar", "GET", path+"?filter="+escaped, "")
}

// TestPublishRoundTrip: publishing the result of GetReferentiel again gives the
// same revision; and a new référentiel is served, searched and pinned.
func TestPublishRoundTrip(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKey("registrar", "REGISTRAR")
	got := w.REST("admin", "GET", "/v1/referentiels/marketing", "")
	again := w.Do("admin", "POST", "/v1/referentiels:publish", `{"referentielId":"marketing","referentiel":`+got.Raw+`}`)
	if again["revision"] != got.Body["revision"] {
		t.Errorf("published again it is %v, was %v", again["revision"], got.Body["revision"])
	}
	other := `{"referentielId":"sales","referentiel":` + got.Raw + `}`
	if a := w.REST("admin", "POST", "/v1/referentiels:publish", other); a.HTTP != 400 || !strings.Contains(a.Raw, "referentiel.name") {
		t.Errorf("what was read of one is published as another: %s", a.Raw)
	}
	sales := w.Do("admin", "POST", "/v1/referentiels:publish", strings.Replace(world.Compact(other), `"name":"referentiels/marketing",`, "", 1))
	if sales["name"] != "referentiels/sales" || sales["revision"] == got.Body["revision"] {
		t.Errorf("published as %v %v", sales["name"], sales["revision"])
	}
	found := w.Do("admin", "GET", "/v1/referentiels:search?query=REGLEMENTAIRES%20etat", "")
	if len(world.List(found, "results")) != 0 { // methods are not searched
		t.Errorf("found %v", found)
	}
	found = w.Do("admin", "GET", "/v1/referentiels:search?query=Matrices%20strateg&pageSize=1", "")
	if world.Get(found, "results", 0, "competence") != "C1.3" || found["nextPageToken"] == "" {
		t.Errorf("found %v", found)
	}
	bloc := w.Do("registrar", "GET", "/v1/referentiels/sales/blocs/B2", "")
	if bloc["code"] != "B2" || len(world.List(bloc, "competences")) != 4 {
		t.Errorf("bloc is %v", bloc["code"])
	}
}

// TestStopBeforeStart: a server that is stopped before it has begun to listen
// stops cleanly.
func TestStopBeforeStart(t *testing.T) {
	for range 20 {
		st := world.OpenStore(t, t.TempDir())
		srv, err := server.New(server.Options{Store: st, Log: slog.DiscardHandler, Limits: transport.DefaultLimits()})
		world.Must(t, err)
		ls, err := world.ListenAll()
		world.Must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := srv.Serve(ctx, ls, time.Second); err != nil {
			t.Errorf("stopping at once: %v", err)
		}
		world.Must(t, st.Close())
	}
}

// TestOps: the operations listener answers, and while stopping the server reports
// that it is not ready, and stops in time.
func TestOps(t *testing.T) {
	w, stop := world.Start(t, t.TempDir())
	w.Do("admin", "GET", "/v1/keys", "")
	for path, want := range map[string]string{
		"/livez": "ok", "/readyz": "ok", "/metrics": `grpc_server_handled_total{grpc_code="OK",grpc_method="ListKeys"`,
	} {
		if got := world.OpsGet(t, w.Ops+path); !strings.Contains(got, want) {
			t.Errorf("%s answered %.200s", path, got)
		}
	}
	if !strings.Contains(world.OpsGet(t, w.Ops+"/metrics"), "acquis_store_writable 1") {
		t.Error("the metrics do not say whether the store is writable")
	}
	stop()
	if _, err := w.Conn.NewStream(t.Context(), &grpc.StreamDesc{}, "/x/y"); err == nil {
		t.Error("the server still answers")
	}
}
