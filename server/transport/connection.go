package transport

import (
	"context"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
)

// A connection is that of calls over gRPC. It gets through the library as the
// result of a handshake.
type connection struct {
	credentials.CommonAuthInfo
	net.Conn
}

// AuthType implements credentials.AuthInfo.
func (connection) AuthType() string { return "none" }

// cut ends the connection because its peer reads no answers.
func (c connection) cut() {
	if ours, ok := c.Conn.(interface{ CutUnread() }); ok {
		ours.CutUnread()
	}
}

// prove marks the connection of an authenticated call, over REST or gRPC, so
// that it is not closed to make room.
func prove(ctx context.Context) {
	conn := connectionOf(ctx).Conn
	if o, ok := ctx.Value(fromKey{}).(origin); ok {
		conn = o.conn
	}
	if ours, ok := conn.(interface{ Prove() }); ok {
		ours.Prove()
	}
}

// connectionOf returns the connection of a call over gRPC, if there is one.
func connectionOf(ctx context.Context) connection {
	if p, ok := peer.FromContext(ctx); ok {
		c, _ := p.AuthInfo.(connection)
		return c
	}
	return connection{}
}

// connectionCredentials do no handshake: TLS ends in the listener.
type connectionCredentials struct {
	credentials.TransportCredentials
}

func newConnectionCredentials() credentials.TransportCredentials {
	return connectionCredentials{insecure.NewCredentials()}
}

// ServerHandshake implements credentials.TransportCredentials.
func (connectionCredentials) ServerHandshake(c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return c, connection{Conn: c}, nil
}

// Clone implements credentials.TransportCredentials.
func (c connectionCredentials) Clone() credentials.TransportCredentials { return c }
