package systemtest

import (
	"fmt"
	"strings"
	"testing"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestMetrics: calls are counted over both transports alike, streams message by
// message, and every RPC is there before it is called.
func TestMetrics(t *testing.T) {
	w, _ := start(t, t.TempDir())
	before := opsGet(t, w.ops+"/metrics")
	for _, r := range readRPCs() {
		service, method, _ := strings.Cut(strings.TrimPrefix(r.fullMethod, "/"), "/")
		if want := fmt.Sprintf(`grpc_server_handled_total{grpc_code="Unavailable",grpc_method="%s",grpc_service="%s"`, method, service); !strings.Contains(before, want) {
			t.Errorf("%s is not measured", r.fullMethod)
		}
	}
	w.newKey("reader", "READER")
	for _, call := range w.transports() {
		if a := call("admin", "GET", "/v1/keys", ""); a.code != "OK" {
			t.Fatal(a.raw)
		}
	}
	w.grpc("reader", "GET", "/v1/keys", "")
	stream, err := acquispb.NewAdminServiceClient(w.conn).Backup(w.bearing(t.Context(), "admin"), new(acquispb.BackupRequest))
	must(t, err)
	messages := 0
	for ; err == nil; messages++ {
		_, err = stream.Recv()
	}
	messages--
	after := opsGet(t, w.ops+"/metrics")
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
