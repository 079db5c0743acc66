// Package systemtest holds tests of the whole service: the real server over a
// real store, called over real gRPC and real HTTP.
//
// Calls are written as REST writes them, in Go or in the text files of testdata.
// One call runs over both transports: transcode.go finds the RPC that the
// contract binds to a path, and makes its request of path, query and body.
package systemtest
