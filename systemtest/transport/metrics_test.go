package transport

import (
	"fmt"
	"strings"
	"testing"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestMetrics: calls are counted in the same way over both transports, streams
// message by message, and every RPC has its metrics before it is called.
func TestMetrics(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	before := world.OpsGet(t, w.Ops+"/metrics")
	for _, r := range world.ReadRPCs() {
		service, method, _ := strings.Cut(strings.TrimPrefix(r.FullMethod, "/"), "/")
		if want := fmt.Sprintf(`grpc_server_handled_total{grpc_code="Unavailable",grpc_method="%s",grpc_service="%s"`, method, service); !strings.Contains(before, want) {
			t.Errorf("%s is not measured", r.FullMethod)
		}
	}
	w.NewKey("reader", "READER")
	for _, call := range w.Transports() {
		if a := call("admin", "GET", "/v1/keys", ""); a.Code != "OK" {
			t.Fatal(a.Raw)
		}
	}
	w.GRPC("reader", "GET", "/v1/keys", "")
	stream, err := acquispb.NewAdminServiceClient(w.Conn).Backup(w.Bearing(t.Context(), "admin"), new(acquispb.BackupRequest))
	world.Must(t, err)
	messages := 0
	for ; err == nil; messages++ {
		_, err = stream.Recv()
	}
	messages--
	after := world.OpsGet(t, w.Ops+"/metrics")
	for _, want := range []string{
		`started_total{grpc_method="ListKeys",grpc_service="acquis.v1.AdminService",grpc_type="unary"} 3`,
		`handled_total{grpc_code="OK",grpc_method="ListKeys",grpc_service="acquis.v1.AdminService",grpc_type="unary"} 2`,
		`handled_total{grpc_code="PermissionDenied",grpc_method="ListKeys",grpc_service="acquis.v1.AdminService",grpc_type="unary"} 1`,
		`msg_received_total{grpc_method="ListKeys",grpc_service="acquis.v1.AdminService",grpc_type="unary"} 2`, // a refused call is not read,
		`msg_sent_total{grpc_method="ListKeys",grpc_service="acquis.v1.AdminService",grpc_type="unary"} 2`,
		`handling_seconds_count{grpc_method="ListKeys",grpc_service="acquis.v1.AdminService",grpc_type="unary"} 3`,
		`handled_total{grpc_code="OK",grpc_method="Backup",grpc_service="acquis.v1.AdminService",grpc_type="server_stream"} 1`,
		`msg_received_total{grpc_method="Backup",grpc_service="acquis.v1.AdminService",grpc_type="server_stream"} 1`,
		fmt.Sprintf(`msg_sent_total{grpc_method="Backup",grpc_service="acquis.v1.AdminService",grpc_type="server_stream"} %d`, messages),
	} {
		if !strings.Contains(after, "grpc_server_"+want+"\n") {
			t.Errorf("the metrics do not say %s", want)
		}
	}
}
