package transport

import (
	"context"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
)

// A connection is what calls over gRPC come by. It crosses the library as what a
// handshake found out.
type connection struct {
	credentials.CommonAuthInfo
	net.Conn
}

// AuthType implements credentials.AuthInfo.
func (connection) AuthType() string { return "none" }

// cut ends the connection because its peer takes no answers.
func (c connection) cut() {
	if ours, ok := c.Conn.(interface{ CutUnread() }); ok {
		ours.CutUnread()
	}
}

// prove keeps the connection of a call when there are too many, over either door: it is
// of somebody who has a key.
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

// connectionCredentials shake no hands: TLS has ended in the listener.
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
