// Package server builds the service from its parts: authentication (authn), the
// contract (contract), the handlers (services), and gRPC and REST (transport). It
// contains only the order of start and stop, and the listener for operators.
//
// The comment of each package describes it; docs/architecture.md follows a call
// through them.
package server
