package transport

import (
	"context"
	"net/netip"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	acquispb "github.com/acquis-eval/acquis/gen/acquis/v1"
	"github.com/acquis-eval/acquis/server/call"
)

// TestConnectionCrossesTheChannel: the network of a call over REST is also known
// behind the channel.
func TestConnectionCrossesTheChannel(t *testing.T) {
	var got netip.Prefix
	channel := newChannel(func(ctx context.Context, _ any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
		got = call.From(ctx).From
		return new(acquispb.ListKeysResponse), nil
	})
	acquispb.RegisterAdminServiceServer(channel, acquispb.UnimplementedAdminServiceServer{})
	info := &call.Info{From: netip.MustParsePrefix("192.0.2.7/32")}
	ctx := call.With(metadata.AppendToOutgoingContext(t.Context(), "x-forwarded-for", "192.0.2.8"), info)
	if _, err := acquispb.NewAdminServiceClient(channel).ListKeys(ctx, new(acquispb.ListKeysRequest)); err != nil || got != info.From {
		t.Errorf("it comes from %v, %v", got, err)
	}
}
