// Package listen stands between strangers and the HTTP/2 libraries: a net.Listener
// whose connections are bounded in number, in time and in what they may ask of the
// libraries without making a call.
//
// # Layers
//
// A connection is three layers, from the socket up:
//
//	socket   writes in pieces, and notes since when one has been waiting
//	tls      optional; the handshake runs in the first Read or Write
//	conn     counts HTTP/2 frames in what is read
//
// TLS ends here, so that frames can be counted above it. gRPC therefore runs with
// insecure credentials over this listener, and net/http serves "unencrypted" HTTP/2
// over it (http.Server.Protocols): neither library would let a connection of ours
// stand above its own TLS. ALPN is answered here, from tls.Config.NextProtos.
// RemoteAddr is the address of the socket.
//
// # Limits
//
// Accept closes at once what is over the number of connections, in all and for one
// network, or over the rate at which one network may open them. It never waits for
// a client: handshakes run in the goroutines of whoever serves the connections. If
// the number is reached, the oldest connection by which nobody with a key has called
// (Prove) makes room for the new one.
//
// One goroutine (watch.go) looks at all connections by turns and closes those that
// have not opened in time, or whose peer takes nothing of what is written to it.
// An idle connection costs no timer and no goroutine of this package.
//
// # Frames
//
// HTTP/2 frames other than requests and their bodies cost the peer little and
// the server some work, so that each kind has a budget on each connection
// (budgets.go). Honest peers send such frames in answer to what the server does:
// most budgets grow with the bytes that the server has written or the requests that
// it has read. A connection that has used up a budget is closed, and costs its network
// as many openings as 100 connections.
//
// # What can never happen
//
//   - Accept waits for a client, or a handshake in Accept's goroutine.
//   - A peer keeps a connection by sending nothing or by reading nothing, unless
//     the library above permits it.
//   - Memory grows with the number of addresses that have ever connected.
//   - A label of a metric comes from outside.
package listen
