// Package apierr makes all errors that callers see.
//
// An error is a google.rpc.Status: a code, a text for people, an ErrorInfo with
// a stable reason (acquis.v1.ErrorReason), and details: the fields that are
// wrong, the rules that refuse, when to try again. Its text has only what the
// caller sent or may know.
//
// Errors of other parts of the service go through [Outward]. One that was not
// made here becomes "internal error", and its text is only logged. So internal
// text never leaves the process by accident.
package apierr
