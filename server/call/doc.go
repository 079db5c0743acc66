// Package call has the state of one call that transport, authentication and services share.
//
// [Info] is created when a call arrives, and is in its context ([From]). Each
// part records there what the log or the others need: the network of the caller,
// the key, how the answer is encoded. [CallerOf] returns the caller, with the
// roles that apply to this call.
//
// Headers and metadata of the caller are never copied here. So over REST,
// identity and address get to the services only by context.
package call
