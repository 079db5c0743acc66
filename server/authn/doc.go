// Package authn finds out who calls: by an API key, or by a token of an OIDC issuer.
//
// A key has the form acq_<id>_<secret>; the store holds a digest of its secret. A
// token counts once its signature, issuer, audience and times are good. Bad
// credentials are counted by credential and by address, and too many are refused
// without a look at them; a credential that was good before is always looked at, so
// that nobody can lock out who is at work.
//
// Client certificates let a connection in and say nothing about who calls.
package authn
