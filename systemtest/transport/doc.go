// Package transport tests what callers meet before a service answers: TLS and its
// certificates, forms of requests and answers over gRPC and REST, prepared and packed
// answers, strangers, metrics.
package transport
