// Package listen protects the HTTP/2 libraries from unknown peers: a
// net.Listener whose connections are limited in number, in time, and in the
// work that they can cause without making a call.
//
// # Layers
//
// A connection is three layers, from the socket up:
//
//	socket   writes in pieces, and notes since when one has been waiting
//	tls      optional; the handshake runs in the first Read or Write
//	conn     counts HTTP/2 frames in what is read
//
// TLS ends here, so that frames can be counted above it. gRPC therefore runs
// with insecure credentials over this listener, and net/http serves
// "unencrypted" HTTP/2 over it (http.Server.Protocols): neither library would
// accept a connection of ours above its own TLS. ALPN is answered here, from
// tls.Config.NextProtos. RemoteAddr is the address of the socket.
//
// # Limits
//
// Accept closes a new connection at once if there are too many, in total or
// from one network, or if one network opens them too fast. It never waits for a
// client: handshakes run in the goroutines of the libraries. If the number is
// reached, the oldest connection without an authenticated call (Prove) is
// closed for the new one.
//
// One goroutine (watch.go) regularly checks all connections and closes those
// that have not sent their first bytes in time, or whose peer does not read. An
// idle connection needs no timer and no goroutine of this package.
//
// # Frames
//
// HTTP/2 frames other than requests and their bodies cost the peer little and
// the server some work, so each kind has a budget on each connection
// (budgets.go). Honest peers send such frames in response to the server, so
// most budgets grow with the bytes that the server has written or the requests
// that it has read. A connection that has used up a budget is closed, and
// counts for its network as 100 new connections.
//
// # What can never happen
//
//   - Accept waits for a client, or a handshake in Accept's goroutine.
//   - A peer keeps a connection by sending nothing or by reading nothing, unless
//     the library above permits it.
//   - Memory grows with the number of addresses that have ever connected.
//   - A label of a metric comes from outside.
package listen
