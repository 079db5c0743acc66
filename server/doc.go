// Package server puts the rooms of the service together: who calls (authn), what
// the contract says (contract), what is done (services), and the two doors
// (transport). Its own are the order of start and stop, and the listener for
// operators.
//
// What each room holds stands in the comment of its package; docs/architecture.md
// follows a call through them.
package server
