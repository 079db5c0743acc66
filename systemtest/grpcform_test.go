package systemtest

import (
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
)

// TestGRPCForm: what the gRPC library would answer by itself has the form of
// every error, and who may not call learns no more than that.
func TestGRPCForm(t *testing.T) {
	w, _ := start(t, t.TempDir())
	w.newKey("reader", "READER")
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
		{"no message", "admin", list, rawMessage("\xff\xff"), codes.InvalidArgument, "MALFORMED_BODY"},
		{"text that is not UTF-8", "admin", list, rawMessage("\x12\x01\xff"), codes.InvalidArgument, "MALFORMED_BODY"},
		{"no message without a role", "reader", list, rawMessage("\xff\xff"), codes.PermissionDenied, "ROLE_MISSING"},
		{"no message without a key", "", list, rawMessage("\xff\xff"), codes.Unauthenticated, "CREDENTIALS_MISSING"},
		{"health of an unknown service", "", healthpb.Health_Check_FullMethodName, &healthpb.HealthCheckRequest{Service: "x"}, codes.NotFound, "NOT_FOUND"},
	} {
		ctx := t.Context()
		if c.key != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.secret(c.key))
		}
		var options []grpc.CallOption
		if _, raw := c.request.(rawMessage); raw {
			options = append(options, grpc.ForceCodec(rawCodec{}))
		}
		err := w.conn.Invoke(ctx, c.method, c.request, new(emptypb.Empty), options...)
		if status.Code(err) != c.code || reasonOf(err) != c.reason {
			t.Errorf("%s: %v with reason %q, want %v with %s", c.what, err, reasonOf(err), c.code, c.reason)
		}
	}
}

// reasonOf is the reason of a gRPC error, where its ErrorInfo comes first.
func reasonOf(err error) string {
	details := status.Convert(err).Details()
	if len(details) == 0 {
		return ""
	}
	info, _ := details[0].(*errdetails.ErrorInfo)
	return info.GetReason()
}

// rawMessage is what a caller sends who does not speak protobuf.
type rawMessage string

type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return []byte(v.(rawMessage)), nil }
func (rawCodec) Unmarshal([]byte, any) error   { return nil }
func (rawCodec) Name() string                  { return "proto" }
