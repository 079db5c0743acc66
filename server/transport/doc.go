// Package transport receives calls over gRPC and REST, without knowing the services.
//
// Both transports take the same steps (visit.go): a call gets an id and a
// deadline, its credential identifies the caller, the contract says which roles
// may call, the gate whether there is room; then the request is read, measured
// and validated. REST reaches the services by a channel inside the process
// (gateway.go, channel.go), so that every rule applies to both. Streams are in
// streams.go.
package transport
