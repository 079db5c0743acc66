package transport

import (
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/systemtest/world"
)

// TestGRPCForm: errors that the gRPC library would create itself have the form of
// every error, and a caller who may not call learns nothing more.
func TestGRPCForm(t *testing.T) {
	w, _ := world.Start(t, t.TempDir())
	w.NewKey("reader", "READER")
	list := acquispb.AdminService_ListKeys_FullMethodName
	for _, c := range []struct {
		what, key, method string
		request           any
		code              codes.Code
		reason            string
	}{
		{"unknown method", "reader", list + "s", new(emptypb.Empty), codes.Unimplemented, "METHOD_NOT_ALLOWED"},
		{"unknown service", "reader", "/acquis.v9.Nothing/Do", new(emptypb.Empty), codes.Unimplemented, "METHOD_NOT_ALLOWED"},
		{"unknown method of a public service", "", "/grpc.health.v1.Health/Do", new(emptypb.Empty), codes.Unimplemented, "METHOD_NOT_ALLOWED"},
		{"unknown method without a key", "", list + "s", new(emptypb.Empty), codes.Unauthenticated, "CREDENTIALS_MISSING"},
		{"unknown service with a wrong key", "nonsense", "/acquis.v9.Nothing/Do", new(emptypb.Empty), codes.Unauthenticated, "CREDENTIALS_INVALID"},
		{"no message", "admin", list, world.RawMessage("\xff\xff"), codes.InvalidArgument, "MALFORMED_BODY"},
		{"text that is not UTF-8", "admin", list, world.RawMessage("\x12\x01\xff"), codes.InvalidArgument, "MALFORMED_BODY"},
		{"no message without a role", "reader", list, world.RawMessage("\xff\xff"), codes.PermissionDenied, "ROLE_MISSING"},
		{"no message without a key", "", list, world.RawMessage("\xff\xff"), codes.Unauthenticated, "CREDENTIALS_MISSING"},
		{"health of an unknown service", "", healthpb.Health_Check_FullMethodName, &healthpb.HealthCheckRequest{Service: "x"}, codes.NotFound, "NOT_FOUND"},
	} {
		ctx := t.Context()
		if c.key != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.Secret(c.key))
		}
		var options []grpc.CallOption
		if _, raw := c.request.(world.RawMessage); raw {
			options = append(options, grpc.ForceCodec(world.RawCodec{}))
		}
		err := w.Conn.Invoke(ctx, c.method, c.request, new(emptypb.Empty), options...)
		if status.Code(err) != c.code || world.ReasonOf(err) != c.reason {
			t.Errorf("%s: %v with reason %q, want %v with %s", c.what, err, world.ReasonOf(err), c.code, c.reason)
		}
	}
}
