// Package apierr makes every error that a caller sees.
//
// An error is a google.rpc.Status: a code, a text for people, an ErrorInfo with a
// stable reason (acquis.v1.ErrorReason), and details: the fields that are wrong, the
// rules that refuse, when to try again. Its text holds nothing but what the caller
// sent or may know.
//
// What another part of the service returns as an error goes through [Outward] on
// its way out. One that was not made here becomes "internal error", and its text
// stays in the log. So internal text never leaves the process by accident.
package apierr
