// Package transport tests what happens before a service answers: TLS and its
// certificates, forms of requests and answers over gRPC and REST, prepared and
// compressed answers, unknown callers, metrics.
package transport
