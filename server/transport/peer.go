package transport

import (
	"context"
	"net"
	"net/netip"

	"google.golang.org/grpc/peer"

	"github.com/acquis-eval/acquis/server/call"
)

// connectionOf tells where a call over gRPC comes from, by its connection: never by
// what it says. Of a call over REST the gateway notes it.
func connectionOf(ctx context.Context) netip.Prefix {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return netip.Prefix{}
	}
	if tcp, ok := p.Addr.(*net.TCPAddr); ok {
		return call.NetworkOf(tcp.AddrPort().Addr())
	}
	return call.Network(p.Addr.String())
}
