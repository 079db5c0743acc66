// Package authn identifies callers, by an API key or by a token of an OIDC issuer.
//
// A key has the form acq_<id>_<secret>; the store has a digest of its secret. A
// token is accepted if its signature, issuer, audience and times are valid.
// Invalid credentials are counted by credential and by address, and refused
// unchecked if there are too many. A credential that was valid before is always
// checked, so that callers at work cannot be locked out.
//
// Client certificates only allow a connection, and do not identify the caller.
package authn
