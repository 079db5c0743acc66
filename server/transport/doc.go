// Package transport lets calls in, over gRPC and over REST, and knows no service.
//
// Both doors lead through one chain of interceptors (interceptors.go): a call gets
// an id and a deadline, its size is checked, its credential tells who calls, the
// contract tells which roles are admitted and what form a request must have. REST
// reaches the chain by a channel inside the process (gateway.go, channel.go), so
// that no rule can hold on one side only. Streams have a chain of their own
// (streams.go).
package transport
